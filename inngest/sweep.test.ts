import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { createTestDatabase } from "@/db/testing";
import { newId } from "@/lib/id";
import {
  addDeliveries,
  addWebhook,
  pause,
  readAttempts,
  readDelivery,
  useDatabase,
  useEnv,
} from "@/lib/testing";
import { eventsOf } from "./embedded/testing";
import { checkHealth } from "./health";
import { setParts } from "./process";
import { emitDueByCron, markSweep, msSinceCronSweep, sweep } from "./sweep";

useEnv();
const database = await createTestDatabase();
const { sql } = database;
useDatabase(database);
/** The ids of the bells sent: what they would lead to is not of interest here. */
const bells: string[] = [];
setParts({
  turboEngine: {
    queued: 0,
    fetch: async (_, init) => {
      const ids = eventsOf(init).map(({ id }) => id);
      bells.push(...ids);
      return Response.json({ ids, status: 200 });
    },
  },
});

beforeEach(async () => {
  useEnv();
  bells.length = 0;
  await sql`truncate webhook_subscriptions, events, issues cascade`;
  await sql`delete from installation where key <> 'id'`;
});
afterAll(() => database.close());

const readState = async (id: string) => {
  const { status, claimed_until } = await readDelivery(sql, id);
  return { status, isClaimed: claimed_until !== null };
};

describe("sweep", () => {
  it("counts the lanes it rings and the deliveries it cancels", async () => {
    const lane = await addWebhook(sql);
    await addDeliveries(sql, lane, { dueMsAgo: 5_000 });
    const deleted = await addWebhook(sql, { state: "deleted" });
    await addDeliveries(sql, deleted, { count: 2 });
    expect(await sweep()).toEqual({ rung: 1, cancelled: 2 });
    expect(bells).toEqual([`lane:${lane}:1`]);
    // The bell is out.
    expect(await sweep()).toEqual({ rung: 0, cancelled: 0 });
  });

  it("forgets the Idempotency-Keys of yesterday", async () => {
    const kept = { fingerprint: "", answer: "" };
    const old = { ...kept, key_hash: "old", created_at: new Date(Date.now() - 25 * 3_600_000) };
    const young = { ...kept, key_hash: "young", created_at: new Date() };
    await sql`insert into idempotency_keys ${sql([old, young])}`;
    await sweep();
    expect(await sql`select key_hash from idempotency_keys`).toEqual([{ key_hash: "young" }]);
  });

  it("rings for nothing when WEBHOOK_ENABLED is false, and cleans up all the same", async () => {
    useEnv({ WEBHOOK_ENABLED: "false" });
    await addDeliveries(sql, await addWebhook(sql), { dueMsAgo: 5_000 });
    await addDeliveries(sql, await addWebhook(sql, { state: "deleted" }));
    expect(await sweep()).toEqual({ rung: 0, cancelled: 1 });
  });

  it("cancels what waits for the gone, however many there are", async () => {
    await addDeliveries(sql, await addWebhook(sql, { state: "deleted" }), { count: 5_001 });
    expect(await sweep()).toEqual({ rung: 0, cancelled: 5_001 });
  });

  it("brings to an end what a dead process had under way for a deleted webhook", async () => {
    const webhook = await addWebhook(sql, { state: "deleted" });
    const [lost = "", live = ""] = await addDeliveries(sql, webhook, { count: 2 });
    await sql`update webhook_deliveries set attempts = 1, claimed_until = now() - interval '1 s'
      where id = ${lost}`;
    await sql`update webhook_deliveries set attempts = 1, claimed_until = now() + interval '1 min'
      where id = ${live}`;
    await sweep();
    expect(await readState(lost)).toEqual({ status: "cancelled", isClaimed: false });
    expect(await readAttempts(sql, lost)).toMatchObject([{ number: 1, outcome: "interrupted" }]);
    expect(await readState(live)).toEqual({ status: "pending", isClaimed: true });
  });

  it("frees what a dead process had under way for a paused one, which holds it", async () => {
    const webhook = await addWebhook(sql, { state: "paused" });
    const [lost = ""] = await addDeliveries(sql, webhook);
    await sql`update webhook_deliveries set attempts = 1, claimed_until = now() - interval '1 s'`;
    await sweep();
    expect(await readState(lost)).toEqual({ status: "pending", isClaimed: false });
  });
});

