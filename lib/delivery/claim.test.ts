import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { createTestDatabase } from "@/db/testing";
import { newId } from "@/lib/id";
import {
  addDeliveries,
  addWebhook,
  countDeliveries,
  endDeliveries,
  readAttempts,
  readDelivery,
} from "@/lib/testing";
import {
  cancelOrphans,
  claimDue,
  endAllClaims,
  interruptClaims,
  interruptedMessage,
  loadTestClaim,
} from "./claim";
import { takeLane } from "./lane";

const database = await createTestDatabase();
const { sql } = database;
let webhookId = "";
let holder = "";
const timeoutMs = 30_000;

beforeEach(async () => {
  await sql`truncate webhook_subscriptions, events cascade`;
  webhookId = await addWebhook(sql);
  holder = newId();
  await takeLane(sql, { webhookId, holder });
});
afterAll(() => database.close());

type Changes = Partial<Parameters<typeof claimDue>[1]>;

async function claim(changes: Changes = {}) {
  const input = { webhookId, holder, most: 10, timeoutMs, after: null, newestFirst: false };
  return claimDue(sql, { ...input, ...changes });
}

const claimedIds = async (changes: Changes = {}) =>
  (await claim(changes)).map((one) => one.delivery_id);

describe("claimDue", () => {
  it("claims the oldest due first, up to so many, each once", async () => {
    const ids = await addDeliveries(sql, webhookId, { count: 5, dueMsAgo: 1000 });
    expect(await claimedIds({ most: 2 })).toEqual(ids.slice(0, 2));
    expect(await claimedIds({ most: 10 })).toEqual(ids.slice(2));
    expect(await claimedIds()).toEqual([]);
  });

  it("counts the attempt, and leaves it alone for time-out and ten seconds", async () => {
    const [id = ""] = await addDeliveries(sql, webhookId);
    expect(await claim()).toMatchObject([{ delivery_id: id, attempt: 1, trigger: "automatic" }]);
    const row = await readDelivery(sql, id);
    expect(row).toMatchObject({ status: "pending", attempts: 1 });
    const windowMs = (row.claimed_until?.getTime() ?? 0) - Date.now();
    expect(windowMs).toBeGreaterThan(38_000);
    expect(windowMs).toBeLessThanOrEqual(40_500);
  });

  it("leaves what is due later, done, or another lane's", async () => {
    await addDeliveries(sql, webhookId, { dueMsAgo: -60_000 });
    await addDeliveries(sql, await addWebhook(sql));
    const [done = ""] = await addDeliveries(sql, webhookId);
    await endDeliveries(sql, [done]);
    expect(await claimedIds()).toEqual([]);
  });

  it("goes on behind the cursor, and finds what became due before it without one", async () => {
    const ids = await addDeliveries(sql, webhookId, { count: 4, dueMsAgo: 1000 });
    const [, last] = await claim({ most: 2 });
    const after = { dueAt: last?.due_at ?? "", id: last?.delivery_id ?? "" };
    const [older = ""] = await addDeliveries(sql, webhookId, { dueMsAgo: 60_000 });
    expect(await claimedIds({ after })).toEqual(ids.slice(2));
    expect(await claimedIds()).toEqual([older]);
  });

  it("takes the newest first when told to", async () => {
    const ids = await addDeliveries(sql, webhookId, { count: 5, dueMsAgo: 1000 });
    expect(await claimedIds({ most: 2, newestFirst: true })).toEqual(ids.slice(3));
  });

  it("keeps the order of a moment's fractions", async () => {
    const ids = await addDeliveries(sql, webhookId, { count: 3, dueMsAgo: 1000 });
    const times = ["12:00:00", "12:00:00.1", "12:00:00.12"];
    for (const [index, time] of times.entries())
      await sql`update webhook_deliveries set next_attempt_at = ${`2026-01-01 ${time}+00`}
        where id = ${ids[index] ?? ""}`;
    expect(await claimedIds()).toEqual(ids);
  });

  it("claims nothing for one who does not hold the lane", async () => {
    await addDeliveries(sql, webhookId);
    expect(await claimedIds({ holder: newId() })).toEqual([]);
    expect(await countDeliveries(sql, webhookId, "pending")).toBe(1);
    expect(await claimedIds()).toHaveLength(1);
  });

  it.each(["paused", "disabled", "deleted"])("claims nothing while %s", async (state) => {
    await addDeliveries(sql, webhookId);
    await sql`update webhook_subscriptions set state = ${state}`;
    expect(await claimedIds()).toEqual([]);
    const [row] = await sql`select attempts, claimed_until from webhook_deliveries`;
    expect(row).toEqual({ attempts: 0, claimed_until: null });
  });

  it("brings the terms of the webhook as they are now, and the event's own text", async () => {
    await addDeliveries(sql, webhookId);
    const previous_secrets = [{ sealed: "old", expires_at: "2099-01-01T00:00:00.000Z" }];
    await sql`update webhook_subscriptions set url = 'http://127.0.0.1/new', terms = 3,
      secret_token = 'new', previous_secrets = ${sql.json(previous_secrets)}`;
    const [claimed] = await claim();
    const [event] = await sql<{ id: string; body: string; created_at: Date }[]>`
      select id, body, created_at from events`;
    expect(claimed).toMatchObject({
      webhook_id: webhookId,
      webhook_name: "Test webhook",
      url: "http://127.0.0.1/new",
      terms: 3,
      secret_token: "new",
      previous_secrets,
      event_type: "issue.created",
      event_id: event?.id,
      body: event?.body,
      event_at: event?.created_at,
    });
  });

  it("gives no delivery to two who claim at once", async () => {
    const ids = await addDeliveries(sql, webhookId, { count: 100 });
    const claims = await Promise.all(Array.from({ length: 10 }, () => claimedIds({ most: 20 })));
    const got = claims.flat();
    expect(new Set(got).size).toBe(got.length);
    const rest = await claimedIds({ most: 100 });
    expect([...got, ...rest].toSorted()).toEqual(ids.toSorted());
  });
});

