import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { connect } from "@/db/client";
import { createTestDatabase } from "@/db/testing";
import { newId } from "@/lib/id";
import {
  addDeliveries,
  addWebhook,
  countDeliveries,
  eventually,
  makeDeliverer,
  openReceiver,
  pause,
  readAttempts,
  type Answer,
  type DelivererGiven,
  type ReceivedPost,
  type Receiver,
} from "@/lib/testing";
import type { Deliverer } from "./deliverer";
import { nextDueMs, releaseLane, setAlarm, setBells, takeLane } from "./lane";

const database = await createTestDatabase();
const { sql } = database;
const ends: (() => Promise<void>)[] = [];
let receiver: Receiver;
let answer: (post: ReceivedPost) => Answer | Promise<Answer>;

beforeEach(async () => {
  await sql`truncate webhook_subscriptions, events cascade`;
  answer = () => 200;
  receiver = await openReceiver((post) => answer(post));
  ends.push(receiver.close);
});
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});
afterAll(() => database.close());

/** A deliverer with connections of its own, as another process has them. */
function openProcess(given: DelivererGiven = {}): Deliverer {
  const own = connect(database.url, { max: 6 });
  const deliverer = makeDeliverer(own, { graceMs: 50, ...given });
  ends.push(async () => {
    await deliverer.stop();
    await own.close();
  });
  return deliverer;
}

const addLanes = (count: number) =>
  Promise.all(Array.from({ length: count }, () => addWebhook(sql, { url: receiver.url })));

const upTo = (ms: number) => Math.random() * ms;

async function isAllDone(lanes: string[], each: number): Promise<boolean> {
  const counts = await Promise.all(lanes.map((id) => countDeliveries(sql, id, "success")));
  return counts.every((count) => count === each);
}

/** What must hold of every attempt, whoever made it. */
async function checkAttempts(): Promise<void> {
  const posted = receiver.posts.map(({ deliveryId, attempt }) => `${deliveryId} ${attempt}`);
  expect(new Set(posted).size).toBe(posted.length);
  expect(receiver.overlaps).toBe(0);
  const gaps = await sql`
    select delivery.id from webhook_deliveries delivery
    where attempts <> (select count(*) from webhook_attempts where delivery_id = delivery.id)
      or attempts <> (select max(number) from webhook_attempts where delivery_id = delivery.id)`;
  expect(gaps).toEqual([]);
}

describe("the last moments of a holder, by hand", () => {
  const holder = newId();
  let webhookId = "";

  beforeEach(async () => {
    webhookId = await addWebhook(sql);
    await takeLane(sql, { webhookId, holder });
    expect(await nextDueMs(sql, webhookId)).toBeNull();
  });

  const release = () => releaseLane(sql, { webhookId, holder, timeoutsInRow: 0 });
  const ring = async () => (await setBells(sql, [webhookId])).bells.length;

  it("a row that commits after its last look, and rings in vain, is seen after the release", async () => {
    await addDeliveries(sql, webhookId);
    expect(await ring()).toBe(0);
    await release();
    expect(await nextDueMs(sql, webhookId)).toBe(0);
    expect(await ring()).toBe(1);
  });

  it("a row that commits late rings after a release that did not see it", async () => {
    const writer = await sql.reserve();
    await writer`begin`;
    const [id = ""] = await addDeliveries(writer, webhookId);
    await release();
    expect(await nextDueMs(sql, webhookId)).toBeNull();
    await writer`commit`;
    writer.release();
    expect(await ring()).toBe(1);
    expect(id).not.toBe("");
  });

  it("a ring that waits for a release under way finds the lane free", async () => {
    const releaser = await sql.reserve();
    await releaser`begin`;
    await releaseLane(releaser, { webhookId, holder, timeoutsInRow: 0 });
    await addDeliveries(sql, webhookId);
    const ringing = ring();
    await pause(20);
    await releaser`commit`;
    releaser.release();
    expect(await ringing).toBe(1);
  });

  it("a bell that a loser used up is rung anew by the holder's last look", async () => {
    await release();
    await addDeliveries(sql, webhookId);
    expect(await ring()).toBe(1);
    await takeLane(sql, { webhookId, holder });
    await addDeliveries(sql, webhookId);
    // Rung for again by hand, as if before the lane was taken.
    await sql`update webhook_lanes set bell_at = now()`;
    expect(await ring()).toBe(0);
    expect((await takeLane(sql, { webhookId, holder: newId() })).isTaken).toBe(false);
    await release();
    expect(await nextDueMs(sql, webhookId)).toBe(0);
    expect(await ring()).toBe(1);
  });

  it("an alarm that a loser used up is set anew by the holder's last look", async () => {
    await addDeliveries(sql, webhookId, { dueMsAgo: -800 });
    expect(await setAlarm(sql, { webhookId, dueMs: 800 })).not.toBeNull();
    expect((await takeLane(sql, { webhookId, holder: newId() })).isTaken).toBe(false);
    await release();
    const dueMs = (await nextDueMs(sql, webhookId)) ?? 0;
    expect(dueMs).toBeGreaterThan(0);
    expect(await setAlarm(sql, { webhookId, dueMs })).not.toBeNull();
  });

  it("no two bells or alarms ever bear one number", async () => {
    const seqs = [];
    for (let turn = 0; turn < 3; turn++) {
      await release();
      for (const { seq } of (await setBells(sql, [webhookId])).bells) seqs.push(seq);
      seqs.push((await setAlarm(sql, { webhookId, dueMs: 60_000 - turn * 10_000 }))?.seq);
      await takeLane(sql, { webhookId, holder });
    }
    expect(seqs).toEqual([1, 2, 3, 4, 5, 6]);
  });
});