describe("a webhook that only fails", () => {
  const failing = async () => {
    const id = await addWebhook(sql, { event_types: ["issue.*"] });
    await addDeliveries(sql, id, { dueMsAgo: -60_000 });
    await sql`update webhook_deliveries set attempts = 1`;
    await sql`update webhook_lanes set failing_since = now() - interval '6 days',
      failures_in_row = 20`;
    return id;
  };
  const readStates = () =>
    sql`select state from webhook_subscriptions where event_types = '{issue.*}'`;

  it("is disabled by the sweep, once by several, and the lanes of those who hear of it rung", async () => {
    await failing();
    const other = await addWebhook(sql, { event_types: ["webhook.disabled"] });
    await Promise.all([sweep(), sweep(), sweep()]);
    expect(await readStates()).toEqual([{ state: "disabled" }]);
    const events = await sql`select type from events where entity_type = 'webhook'`;
    expect(events).toEqual([{ type: "webhook.disabled" }]);
    expect(bells).toEqual([`lane:${other}:1`]);
  });

  it("is left alone when WEBHOOK_ENABLED is false: nothing can arrive", async () => {
    useEnv({ WEBHOOK_ENABLED: "false" });
    await failing();
    await sweep();
    expect(await readStates()).toEqual([{ state: "active" }]);
  });
});

describe("the audit", () => {
  it("is made by a sweep now and then, and shown by the health", async () => {
    expect((await checkHealth(database)).audit).toBeUndefined();
    await sweep();
    const { audit } = await checkHealth(database);
    expect(audit).toMatchObject({
      mismatches: 0,
      kinds: { unattended: 0, lost_claim: 0, orphaned: 0 },
      checked_at: expect.stringMatching(/Z$/),
    });
    await sweep();
    expect((await checkHealth(database)).audit).toEqual(audit);
    await sql`update installation set value = (now() - interval '30 s')::text
      where key = 'audit_at'`;
    await sweep();
    expect((await checkHealth(database)).audit?.checked_at).not.toBe(audit?.checked_at);
  });
});

describe("due dates that no cron has told", () => {
  const addDue = () => sql`
    insert into issues (id, title, type, status, priority, due_date)
    values (${newId()}, 'Due', 'task', 'open', 'low', current_date - 1)`;
  const readTold = () => sql`select type from events order by type`;

  it("are told by the sweep, once by several, and at once if no cron was there to", async () => {
    await addDue();
    await Promise.all([sweep(), sweep(), sweep()]);
    expect(await readTold()).toEqual([{ type: "issue.overdue" }]);
  });

  it("are left to the cron while it is on time, and told when it is late", async () => {
    expect(await emitDueByCron()).toBe(0);
    await addDue();
    await sweep();
    expect(await readTold()).toEqual([]);
    await sql`update installation set value = (now() - interval '63 s')::text
      where key = 'due_dates_at'`;
    await sweep();
    expect(await readTold()).toEqual([{ type: "issue.overdue" }]);
  });
});

describe("a recovery that nobody looks at", () => {
  it("is rung by the next sweep", async () => {
    const id = newId();
    await sql`insert into webhook_recoveries ${sql({
      id,
      webhook_id: await addWebhook(sql),
      scope: "failed",
      total: 1,
      since: new Date(0),
      until: new Date(),
      stepped_at: new Date(Date.now() - 2_000),
    })}`;
    await sweep();
    expect(bells).toEqual([expect.stringContaining(`recover:${id}:`)]);
  });
});