describe("interruptClaims", () => {
  const interrupt = (changes: object = {}) =>
    interruptClaims(sql, { of: { webhookId }, timeoutMs, ours: [], ...changes });
  const expire = () => sql`update webhook_deliveries
    set claimed_until = now() - interval '1 s' where claimed_until is not null`;

  it("writes a lost attempt down and makes it due at once, its step not used up", async () => {
    const [id = ""] = await addDeliveries(sql, webhookId, { trigger: "manual" });
    await sql`update webhook_deliveries set steps_used = 2`;
    const { next_attempt_at } = await readDelivery(sql, id);
    await claim();
    expect(await interrupt()).toBe(0);
    await expire();
    expect(await interrupt()).toBe(1);
    expect(await interrupt()).toBe(0);
    expect(await readDelivery(sql, id)).toMatchObject({
      status: "pending",
      attempts: 1,
      steps_used: 2,
      interruptions: 1,
      trigger: "manual",
      claimed_until: null,
      error_message: interruptedMessage,
      next_attempt_at,
    });
    expect(await readAttempts(sql, id)).toMatchObject([
      { number: 1, outcome: "interrupted", trigger: "manual", error_class: "interrupted" },
    ]);
    expect(await claim()).toMatchObject([{ delivery_id: id, attempt: 2, steps_used: 2 }]);
  });

  it("dates the attempt from when it was claimed", async () => {
    const [id = ""] = await addDeliveries(sql, webhookId);
    await claim();
    await sql`update webhook_deliveries set claimed_until = now() - interval '20 s'`;
    await interrupt();
    const [row] = await sql<{ age: number }[]>`
      select extract(epoch from now() - started_at)::float8 as age
      from webhook_attempts where delivery_id = ${id}`;
    expect(row?.age).toBeGreaterThan(59);
    expect(row?.age).toBeLessThan(65);
  });

  it("fails a delivery with its tenth interruption", async () => {
    const [id = ""] = await addDeliveries(sql, webhookId);
    for (let turn = 1; turn <= 10; turn++) {
      expect([turn, (await readDelivery(sql, id)).status]).toEqual([turn, "pending"]);
      expect(await claim()).toMatchObject([{ attempt: turn }]);
      await expire();
      await interrupt();
    }
    const end = { status: "failed", next_attempt_at: null, interruptions: 10, attempts: 10 };
    expect(await readDelivery(sql, id)).toMatchObject(end);
    expect(await readAttempts(sql, id)).toHaveLength(10);
  });

  it("leaves other lanes alone, and what this process still has the result of", async () => {
    const other = await addWebhook(sql);
    await takeLane(sql, { webhookId: other, holder });
    const [elsewhere = ""] = await addDeliveries(sql, other);
    const [ours = "", lost = ""] = await addDeliveries(sql, webhookId, { count: 2 });
    await claim();
    await claim({ webhookId: other });
    await expire();
    expect(await interrupt({ ours: [ours] })).toBe(1);
    expect((await readDelivery(sql, ours)).claimed_until).not.toBeNull();
    expect((await readDelivery(sql, elsewhere)).claimed_until).not.toBeNull();
    expect((await readDelivery(sql, lost)).claimed_until).toBeNull();
  });

  it("takes, of stopped webhooks, those that are not active", async () => {
    const ids: Record<string, string> = {};
    for (const state of ["active", "paused", "disabled", "deleted"] as const) {
      const id = await addWebhook(sql);
      await takeLane(sql, { webhookId: id, holder });
      [ids[state] = ""] = await addDeliveries(sql, id);
      await claim({ webhookId: id });
      await sql`update webhook_subscriptions set state = ${state} where id = ${id}`;
    }
    expect(await interrupt({ of: "stopped" })).toBe(0);
    await expire();
    expect(await interrupt({ of: "stopped" })).toBe(3);
    expect((await readDelivery(sql, ids.active ?? "")).claimed_until).not.toBeNull();
  });
});

