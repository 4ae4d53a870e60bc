import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { connect } from "@/db/client";
import { createTestDatabase } from "@/db/testing";
import { openRelay } from "@/test/kit/relay";
import { newId } from "@/lib/id";
import {
  addDeliveries,
  addWebhook,
  countDeliveries,
  eventually,
  makeDeliverer,
  openReceiver,
  readAttempts,
  readDelivery,
  type Receiver,
} from "@/lib/testing";
import { claimDue } from "./claim";
import { takeLane } from "./lane";
import { keepReleasing } from "./lease";
import { giveBackLost } from "./lost-claims";

const database = await createTestDatabase();
const { sql } = database;
const timeoutMs = 30_000;
const ends: (() => Promise<void>)[] = [];
let receiver: Receiver;
let webhookId = "";

beforeEach(async () => {
  await sql`truncate webhook_subscriptions, events cascade`;
  receiver = await openReceiver();
  ends.push(receiver.close);
  webhookId = await addWebhook(sql, { url: receiver.url });
});
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});
afterAll(() => database.close());

/** The database by a way that a test can disturb. */
async function openDisturbed() {
  const relay = await openRelay(database.url);
  const pools = connect(relay.url, { statementTimeoutMs: 500 });
  ends.push(async () => {
    await pools.close();
    await relay.close();
  });
  return { relay, pools };
}

describe("a claim whose answer is lost", () => {
  it("is given back, so that its deliveries go out at once, as if it had never been", async () => {
    const ids = await addDeliveries(sql, webhookId, { count: 3 });
    const { relay, pools } = await openDisturbed();
    relay.cutAnswerWith(ids[1] ?? "");
    const deliverer = makeDeliverer(pools, { timeoutMs });
    ends.push(() => deliverer.stop());
    const drained = deliverer.drain(webhookId, { leave: async () => {} });
    await eventually(async () => (await countDeliveries(sql, webhookId, "success")) === 3);
    expect(receiver.posts.map(({ deliveryId }) => deliveryId).toSorted()).toEqual(ids);
    for (const id of ids) {
      expect(await readAttempts(sql, id)).toMatchObject([{ number: 1, outcome: "success" }]);
    }
    expect(await drained).toEqual({ isTaken: true });
  });

  it("is told from every other claim of the lane", async () => {
    const [older = "", lost = "", ours = "", test = ""] = await addDeliveries(sql, webhookId, {
      count: 4,
      dueMsAgo: 1_000,
    });
    const claimOf = async (id: string, msAgo: number) => {
      await sql`
        update webhook_deliveries set attempts = 1, claimed_until =
          clock_timestamp() + interval '40 s' - ${msAgo} * interval '1 ms' where id = ${id}`;
    };
    await claimOf(older, 500);
    const { heldSinceMs } = await takeLane(sql, { webhookId, holder: newId() });
    for (const id of [lost, ours, test]) await claimOf(id, 0);
    await sql`update webhook_deliveries set trigger = 'test' where id = ${test}`;
    const span = { webhookId, fromMs: heldSinceMs, untilMs: heldSinceMs + 5_000 };
    expect(await giveBackLost(sql, { lost: span, timeoutMs, ours: [ours] })).toBe(1);
    expect(await readDelivery(sql, lost)).toMatchObject({ attempts: 0, claimed_until: null });
    for (const id of [older, ours, test]) {
      const row = await readDelivery(sql, id);
      expect([row.attempts, row.claimed_until === null]).toEqual([1, false]);
    }
    const past = { webhookId, fromMs: heldSinceMs, untilMs: heldSinceMs - 1 };
    expect(await giveBackLost(sql, { lost: past, timeoutMs, ours: [] })).toBe(0);
  });

  it("takes nothing when it comes after the lease", async () => {
    await addDeliveries(sql, webhookId);
    const holder = newId();
    await takeLane(sql, { webhookId, holder });
    await sql`update webhook_lanes set lease_until = now() - interval '1 ms'`;
    const claim = { webhookId, holder, most: 10, timeoutMs, after: null, newestFirst: false };
    expect(await claimDue(sql, claim)).toEqual([]);
  });
});

describe("a lane whose holder ends while the database is silent", () => {
  it("is released as soon as that goes on", async () => {
    const holder = newId();
    await takeLane(sql, { webhookId, holder });
    const { relay, pools } = await openDisturbed();
    await pools.sql`select 1`;
    relay.freeze();
    const isHeld = async () => {
      const [lane] = await sql`select holder from webhook_lanes`;
      return lane?.holder === holder;
    };
    let failures = 0;
    const released = keepReleasing(pools.sql, { webhookId, holder, timeoutsInRow: 0 }, () => {
      failures += 1;
      return false;
    });
    await eventually(() => failures === 2);
    expect(await isHeld()).toBe(true);
    relay.thaw();
    await released;
    expect(await isHeld()).toBe(false);
  });
});