describe("three processes on one database", () => {
  it("never make an attempt twice or two of a delivery at once, and keep the parallelism", async () => {
    answer = async ({ attempt }) => {
      await pause(upTo(25));
      return attempt < 3 && Math.random() < 0.3 ? 503 : 200;
    };
    const lanes = await addLanes(3);
    const given = { parallelism: 4, retryDelaysSeconds: Array(20).fill(0.03) };
    const processes = [1, 2, 3].map(() => openProcess(given));
    for (const id of lanes) await addDeliveries(sql, id, { count: 120 });
    let isOver = false;
    const working = processes.flatMap((process) =>
      lanes.map(async (id) => {
        while (!isOver) {
          await process.drain(id, { sliceMs: upTo(120), leave: async () => {} });
          await pause(upTo(10));
        }
      }),
    );
    await eventually(() => isAllDone(lanes, 120), 20_000).finally(() => (isOver = true));
    await Promise.all(working);
    await checkAttempts();
    expect(receiver.mostOpen).toBeLessThanOrEqual(3 * 4);
  });

  it("make no attempt twice when lanes are taken from their holders", async () => {
    answer = () => pause(upTo(25)).then(() => 200);
    const lanes = await addLanes(3);
    const processes = [1, 2, 3].map(() => openProcess({ parallelism: 3 }));
    for (const id of lanes) await addDeliveries(sql, id, { count: 100 });
    let isOver = false;
    const working = processes.flatMap((process) =>
      lanes.map(async (id) => {
        while (!isOver) {
          await process.drain(id, { leave: async () => {} });
          await pause(upTo(10));
        }
      }),
    );
    const robbing = (async () => {
      while (!isOver) {
        await sql`update webhook_lanes set lease_until = now() - interval '1 s'
          where webhook_id = ${lanes[Math.floor(upTo(3))] ?? ""}`;
        await pause(upTo(60));
      }
    })();
    await eventually(() => isAllDone(lanes, 100), 20_000).finally(() => (isOver = true));
    await Promise.all([...working, robbing]);
    await checkAttempts();
  });
});

describe("bells between two processes", () => {
  /**
   * Carries bells as an engine does, to either process, after a moment; hints are lost half of the
   * time, and nobody sweeps: whatever is lost stays lost.
   */
  function carryBells(processes: Deliverer[]) {
    const runs = new Set<Promise<unknown>>();
    const anyone = () => processes[Math.floor(upTo(processes.length))] ?? processes[0];
    const run = (webhookId: string, afterMs: number) => {
      const leave = async (dueMs: number) => {
        if (dueMs <= 0) return ring([webhookId]);
        const alarm = await setAlarm(sql, { webhookId, dueMs });
        if (alarm) run(webhookId, dueMs);
      };
      const running = pause(afterMs).then(() => anyone()?.drain(webhookId, { leave }));
      runs.add(running);
      void running.finally(() => runs.delete(running));
    };
    const ring = async (webhookIds: string[], from = anyone()): Promise<void> => {
      const elsewhere = webhookIds.filter((id) => !from?.wake(id));
      if (elsewhere.length === 0) return;
      const { bells, held } = await setBells(sql, elsewhere);
      for (const { webhookId } of bells) run(webhookId, upTo(4));
      for (const id of held)
        if (Math.random() < 0.5) for (const process of processes) process.wake(id);
    };
    return { ring, idle: async () => void (await Promise.all(runs)) };
  }

  it("never lose work, however it falls between the end of one turn and the next", async () => {
    const processes = [openProcess(), openProcess()];
    const { ring, idle } = carryBells(processes);
    const lanes = await addLanes(16);
    const rounds = 25;
    await Promise.all(
      lanes.map(async (id) => {
        for (let round = 1; round <= rounds; round++) {
          await addDeliveries(sql, id);
          await ring([id]);
          await eventually(async () => (await countDeliveries(sql, id, "success")) === round);
          // A holder lingers 100 ms, and then looks, releases, and looks again.
          await pause(85 + upTo(40));
        }
      }),
    );
    await idle();
    expect(await isAllDone(lanes, rounds)).toBe(true);
    await checkAttempts();
  });

  it("bring what is tried again later, by alarms alone", async () => {
    answer = ({ attempt }) => (attempt < 3 ? 500 : 200);
    const given = { retryDelaysSeconds: [3.9, 0.2] };
    const { ring, idle } = carryBells([openProcess(given), openProcess(given)]);
    const lanes = await addLanes(3);
    for (const id of lanes) await addDeliveries(sql, id, { count: 2 });
    await ring(lanes);
    await eventually(() => isAllDone(lanes, 2), 10_000);
    await idle();
    const [delivery] = await sql<{ id: string }[]>`select id from webhook_deliveries limit 1`;
    const outcomes = (await readAttempts(sql, delivery?.id ?? "")).map(({ outcome }) => outcome);
    expect(outcomes).toEqual(["failure", "failure", "success"]);
  });
});
