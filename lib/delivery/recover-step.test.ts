import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { createTestDatabase } from "@/db/testing";
import {
  addDeliveries,
  addWebhook,
  contextOn,
  countDeliveries,
  readDelivery,
  recordingAfterCommit,
  useEnv,
} from "@/lib/testing";
import { retryDelivery } from "@/lib/webhooks/deliveries";
import { cancelRecovery, getRecovery } from "@/lib/webhooks/recover";
import type { Recovery } from "@/lib/webhooks/recovery-schema";
import {
  addEvents,
  addFailed,
  beginRecovery,
  deliverAll,
  runOut,
  stepSlowly,
} from "@/lib/webhooks/testing";
import { nextLookAt, stalledRecoveries, stepRecovery, type RecoveryStep } from "./recover-step";

useEnv();
const database = await createTestDatabase();
const { sql } = database;
let ctx = contextOn(database, recordingAfterCommit());

beforeEach(async () => {
  await sql`truncate webhook_subscriptions, events cascade`;
  ctx = contextOn(database, recordingAfterCommit());
});
afterAll(() => database.close());

const begin = (webhookId: string, input: object = {}) => beginRecovery(ctx, webhookId, input);
const step = (recovery: Recovery, parallelism = 1) => stepSlowly(sql, recovery, parallelism);
const read = ({ id, webhook_id }: Recovery) =>
  getRecovery(ctx, { webhookId: webhook_id, recoveryId: id });

async function deliveredEvents(webhookId: string): Promise<string[]> {
  const rows = await sql<{ event_id: string }[]>`
    select event_id from webhook_deliveries where subscription_id = ${webhookId} order by id`;
  return rows.map(({ event_id }) => event_id);
}

describe("a step over what failed", () => {
  it("makes the oldest due at once, as a recovery, their schedule and interruptions anew", async () => {
    const webhook = await addWebhook(sql);
    const ids = await addFailed(sql, webhook, { count: 25, row: { interruptions: 7 } });
    const done = await step(await begin(webhook));
    expect(done).toMatchObject({ webhookId: webhook, status: "running", made: 10 });
    for (const [place, id] of ids.entries()) {
      const row = await readDelivery(sql, id);
      if (place >= 10) expect(row).toMatchObject({ status: "failed", attempts: 3 });
      else {
        const anew = { trigger: "recover", attempts: 3, steps_used: 0, interruptions: 0 };
        expect(row).toMatchObject({ status: "pending", claimed_until: null, ...anew });
        expect(row.next_attempt_at?.getTime()).toBeLessThanOrEqual(Date.now() + 1_000);
      }
    }
  });

  it("takes each once, to the end, and what fails again is not taken again", async () => {
    const webhook = await addWebhook(sql);
    await addFailed(sql, webhook, { count: 25 });
    const recovery = await begin(webhook);
    await step(recovery);
    await sql`update webhook_deliveries set status = 'failed', next_attempt_at = null
      where status = 'pending'`;
    expect(await runOut(sql, recovery)).toEqual([10, 5]);
    expect(await read(recovery)).toMatchObject({
      status: "done",
      total: 25,
      recovered: 25,
      finished_at: expect.any(String),
    });
    expect(await countDeliveries(sql, webhook, "success")).toBe(15);
    expect(await countDeliveries(sql, webhook, "failed")).toBe(10);
  });

  it("goes by what somebody has retried meanwhile, or what was made due at the same time", async () => {
    const webhook = await addWebhook(sql);
    const ids = await addFailed(sql, webhook, { count: 12 });
    const recovery = await begin(webhook);
    await retryDelivery(ctx, ids[11] ?? "");
    const [done] = await Promise.all([
      step(recovery),
      ...ids.slice(0, 2).map((id) => retryDelivery(ctx, id)),
    ]);
    await deliverAll(sql);
    const made = [done?.made ?? 0, ...(await runOut(sql, recovery))].reduce((a, b) => a + b, 0);
    expect(made).toBeGreaterThanOrEqual(9);
    expect(await countDeliveries(sql, webhook, "success")).toBe(12);
    const rows = await sql`select id from webhook_deliveries where attempts > 5`;
    expect(rows).toHaveLength(0);
  });

  it("never skips or repeats when many are made at once, in any process", async () => {
    const webhook = await addWebhook(sql);
    await addFailed(sql, webhook, { count: 400 });
    const recovery = await begin(webhook);
    const made: number[] = [];
    while ((await read(recovery)).status === "running") {
      const steps = await Promise.all(Array.from({ length: 8 }, () => step(recovery, 10)));
      made.push(...steps.map((one) => one?.made ?? 0));
      await deliverAll(sql);
    }
    expect(made.reduce((a, b) => a + b, 0)).toBe(400);
    expect(await read(recovery)).toMatchObject({ recovered: 400 });
    const rows = await sql`select id from webhook_deliveries where attempts <> 4`;
    expect(rows).toHaveLength(0);
  });

  it("that dies before its commit has done nothing", async () => {
    const webhook = await addWebhook(sql);
    await addFailed(sql, webhook, { count: 15 });
    const recovery = await begin(webhook);
    await sql.unsafe(`
      create function die() returns trigger language plpgsql as $$
        begin if new.cursor is not null then raise exception 'died'; end if; return new; end $$;
      create trigger dies before update on webhook_recoveries for each row execute function die()`);
    await expect(step(recovery)).rejects.toThrow("died");
    await sql`drop trigger dies on webhook_recoveries`;
    expect(await countDeliveries(sql, webhook, "failed")).toBe(15);
    expect(await runOut(sql, recovery)).toEqual([10, 5]);
  });
});

