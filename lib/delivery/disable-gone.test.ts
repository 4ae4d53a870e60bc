import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { createTestDatabase } from "@/db/testing";
import {
  addDeliveries,
  addWebhook,
  contextOn,
  endDeliveries,
  readDelivery,
  recordingAfterCommit,
  useEnv,
} from "@/lib/testing";
import { disableGone } from "./disable-gone";

useEnv();
const database = await createTestDatabase();
const { sql } = database;
const url = "http://127.0.0.1:9/webhook";
let ctx = contextOn(database, recordingAfterCommit());
let webhookId = "";

beforeEach(async () => {
  await sql`truncate webhook_subscriptions, events cascade`;
  webhookId = await addWebhook(sql);
  ctx = contextOn(database, recordingAfterCommit());
});
afterAll(() => database.close());

async function answerGone(delivery_id: string, answeredUrl = url): Promise<void> {
  await disableGone(ctx, { delivery_id, url: answeredUrl });
}

const readWebhook = async () => {
  const [row] = await sql`
    select state, disabled_reason, disabled_at, terms from webhook_subscriptions
    where id = ${webhookId}`;
  return row;
};
const untouched = { state: "active", disabled_reason: null, disabled_at: null, terms: 1 };

describe("disableGone", () => {
  it("disables the webhook, raises its terms, and cancels what waits", async () => {
    const [answered = "", waiting = ""] = await addDeliveries(sql, webhookId, { count: 2 });
    await endDeliveries(sql, [answered], "failed");
    await answerGone(answered);
    const disabled = { state: "disabled", disabled_reason: "gone", terms: 2 };
    expect(await readWebhook()).toEqual({ ...disabled, disabled_at: expect.any(Date) });
    expect((await readDelivery(sql, waiting)).status).toBe("cancelled");
    expect((await readDelivery(sql, answered)).status).toBe("failed");
  });

  it("tells every other webhook that asked, and rings their lanes", async () => {
    const other = await addWebhook(sql, { event_types: ["webhook.disabled"] });
    await addWebhook(sql, { event_types: ["issue.*"] });
    const [answered = ""] = await addDeliveries(sql, webhookId);
    await answerGone(answered);
    const told = await sql`
      select subscription_id, body::jsonb as body, entity_version from webhook_deliveries delivery
      join events event on event.id = event_id where event.entity_id = ${webhookId}`;
    expect(told).toMatchObject([{ subscription_id: other, entity_version: 2 }]);
    expect(told[0]?.body).toMatchObject({
      event_type: "webhook.disabled",
      actor: { type: "system", name: "turbo-system" },
      data: { current: { id: webhookId, active: false, disabled_reason: "gone" } },
    });
    expect(ctx.afterCommit.rings).toEqual([[other]]);
  });

  it("leaves a webhook alone that points elsewhere by now", async () => {
    const [answered = ""] = await addDeliveries(sql, webhookId);
    await answerGone(answered, "http://127.0.0.1:9/old");
    expect(await readWebhook()).toEqual(untouched);
  });

  it("leaves a deleted webhook deleted", async () => {
    const [answered = ""] = await addDeliveries(sql, webhookId);
    await sql`update webhook_subscriptions set state = 'deleted'`;
    await answerGone(answered);
    expect(await readWebhook()).toMatchObject({ state: "deleted", terms: 1 });
  });

  it("tells once of several that say so at once, and of a webhook that changes meanwhile", async () => {
    const ids = await addDeliveries(sql, webhookId, { count: 10 });
    const renaming = sql`
      update webhook_subscriptions set name = 'New', terms = terms + 1`;
    await Promise.all([renaming, ...ids.map((id) => answerGone(id))]);
    expect(await readWebhook()).toMatchObject({ state: "disabled", terms: 3 });
    const [row] = await sql`select count(*)::int from events where entity_id = ${webhookId}`;
    expect(row?.count).toBe(1);
  });
});
