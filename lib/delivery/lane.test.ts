import { afterAll, beforeEach, describe, expect, it } from "vitest";
import type { Sql } from "@/db/client";
import { createTestDatabase } from "@/db/testing";
import { newId } from "@/lib/id";
import { addDeliveries, addWebhook, endDeliveries, eventually } from "@/lib/testing";
import { claimDue, interruptClaims } from "./claim";
import {
  clearBells,
  countForeignClaims,
  nextDueMs,
  overdueLanes,
  releaseLane,
  renewLane,
  setAlarm,
  setBells,
  takeLane,
} from "./lane";

const database = await createTestDatabase();
const { sql } = database;
let webhookId = "";
const [ours, theirs] = [newId(), newId()];

beforeEach(async () => {
  await sql`truncate webhook_subscriptions, events cascade`;
  webhookId = await addWebhook(sql);
});
afterAll(() => database.close());

type Lane = {
  holder: string | null;
  lease_until: Date | null;
  terms_seen: number;
  bell_seq: number;
  bell_at: Date | null;
  alarm_at: Date | null;
  timeouts_in_row: number;
};

async function readLane(): Promise<Lane> {
  const [row] = await sql<Lane[]>`select * from webhook_lanes where webhook_id = ${webhookId}`;
  if (!row) throw new Error("there is no lane");
  return row;
}

const take = (holder: string) => takeLane(sql, { webhookId, holder });
const release = (holder: string) => releaseLane(sql, { webhookId, holder, timeoutsInRow: 0 });
const endLease = () => sql`update webhook_lanes set lease_until = now() - interval '1 ms'`;
const setState = (state: string) => sql`update webhook_subscriptions set state = ${state}`;

/** Claims the oldest due delivery, as lost or as under way. */
function claimOne(remains: "1 minute" | "-1 minute"): Promise<unknown> {
  return sql`update webhook_deliveries set claimed_until = now() + ${remains}::interval
    where id = (select id from webhook_deliveries where claimed_until is null order by id limit 1)`;
}

describe("takeLane", () => {
  it("gives a free lane to one of many who ask at once", async () => {
    const takers = Array.from({ length: 8 }, () => newId());
    const taken = await Promise.all(takers.map(take));
    const winners = takers.filter((_, index) => taken[index]?.isTaken);
    expect(winners).toEqual([(await readLane()).holder]);
  });

  it("leaves a lane with its holder until the lease is over", async () => {
    await take(ours);
    const before = await readLane();
    expect((await take(theirs)).isTaken).toBe(false);
    expect(await readLane()).toEqual(before);
    await endLease();
    expect((await take(theirs)).isTaken).toBe(true);
    const { holder, lease_until } = await readLane();
    expect(holder).toBe(theirs);
    expect((lease_until?.getTime() ?? 0) - Date.now()).toBeGreaterThan(8_000);
  });

  it("uses up the bell that led here, also when the lane is somebody else's", async () => {
    await setBells(sql, [webhookId]);
    expect((await readLane()).bell_at).not.toBeNull();
    await take(ours);
    expect((await readLane()).bell_at).toBeNull();
    await sql`update webhook_lanes set bell_at = now()`;
    expect((await take(theirs)).isTaken).toBe(false);
    expect((await readLane()).bell_at).toBeNull();
  });

  it("uses up an alarm that is due, early by a second too, and keeps a later one", async () => {
    for (const [ahead, isKept] of [
      ["-1 s", false],
      ["900 ms", false],
      ["1 hour", true],
    ] as const) {
      await sql`update webhook_lanes set lease_until = null,
        alarm_at = now() + ${ahead}::interval`;
      await take(newId());
      expect([ahead, (await readLane()).alarm_at !== null]).toEqual([ahead, isKept]);
    }
  });

  it("says what attempts it finds, lost and under way, and how many time-outs there were", async () => {
    await addDeliveries(sql, webhookId, { count: 4 });
    expect(await take(ours)).toMatchObject({ hasExpiredClaims: false, liveClaims: 0 });
    await release(ours);
    await sql`update webhook_lanes set timeouts_in_row = 4`;
    for (const remains of ["-1 minute", "1 minute", "1 minute"] as const) await claimOne(remains);
    const found = { hasExpiredClaims: true, liveClaims: 2, timeoutsInRow: 4 };
    expect(await take(ours)).toMatchObject(found);
  });

  it("knows the terms of the webhook from then on; who does not get it does not", async () => {
    await sql`update webhook_subscriptions set terms = 5`;
    expect(await take(ours)).toMatchObject({ isTaken: true, terms: 5 });
    expect((await readLane()).terms_seen).toBe(5);
    await sql`update webhook_subscriptions set terms = 6`;
    await take(theirs);
    expect((await readLane()).terms_seen).toBe(5);
  });

  it("gives nobody a lane that is not there", async () => {
    expect((await takeLane(sql, { webhookId: newId(), holder: ours })).isTaken).toBe(false);
  });
});