describe("a step over what is missing", () => {
  const asked = { scope: "missing" };

  it("makes deliveries, oldest event first, due at once, as a recovery", async () => {
    const events = await addEvents(sql, { count: 12 });
    const webhook = await addWebhook(sql, { event_types: ["issue.*"] });
    await addEvents(sql, { count: 5, row: { type: "project.created" } });
    const recovery = await begin(webhook, asked);
    expect(await step(recovery)).toMatchObject({ made: 10 });
    expect(await deliveredEvents(webhook)).toEqual(events.slice(0, 10));
    const [row] = await sql`select *, next_attempt_at <= now() as is_due from webhook_deliveries`;
    expect(row).toMatchObject({
      event_type: "issue.created",
      status: "pending",
      trigger: "recover",
      is_due: true,
      attempts: 0,
      steps_used: 0,
    });
    await deliverAll(sql);
    expect(await runOut(sql, recovery)).toEqual([2]);
    expect(await deliveredEvents(webhook)).toEqual(events);
    expect(await begin(webhook, asked)).toMatchObject({ status: "done", total: 0 });
  });

  it("orders by the time of the event, whatever its id, and events of one instant by their ids", async () => {
    const old = new Date(Date.now() - 60_000);
    const atOnce = await addEvents(sql, {
      count: 13,
      row: { created_at: new Date(Date.now() - 30_000) },
    });
    const later = await addEvents(sql, { count: 3, row: { created_at: old } });
    const webhook = await addWebhook(sql);
    await runOut(sql, await begin(webhook, asked));
    expect(await deliveredEvents(webhook)).toEqual([...later, ...atOnce]);
  });

  it("never makes a second delivery, nor skips one, when many are made at once", async () => {
    const events = await addEvents(sql, { count: 400 });
    const webhook = await addWebhook(sql);
    const recovery = await begin(webhook, asked);
    while ((await read(recovery)).status === "running") {
      await Promise.all(Array.from({ length: 8 }, () => step(recovery, 10)));
      await deliverAll(sql);
    }
    expect(await deliveredEvents(webhook)).toEqual(events);
    expect(await read(recovery)).toMatchObject({ status: "done", total: 400, recovered: 400 });
  });

  it("goes on over thousands of events of which few are missing", async () => {
    const webhook = await addWebhook(sql);
    await addDeliveries(sql, webhook, { count: 7_000 });
    await deliverAll(sql);
    const missing = await addEvents(sql, { count: 2 });
    const recovery = await begin(webhook, asked);
    expect(recovery.total).toBe(2);
    expect(await runOut(sql, recovery, { parallelism: 10 })).toEqual([0, 2]);
    expect((await deliveredEvents(webhook)).slice(-2)).toEqual(missing);
  });
});