describe("a report that no cron has told", () => {
  const setNote = (key: string, ago: string) => sql`
    insert into installation (key, value) values (${key}, (now() - ${ago}::interval)::text)`;
  const readTold = () => sql`select type from events order by type`;

  it("is told by the sweep, once by several, and once only", async () => {
    await setNote("daily_digest", "3 days");
    await setNote("weekly_report", "20 days");
    await Promise.all([sweep(), sweep(), sweep()]);
    await sweep();
    expect(await readTold()).toEqual([
      { type: "system.daily_digest" },
      { type: "system.weekly_report" },
    ]);
  });

  it("is none in a new installation", async () => {
    await sweep();
    await sweep();
    expect(await readTold()).toEqual([]);
    expect(await sql`select key from installation where key like '%ly_%' order by key`).toEqual([
      { key: "daily_digest" },
      { key: "weekly_report" },
    ]);
  });

  it("that cannot be told does not keep the lanes from being swept", async () => {
    await sql`insert into installation (key, value) values ('daily_digest', 'not a time')`;
    const webhook = await addWebhook(sql);
    await addDeliveries(sql, webhook, { dueMsAgo: 5_000 });
    expect(await sweep()).toEqual({ rung: 1, cancelled: 0 });
  });
});

describe("a backlog", () => {
  const minutes = 60_000;
  /** Looks once, and once more as if that were a good minute later. */
  const lookTwice = async () => {
    await sweep();
    await sql`update installation set value = (now() - interval '30 s')::text
      where key = 'audit_at'`;
    await sql`update installation set value = jsonb_set(value::jsonb, '{seen_at}',
      to_jsonb(now() - interval '61 s'))::text where key = 'backlog'`;
    await sweep();
  };
  const readTold = () => sql`select type from events where type like 'system.%'`;

  it("of more than five minutes is told", async () => {
    await addDeliveries(sql, await addWebhook(sql), { dueMsAgo: 6 * minutes });
    await lookTwice();
    expect(await readTold()).toEqual([{ type: "system.health_check_failed" }]);
  });

  it.each<[string, () => Promise<unknown>]>([
    [
      "a little late",
      () => sql`update webhook_deliveries set next_attempt_at = now() - interval '2 min'`,
    ],
    [
      "scheduled",
      () => sql`update webhook_deliveries set next_attempt_at = now() + interval '1 s'`,
    ],
    ["held for a paused webhook", () => sql`update webhook_subscriptions set state = 'paused'`],
    [
      "of a receiver that hangs",
      () => sql`update webhook_lanes set failures_in_row = 10, failing_since = now()`,
    ],
    ["all held: WEBHOOK_ENABLED is false", async () => useEnv({ WEBHOOK_ENABLED: "false" })],
  ])("is none if what waits is %s", async (_, change) => {
    await addDeliveries(sql, await addWebhook(sql), { dueMsAgo: 6 * minutes });
    await change();
    await lookTwice();
    expect(await readTold()).toEqual([]);
  });
});

describe("markSweep", () => {
  it("lets one of several processes sweep at a time", async () => {
    const marks = () =>
      Promise.all(Array.from({ length: 5 }, () => markSweep("timer_sweep_at", 400)));
    expect((await marks()).filter(Boolean)).toHaveLength(1);
    expect((await marks()).filter(Boolean)).toHaveLength(0);
    await pause(450);
    expect((await marks()).filter(Boolean)).toHaveLength(1);
  });

  it("goes on at once when the clock of the database was set back by hours", async () => {
    await markSweep("timer_sweep_at", 10_000);
    await sql`update installation set value = (now() + interval '5 hours')::text`;
    expect(await markSweep("timer_sweep_at", 10_000)).toBe(true);
    expect(await markSweep("timer_sweep_at", 10_000)).toBe(false);
  });

  it("keeps the kinds apart", async () => {
    expect(await markSweep("timer_sweep_at", 10_000)).toBe(true);
    expect(await msSinceCronSweep()).toBe(Infinity);
    expect(await markSweep("cron_sweep_at", 0)).toBe(true);
    expect(await msSinceCronSweep()).toBeLessThan(5_000);
    await sql`update installation set value = (now() - interval '3 min')::text`;
    expect(await msSinceCronSweep()).toBeGreaterThan(179_000);
  });
});