describe("renewLane and releaseLane", () => {
  it("extend or end the lease of the holder, and tell it the webhook's terms", async () => {
    await take(ours);
    await sql`update webhook_lanes set lease_until = now() + interval '1 s'`;
    await sql`update webhook_subscriptions set terms = 7`;
    const renewal = { webhookId, holder: ours, timeoutsInRow: 2 };
    expect(await renewLane(sql, renewal)).toMatchObject({ terms: 7 });
    const { lease_until, timeouts_in_row } = await readLane();
    expect((lease_until?.getTime() ?? 0) - Date.now()).toBeGreaterThan(8_000);
    expect(timeouts_in_row).toBe(2);
    await releaseLane(sql, { ...renewal, timeoutsInRow: 0 });
    const free = { holder: null, lease_until: null, timeouts_in_row: 0 };
    expect(await readLane()).toMatchObject(free);
  });

  it("touch nothing of a lane that is somebody else's by now", async () => {
    await take(ours);
    await endLease();
    await take(theirs);
    const before = await readLane();
    expect(await renewLane(sql, { webhookId, holder: ours, timeoutsInRow: 9 })).toBeNull();
    await release(ours);
    expect(await readLane()).toEqual(before);
  });
});

describe("nextDueMs", () => {
  it("is null when nothing waits", async () => {
    const [id = ""] = await addDeliveries(sql, webhookId);
    await endDeliveries(sql, [id]);
    expect(await nextDueMs(sql, webhookId)).toBeNull();
  });

  it("is 0 for what is overdue, else the time until the first is due", async () => {
    await addDeliveries(sql, webhookId, { dueMsAgo: -60_000 });
    await addDeliveries(sql, webhookId, { dueMsAgo: -30_000 });
    const dueMs = await nextDueMs(sql, webhookId);
    expect(dueMs).toBeGreaterThan(25_000);
    expect(dueMs).toBeLessThanOrEqual(30_000);
    await addDeliveries(sql, webhookId, { dueMsAgo: 5000 });
    expect(await nextDueMs(sql, webhookId)).toBe(0);
  });

  it("counts an attempt under way from when its claim runs out", async () => {
    await addDeliveries(sql, webhookId);
    await claimOne("1 minute");
    const dueMs = await nextDueMs(sql, webhookId);
    expect(dueMs).toBeGreaterThan(55_000);
    expect(dueMs).toBeLessThanOrEqual(60_000);
    await sql`update webhook_deliveries set claimed_until = now() - interval '1 s'`;
    expect(await nextDueMs(sql, webhookId)).toBe(0);
  });

  it.each(["paused", "disabled", "deleted"])("is null while the webhook is %s", async (state) => {
    await addDeliveries(sql, webhookId);
    await setState(state);
    expect(await nextDueMs(sql, webhookId)).toBeNull();
  });
});

