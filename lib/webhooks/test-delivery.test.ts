import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { createTestDatabase } from "@/db/testing";
import { AppError } from "@/lib/errors";
import { catalogue } from "@/lib/event-types/catalogue";
import { registerEventType } from "@/lib/event-types/registered-types";
import { newId } from "@/lib/id";
import { addWebhook, contextOn, readDelivery, recordingAfterCommit, useEnv } from "@/lib/testing";
import { getDelivery } from "./deliveries";
import { sendTest } from "./test-delivery";

useEnv();
const database = await createTestDatabase();
const { sql } = database;
let ctx = contextOn(database, recordingAfterCommit());

beforeEach(async () => {
  useEnv();
  await sql`truncate webhook_subscriptions, events cascade`;
  ctx = contextOn(database, recordingAfterCommit());
});
afterAll(() => database.close());

async function refusalOf(work: Promise<unknown>): Promise<AppError> {
  const outcome = await work.catch((error: unknown) => error);
  if (outcome instanceof AppError) return outcome;
  throw new Error("it was not refused", { cause: outcome });
}

describe("sendTest", () => {
  it("makes one delivery, born claimed, and hands it over beside the lane", async () => {
    const id = await addWebhook(sql, { event_types: ["issue.created"] });
    const delivery = await sendTest(ctx, { id, input: undefined });
    expect(delivery).toMatchObject({
      webhook_id: id,
      event_type: "webhook.test",
      status: "pending",
      attempts: 1,
      trigger: "test",
      is_in_flight: true,
      is_held: false,
    });
    expect(delivery).not.toHaveProperty("payload");
    expect(ctx.afterCommit.tests).toEqual([delivery.id]);
    expect(ctx.afterCommit.rings).toEqual([]);
    const { claimed_until } = await readDelivery(sql, delivery.id);
    const windowMs = (claimed_until?.getTime() ?? 0) - Date.now();
    expect(windowMs).toBeGreaterThan(35_000);
    expect(windowMs).toBeLessThanOrEqual(40_100);
  });

  it("tells that it is a test, of which webhook, and by whom", async () => {
    const id = await addWebhook(sql, { url: "https://example.com/hook" });
    const { id: deliveryId } = await sendTest(ctx, { id, input: {} });
    const { payload } = await getDelivery(ctx, deliveryId);
    expect(payload).toMatchObject({
      event_type: "webhook.test",
      entity_type: "webhook",
      entity_id: id,
      action: "test",
      actor: { type: "user", name: "unknown", metadata: { test: true } },
      data: { current: { id, url: "https://example.com/hook", event_types: ["*"] } },
    });
    expect(JSON.stringify(payload)).not.toContain("secret");
  });

  it("dates the event as its body", async () => {
    const id = await addWebhook(sql);
    const delivery = await sendTest(ctx, { id, input: {} });
    const [event] = await sql<{ created_at: Date; body: string }[]>`
      select created_at, body from events where id = ${delivery.event_id}`;
    expect(JSON.parse(event?.body ?? "").timestamp).toBe(event?.created_at.toISOString());
  });

  it("reaches no other webhook", async () => {
    const id = await addWebhook(sql);
    await addWebhook(sql);
    await sendTest(ctx, { id, input: {} });
    const rows = await sql`select subscription_id from webhook_deliveries`;
    expect(rows).toEqual([{ subscription_id: id }]);
  });

  it.each(catalogue.map(({ type }) => type))("sends a sample of %s when asked", async (type) => {
    const id = await addWebhook(sql);
    const delivery = await sendTest(ctx, { id, input: { event_type: type } });
    expect(delivery.event_type).toBe(type);
    const { payload } = await getDelivery(ctx, delivery.id);
    expect(payload).toMatchObject({ event_type: type, actor: { metadata: { test: true } } });
  });

  it.each(["paused", "disabled"] as const)("works while the webhook is %s", async (state) => {
    const id = await addWebhook(sql, { state });
    const delivery = await sendTest(ctx, { id, input: {} });
    expect(ctx.afterCommit.tests).toEqual([delivery.id]);
  });

  it("sends the sample of a registered type", async () => {
    const sample = { loan: 7 };
    const type = { name: "library.loan_closed", schema: { type: "object" }, sample };
    await registerEventType(ctx, type);
    const id = await addWebhook(sql);
    const delivery = await sendTest(ctx, { id, input: { event_type: type.name } });
    const { payload } = await getDelivery(ctx, delivery.id);
    expect(payload).toMatchObject({ event_type: type.name, data: { current: sample } });
  });

  it("refuses a type that is not there", async () => {
    const id = await addWebhook(sql);
    const refusal = await refusalOf(sendTest(ctx, { id, input: { event_type: "issue.*" } }));
    expect(refusal.fields.map(({ pointer }) => pointer)).toEqual(["/event_type"]);
  });

  it("refuses with 409 when WEBHOOK_ENABLED is false, and records nothing", async () => {
    useEnv({ WEBHOOK_ENABLED: "false" });
    const id = await addWebhook(sql);
    expect((await refusalOf(sendTest(ctx, { id, input: {} }))).code).toBe("conflict");
    expect(await sql`select id from webhook_deliveries`).toHaveLength(0);
  });

  it.each([newId(), "nonsense"])("finds no webhook with the id %s", async (id) => {
    expect((await refusalOf(sendTest(ctx, { id, input: {} }))).code).toBe("not_found");
  });
});
