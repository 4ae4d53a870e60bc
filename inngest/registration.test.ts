import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createTestDatabase } from "@/db/testing";
import { signingKey } from "@/e2e/support/inngest-call";
import { startInngestStandIn, type InngestStandIn } from "@/e2e/support/inngest-stand-in";
import { addDeliveries, addWebhook, useDatabase, useEnv } from "@/lib/testing";
import { setBells } from "@/lib/delivery/lane";
import { Registration } from "./registration";
import { markSweep } from "./sweep";

const database = await createTestDatabase();
const { sql } = database;
useDatabase(database);
const server: InngestStandIn = await startInngestStandIn();
useEnv({
  INNGEST_BASE_URL: server.url,
  INNGEST_EVENT_KEY: "event-key",
  INNGEST_SIGNING_KEY: signingKey,
});

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  server.registrations.length = 0;
  server.events.length = 0;
  await sql`truncate webhook_subscriptions, events, installation cascade`;
});
afterEach(() => vi.useRealTimers());
afterAll(async () => {
  await server.close();
  await database.close();
});

const count = () => server.registrations.length;

describe("keep", () => {
  it("registers once while the server calls the cron", async () => {
    const registration = new Registration();
    for (let minute = 1; minute <= 5; minute += 1) {
      await registration.keep();
      await markSweep("cron_sweep_at", 0);
      vi.advanceTimersByTime(60_000);
    }
    await registration.keep();
    expect(count()).toBe(1);
  });

  it("registers again when the server stays away for 90 s, and no sooner", async () => {
    const registration = new Registration();
    await registration.keep();
    vi.advanceTimersByTime(89_000);
    await registration.keep();
    expect(count()).toBe(1);
    vi.advanceTimersByTime(1_000);
    await registration.keep();
    expect(count()).toBe(2);
    await registration.keep();
    expect(count()).toBe(2);
  });

  it("then rings anew for the bells that such a server has forgotten", async () => {
    const webhookId = await addWebhook(sql);
    await addDeliveries(sql, webhookId, { dueMsAgo: 2_000 });
    await setBells(sql, [webhookId]);
    await new Registration().keep();
    expect(server.events).toMatchObject([{ id: `lane:${webhookId}:2`, data: { webhookId } }]);
  });

  it("tries again until the server takes them", async () => {
    const registration = new Registration();
    server.answer = { status: 401, body: "Authentication failed" };
    await registration.keep();
    server.answer = { status: 500, body: '{"error":"no room","status":500}' };
    await registration.keep();
    server.answer = { status: 200, body: '{"ok":true,"modified":true}' };
    await registration.keep();
    await registration.keep();
    expect(count()).toBe(3);
  });

  it("registers once however often it is asked at a time", async () => {
    const registration = new Registration();
    await Promise.all([registration.keep(), registration.keep(), registration.keep()]);
    expect(count()).toBe(1);
  });

  it("has nobody to tell with the embedded engine", async () => {
    useEnv();
    await new Registration().keep();
    expect(count()).toBe(0);
  });
});