describe("setBells", () => {
  it("rings each lane once, with a higher number each time", async () => {
    const other = await addWebhook(sql);
    const { bells, held } = await setBells(sql, [webhookId, other]);
    expect(bells.toSorted((a, b) => (a.webhookId < b.webhookId ? -1 : 1))).toEqual(
      [webhookId, other].toSorted().map((id) => ({ webhookId: id, seq: 1 })),
    );
    expect(held).toEqual([]);
    expect(await setBells(sql, [webhookId, other])).toEqual({ bells: [], held: [] });
    await take(ours);
    await release(ours);
    expect((await setBells(sql, [webhookId])).bells).toEqual([{ webhookId, seq: 2 }]);
  });

  it("rings again when a bell led to nothing for ten seconds", async () => {
    await setBells(sql, [webhookId]);
    await sql`update webhook_lanes set bell_at = now() - interval '5 s'`;
    expect((await setBells(sql, [webhookId])).bells).toEqual([]);
    await sql`update webhook_lanes set bell_at = now() - interval '11 s'`;
    expect((await setBells(sql, [webhookId])).bells).toEqual([{ webhookId, seq: 2 }]);
  });

  it("does not ring a lane that is held, but names it; its lease over, it rings", async () => {
    await take(ours);
    expect(await setBells(sql, [webhookId])).toEqual({ bells: [], held: [webhookId] });
    await endLease();
    expect((await setBells(sql, [webhookId])).bells).toHaveLength(1);
  });

  it.each(["paused", "disabled", "deleted"])("does not ring for a webhook %s", async (state) => {
    await setState(state);
    expect(await setBells(sql, [webhookId])).toEqual({ bells: [], held: [] });
  });

  it("rings once when many ring at the same time, in whatever order they name the lanes", async () => {
    const all = [webhookId];
    for (let index = 0; index < 20; index++) all.push(await addWebhook(sql));
    const rings = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        setBells(sql, index % 2 === 0 ? all : all.toReversed()),
      ),
    );
    const rung = rings.flatMap(({ bells }) => bells.map((bell) => bell.webhookId));
    expect(rung.toSorted()).toEqual(all.toSorted());
  });

  it("decides by the lane as a taker before it has left it", async () => {
    const taker = await sql.reserve();
    await taker`begin`;
    await takeLane(taker, { webhookId, holder: ours });
    const ring = setBells(sql, [webhookId]);
    await eventually(async () => {
      const waiting = await sql`select pid from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'`;
      return waiting.length > 0;
    });
    await taker`commit`;
    taker.release();
    expect(await ring).toEqual({ bells: [], held: [webhookId] });
  });

  it("keeps an alarm for later", async () => {
    await setAlarm(sql, { webhookId, dueMs: 60_000 });
    expect((await setBells(sql, [webhookId])).bells).toEqual([{ webhookId, seq: 2 }]);
    expect((await readLane()).alarm_at).not.toBeNull();
  });
});

describe("setAlarm", () => {
  const alarm = (dueMs: number) => setAlarm(sql, { webhookId, dueMs });

  it("sets one for then, in the database's time", async () => {
    const set = await alarm(60_000);
    expect(set).toMatchObject({ webhookId, seq: 1 });
    expect(Math.abs((set?.atMs ?? 0) - Date.now() - 60_000)).toBeLessThan(2000);
    expect(Number.isInteger(set?.atMs)).toBe(true);
  });

  it("sets none when one as early is out, one when it is later, and one anew when it is lost", async () => {
    await alarm(60_000);
    expect(await alarm(60_000)).toBeNull();
    expect(await alarm(120_000)).toBeNull();
    expect(await alarm(59_500)).toBeNull();
    expect(await alarm(30_000)).toMatchObject({ seq: 2 });
    await sql`update webhook_lanes set alarm_at = now() - interval '5 s'`;
    expect(await alarm(30_000)).toBeNull();
    await sql`update webhook_lanes set alarm_at = now() - interval '11 s'`;
    expect(await alarm(30_000)).toMatchObject({ seq: 3 });
  });

  it("is not set again by each release while it waits", async () => {
    await alarm(60_000);
    for (let turn = 0; turn < 3; turn++) {
      await take(ours);
      await release(ours);
      expect(await alarm(60_000)).toBeNull();
    }
  });

  it("does not hide work that is due at once", async () => {
    await alarm(60_000);
    expect((await setBells(sql, [webhookId])).bells).toHaveLength(1);
  });
});