describe("endAllClaims", () => {
  it("frees every lane and every attempt, whoever had them and however fresh they are", async () => {
    const ids = await addDeliveries(sql, webhookId, { count: 3 });
    await claim({ most: 2 });
    await sql`update webhook_lanes set bell_at = now(), alarm_at = now() + interval '1 hour'`;
    await endAllClaims(sql, timeoutMs);
    const [lane] = await sql`select holder, lease_until, bell_at, alarm_at from webhook_lanes`;
    expect(lane).toEqual({ holder: null, lease_until: null, bell_at: null, alarm_at: null });
    const rows = await Promise.all(ids.map((id) => readDelivery(sql, id)));
    expect(rows.map(({ claimed_until }) => claimed_until)).toEqual([null, null, null]);
    expect(rows.map(({ interruptions }) => interruptions)).toEqual([1, 1, 0]);
  });
});

describe("loadTestClaim", () => {
  async function bornClaimed(remains: string): Promise<string> {
    const [id = ""] = await addDeliveries(sql, webhookId, { trigger: "test" });
    await sql`update webhook_deliveries set attempts = 1,
      claimed_until = now() + ${remains}::interval where id = ${id}`;
    return id;
  }

  it("loads a test delivery that is under way, while the webhook is paused too", async () => {
    const id = await bornClaimed("1 minute");
    await sql`update webhook_subscriptions set state = 'paused'`;
    const claimed = { delivery_id: id, attempt: 1, trigger: "test" };
    expect(await loadTestClaim(sql, id)).toMatchObject(claimed);
  });

  it("loads none whose time is over, that is settled, or whose webhook is deleted", async () => {
    expect(await loadTestClaim(sql, await bornClaimed("-1 s"))).toBeNull();
    const id = await bornClaimed("1 minute");
    await endDeliveries(sql, [id]);
    expect(await loadTestClaim(sql, id)).toBeNull();
    const other = await bornClaimed("1 minute");
    await sql`update webhook_subscriptions set state = 'deleted'`;
    expect(await loadTestClaim(sql, other)).toBeNull();
    expect(await loadTestClaim(sql, newId())).toBeNull();
  });
});

describe("cancelOrphans", () => {
  it.each([
    ["deleted", null, "cancelled"],
    ["disabled", "gone", "cancelled"],
    ["disabled", "failures", "pending"],
    ["disabled", null, "pending"],
    ["paused", null, "pending"],
    ["active", null, "pending"],
  ])("makes what waits for a webhook %s (%s) %s", async (state, reason, status) => {
    const [id = ""] = await addDeliveries(sql, webhookId, { dueMsAgo: -60_000 });
    await sql`update webhook_subscriptions set state = ${state}, disabled_reason = ${reason}`;
    await cancelOrphans(sql);
    expect((await readDelivery(sql, id)).status).toBe(status);
  });

  it("goes in steps, and leaves alone what is under way or done", async () => {
    const ids = await addDeliveries(sql, webhookId, { count: 5 });
    await claim({ most: 1 });
    await endDeliveries(sql, ids.slice(4, 5));
    await sql`update webhook_subscriptions set state = 'deleted'`;
    expect(await cancelOrphans(sql, 2)).toBe(2);
    expect(await cancelOrphans(sql, 2)).toBe(1);
    expect(await cancelOrphans(sql, 2)).toBe(0);
    expect(await countDeliveries(sql, webhookId, "pending")).toBe(1);
  });

  it("goes on with each webhook in each step, from the front of its lane", async () => {
    const other = await addWebhook(sql, { state: "deleted" });
    const later = await addDeliveries(sql, webhookId, { count: 9, dueMsAgo: -60_000 });
    const [front = ""] = await addDeliveries(sql, webhookId);
    const [lone = ""] = await addDeliveries(sql, other);
    await sql`update webhook_subscriptions set state = 'deleted'`;
    expect(await cancelOrphans(sql, 2)).toBe(2);
    expect((await readDelivery(sql, front)).status).toBe("cancelled");
    expect((await readDelivery(sql, lone)).status).toBe("cancelled");
    expect((await readDelivery(sql, later[0] ?? "")).status).toBe("pending");
  });

  it("does not wait for a row that is being claimed", async () => {
    const [id = ""] = await addDeliveries(sql, webhookId);
    await sql`update webhook_subscriptions set state = 'deleted'`;
    await sql.begin(async (tx) => {
      await tx`select id from webhook_deliveries where id = ${id} for update`;
      expect(await cancelOrphans(sql)).toBe(0);
    });
    expect(await cancelOrphans(sql)).toBe(1);
  });
});