describe("the pace", () => {
  it("is ten rounds of the lane's slots, thirty when it does a step within a second, at most 300", async () => {
    const webhook = await addWebhook(sql);
    await addFailed(sql, webhook, { count: 1_000 });
    const recovery = await begin(webhook);
    const quickly = async (parallelism: number) => {
      // As if it had stepped just now, however long this test takes.
      await sql`update webhook_recoveries set stepped_at = now() + interval '1 min'`;
      await deliverAll(sql);
      return stepRecovery(sql, { recoveryId: recovery.id, parallelism });
    };
    // Nothing is known yet of how quick it is.
    expect(await quickly(7)).toMatchObject({ made: 70 });
    expect(await quickly(7)).toMatchObject({ made: 210 });
    await deliverAll(sql);
    expect(await step(recovery, 7)).toMatchObject({ made: 70 });
    expect(await quickly(1_000)).toMatchObject({ made: 300 });
    await deliverAll(sql);
    expect(await step(recovery, 1_000)).toMatchObject({ made: 300 });
  });

  it("waits until most of a step is done, and then goes on by itself", async () => {
    const webhook = await addWebhook(sql);
    const ids = await addFailed(sql, webhook, { count: 25 });
    const recovery = await begin(webhook);
    const first = await step(recovery);
    expect(first).toMatchObject({ made: 10 });
    const second = await stepRecovery(sql, { recoveryId: recovery.id, parallelism: 1 });
    expect(second?.steppedAtMs).toBe(first?.steppedAtMs);
    expect(second).toMatchObject({ made: 0, status: "running" });
    await sql`update webhook_deliveries set status = 'success', next_attempt_at = null
      where id = any(${ids.slice(0, 7)}::uuid[])`;
    expect(await step(recovery)).toMatchObject({ made: 10 });
    expect(await read(recovery)).toMatchObject({ recovered: 20 });
  });

  it("lets what is due in the lane go first, held or not, but not what is due later", async () => {
    const webhook = await addWebhook(sql, { state: "paused" });
    await addFailed(sql, webhook, { count: 5 });
    await addDeliveries(sql, webhook, { count: 20, dueMsAgo: -60_000 });
    const due = await addDeliveries(sql, webhook, { count: 4 });
    const recovery = await begin(webhook);
    expect(await step(recovery)).toMatchObject({ made: 0 });
    await sql`update webhook_deliveries set claimed_until = now() + interval '1 min', attempts = 1
      where id = ${due[0] ?? ""}`;
    expect(await step(recovery)).toMatchObject({ made: 5, status: "done" });
  });

  it.each(["paused", "disabled"] as const)("holds a first step of what is %s", async (state) => {
    const reason = state === "disabled" ? "failing" : null;
    const webhook = await addWebhook(sql, { state, disabled_reason: reason });
    await addFailed(sql, webhook, { count: 25 });
    const recovery = await begin(webhook);
    expect(await step(recovery)).toMatchObject({ made: 10 });
    expect(await step(recovery)).toMatchObject({ made: 0, status: "running" });
    expect(await countDeliveries(sql, webhook, "pending")).toBe(10);
  });
});

describe("stalledRecoveries", () => {
  it("are those that run and made no step for a minute", async () => {
    const webhooks = await Promise.all(Array.from({ length: 3 }, () => addWebhook(sql)));
    const recoveries: Recovery[] = [];
    for (const webhook of webhooks) {
      await addFailed(sql, webhook, { count: 15 });
      recoveries.push(await begin(webhook));
    }
    expect(await stalledRecoveries(sql, 60_000)).toEqual([]);
    await sql`update webhook_recoveries set stepped_at = now() - interval '61 s'`;
    const [first, second, third] = recoveries;
    if (!first || !second || !third) throw new Error("they are not there");
    const stepped: RecoveryStep | null = await step(first);
    expect(stepped?.made).toBe(10);
    await cancelRecovery(ctx, { webhookId: second.webhook_id, recoveryId: second.id });
    expect(await stalledRecoveries(sql, 60_000)).toEqual([third.id]);
    // The clock was set back by an hour.
    await sql`update webhook_recoveries set stepped_at = now() + interval '1 hour' where id = ${first.id}`;
    expect((await stalledRecoveries(sql, 60_000)).toSorted()).toEqual(
      [first.id, third.id].toSorted(),
    );
  });
});

describe("nextLookAt", () => {
  const steppedAtMs = 1_000_000.4;
  const look = (ageMs: number, marginMs = 0) =>
    nextLookAt({ steppedAtMs, nowMs: steppedAtMs + ageMs }, marginMs);

  it("is soon after a step, then ever later, until the sweep takes over", () => {
    const ages: number[] = [];
    for (let atMs = look(0); atMs !== null; atMs = look(atMs - steppedAtMs)) {
      ages.push(Math.floor(atMs - steppedAtMs));
    }
    expect(ages.slice(0, 4)).toEqual([50, 78, 98, 122]);
    expect(ages.length).toBeLessThan(35);
    for (const [place, age] of ages.entries()) {
      const before = ages[place - 1] ?? 0;
      expect(age - before).toBeGreaterThanOrEqual(20);
      expect(age - before).toBeLessThanOrEqual(Math.max(50, age / 2));
    }
    expect(ages.at(-1)).toBeGreaterThan(45_000);
    expect(look(60_000)).toBeNull();
  });

  it("is the same for all who look at about one time", () => {
    expect(look(1_000)).toBe(look(1_010));
    expect(Number.isInteger(look(1_000))).toBe(true);
  });

  it("leaves room for an engine that wakes early", () => {
    expect((look(0, 1_000) ?? 0) - steppedAtMs).toBeGreaterThanOrEqual(1_020);
  });
});