describe("clearBells", () => {
  it("lets the next ring try again", async () => {
    await setBells(sql, [webhookId]);
    await setAlarm(sql, { webhookId, dueMs: 60_000 });
    await clearBells(sql, [webhookId]);
    expect((await setBells(sql, [webhookId])).bells).toEqual([{ webhookId, seq: 3 }]);
    expect(await setAlarm(sql, { webhookId, dueMs: 60_000 })).toMatchObject({ seq: 4 });
  });
});

describe("overdueLanes", () => {
  it("names a lane whose work is overdue and whom nobody looks after", async () => {
    await addWebhook(sql);
    expect(await overdueLanes(sql)).toEqual([]);
    await addDeliveries(sql, webhookId, { dueMsAgo: 5000 });
    expect(await overdueLanes(sql)).toEqual([webhookId]);
  });

  it("leaves alone what is only just due, held, rung for, under way or not active", async () => {
    const [delivery = ""] = await addDeliveries(sql, webhookId, { dueMsAgo: 5000 });
    const cases = [
      () => sql`update webhook_deliveries set next_attempt_at = now() - interval '100 ms'`,
      () => take(ours),
      () => setBells(sql, [webhookId]),
      () => claimOne("1 minute"),
      () => setState("paused"),
      () => endDeliveries(sql, [delivery]),
    ];
    for (const change of cases) {
      await sql`update webhook_lanes set lease_until = null, bell_at = null`;
      await sql`update webhook_deliveries set status = 'pending', claimed_until = null,
        next_attempt_at = now() - interval '5 s'`;
      await setState("active");
      expect(await overdueLanes(sql)).toEqual([webhookId]);
      await change();
      expect([change.toString(), await overdueLanes(sql)]).toEqual([change.toString(), []]);
    }
  });

  it("names it when holder, bell or attempt died", async () => {
    await addDeliveries(sql, webhookId, { dueMsAgo: 5000 });
    await take(ours);
    await endLease();
    await sql`update webhook_lanes set bell_at = now() - interval '11 s'`;
    await claimOne("-1 minute");
    expect(await overdueLanes(sql)).toEqual([webhookId]);
  });
});

describe("however many retries wait for later", () => {
  const holder = newId();
  const looks: Record<string, (tx: Sql) => Promise<unknown>> = {
    takeLane: (tx) => takeLane(tx, { webhookId, holder }),
    claimDue: (tx) =>
      claimDue(tx, {
        webhookId,
        holder,
        most: 10,
        timeoutMs: 1000,
        after: null,
        newestFirst: false,
      }),
    nextDueMs: (tx) => nextDueMs(tx, webhookId),
    countForeignClaims: (tx) => countForeignClaims(tx, webhookId, []),
    interruptClaims: (tx) => interruptClaims(tx, { of: { webhookId }, timeoutMs: 1000, ours: [] }),
    overdueLanes: (tx) => overdueLanes(tx),
  };

  it.each(Object.entries(looks))("%s reads only what is due", async (name, look) => {
    await addDeliveries(sql, webhookId, { count: 2000, dueMsAgo: -3_600_000 });
    await addDeliveries(sql, webhookId, { count: 3 });
    await sql`analyze webhook_deliveries`;
    if (name !== "takeLane") await take(holder);
    const read = await sql.begin(async (tx) => {
      await tx`set local enable_seqscan = off`;
      await look(tx as unknown as Sql); // runs statements, which is all that is asked of it here
      const [row] = await tx<{ rows: number }[]>`
        select (seq_tup_read + idx_tup_fetch)::int as rows
        from pg_stat_xact_user_tables where relname = 'webhook_deliveries'`;
      return row?.rows;
    });
    expect(read).toBeLessThan(100);
  });
});
