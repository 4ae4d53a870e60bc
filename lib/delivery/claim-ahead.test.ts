import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Database, Sql } from "@/db/client";
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
  type Receiver,
} from "@/lib/testing";
import type { Claim } from "./claim";
import { ClaimAhead } from "./claim-ahead";
import type { Deliverer } from "./deliverer";
import { takeLane } from "./lane";
import { LaneSlots, SocketBudget } from "./slots";

const database = await createTestDatabase();
const { sql } = database;
const ends: (() => Promise<void>)[] = [];
let receiver: Receiver;
let webhookId = "";
let answer: () => Answer | Promise<Answer>;

beforeEach(async () => {
  await sql`truncate webhook_subscriptions, events cascade`;
  answer = () => 200;
  receiver = await openReceiver(() => answer());
  ends.push(receiver.close);
  webhookId = await addWebhook(sql, { url: receiver.url });
});
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});
afterAll(() => database.close());

function open(given: DelivererGiven = {}, db: Database = database): Deliverer {
  const deliverer = makeDeliverer(db, { graceMs: 50, timeoutMs: 20_000, ...given });
  ends.push(() => deliverer.stop());
  return deliverer;
}

const silent = { leave: async () => {} };
const countClaimed = async () => {
  const [row] = await sql<{ count: number }[]>`
    select count(*)::int from webhook_deliveries where claimed_until is not null`;
  return row?.count ?? 0;
};

/** A drain that has claimed ahead and stands still: two POSTs hang until `goOn`. */
async function holdAhead() {
  let goOn: () => void = () => {};
  const held = new Promise<void>((done) => (goOn = done));
  answer = () => (receiver.posts.length <= 60 ? 200 : held.then((): Answer => 200));
  const ids = await addDeliveries(sql, webhookId, { count: 300 });
  const deliverer = open({ parallelism: 2 });
  const draining = deliverer.drain(webhookId, silent);
  await eventually(() => receiver.open === 2);
  await eventually(async () => (await countClaimed()) > 10);
  return { deliverer, draining, ids, goOn, posts: receiver.posts.length };
}

/** Only the two that hang are claimed; the rest is as it was before it was claimed. */
async function areWithdrawn(): Promise<boolean> {
  return (await countClaimed()) === 2;
}

async function expectUntouched(status: "pending" | "cancelled"): Promise<void> {
  const rows = await sql`
    select from webhook_deliveries
    where status = ${status} and claimed_until is null and (attempts <> 0 or interruptions <> 0)`;
  expect(rows).toHaveLength(0);
}

describe("what is claimed and not begun", () => {
  it.each([
    ["paused", "pending"],
    ["deleted", "cancelled"],
  ] as const)("is withdrawn when the webhook is %s", async (state, status) => {
    const { deliverer, draining, goOn, posts } = await holdAhead();
    await sql`update webhook_subscriptions set state = ${state}, terms = 2`;
    deliverer.fence(webhookId, 2);
    await eventually(areWithdrawn);
    await expectUntouched(status);
    goOn();
    await draining;
    expect(receiver.posts).toHaveLength(posts);
  });

  it("goes to the new address when that changes, each as its first attempt", async () => {
    const { deliverer, draining, ids, goOn, posts } = await holdAhead();
    const other = await openReceiver();
    ends.push(other.close);
    await sql`update webhook_subscriptions set url = ${other.url}, terms = 2`;
    deliverer.fence(webhookId, 2);
    goOn();
    await draining;
    expect(receiver.posts).toHaveLength(posts);
    expect(other.posts).toHaveLength(ids.length - posts);
    expect(other.posts.every(({ attempt }) => attempt === 1)).toBe(true);
    expect(await countDeliveries(sql, webhookId, "success")).toBe(ids.length);
  });

  it("is withdrawn when the lease is lost, and another may have it", async () => {
    const { draining, goOn, posts } = await holdAhead();
    await sql`update webhook_lanes set lease_until = now() - interval '1 s'`;
    expect((await takeLane(sql, { webhookId, holder: newId() })).isTaken).toBe(true);
    await eventually(areWithdrawn);
    await expectUntouched("pending");
    goOn();
    await draining;
    expect(receiver.posts).toHaveLength(posts);
  });

  it("is withdrawn when the process stops; what hangs is interrupted", async () => {
    const { deliverer, draining } = await holdAhead();
    await deliverer.stop();
    await draining;
    expect(await countClaimed()).toBe(0);
    const tried = await sql<{ id: string }[]>`
      select id from webhook_deliveries where status = 'pending' and attempts > 0`;
    expect(tried).toHaveLength(2);
    for (const { id } of tried)
      expect(await readAttempts(sql, id)).toMatchObject([{ outcome: "interrupted" }]);
  });

  it("is withdrawn when its slice is over", async () => {
    answer = () => pause(20).then(() => 200);
    await addDeliveries(sql, webhookId, { count: 300 });
    const left: number[] = [];
    const leave = async (dueMs: number) => void left.push(dueMs);
    await open({ parallelism: 4 }).drain(webhookId, { sliceMs: 400, leave });
    expect(await countClaimed()).toBe(0);
    await expectUntouched("pending");
    expect(left.at(-1)).toBe(0);
  });

  it("is withdrawn, not sent, when it has waited too long", async () => {
    const { draining, ids, goOn, posts } = await holdAhead();
    await eventually(areWithdrawn, 5_000);
    await expectUntouched("pending");
    expect(receiver.posts).toHaveLength(posts);
    goOn();
    await draining;
    expect(receiver.posts).toHaveLength(ids.length);
    expect(receiver.posts.every(({ attempt }) => attempt === 1)).toBe(true);
  });

  it("is little while the receiver is slow", async () => {
    answer = () => pause(300).then(() => 200);
    await addDeliveries(sql, webhookId, { count: 20 });
    const draining = open({ parallelism: 2 }).drain(webhookId, silent);
    let most = 0;
    await eventually(async () => {
      most = Math.max(most, await countClaimed());
      return receiver.posts.length === 20;
    }, 10_000);
    await draining;
    expect(most).toBeLessThanOrEqual(7);
  });
});

/** The statements sent by way of this, by what they do. */
function countStatements() {
  const counts = { all: 0, claims: 0, settles: 0 };
  const apply = (target: Sql, self: unknown, args: unknown[]): unknown => {
    const text = Array.isArray(args[0]) ? args[0].join(" ") : "";
    // Parts of a statement are made in the same way.
    if (/^\s*(with|update|select|insert)\s/.test(text) && !text.startsWith("(")) counts.all += 1;
    if (text.includes("due as (")) counts.claims += 1;
    if (text.includes("insert into webhook_attempts")) counts.settles += 1;
    return Reflect.apply(target, self, args);
  };
  return { counts, db: { ...database, sql: new Proxy(sql, { apply }) } };
}

describe("statements", () => {
  it("are few for a burst of a thousand on one webhook", async () => {
    await addDeliveries(sql, webhookId, { count: 1_000 });
    const { counts, db } = countStatements();
    await open({}, db).drain(webhookId, silent);
    expect(await countDeliveries(sql, webhookId, "success")).toBe(1_000);
    expect(receiver.mostOpen).toBeLessThanOrEqual(10);
    expect(counts.claims).toBeLessThanOrEqual(40);
    expect(counts.settles).toBeLessThanOrEqual(120);
  });

  it("are four for one event on an idle lane: take and claim, settle, release, look", async () => {
    await addDeliveries(sql, webhookId);
    const { counts, db } = countStatements();
    await open({}, db).drain(webhookId, silent);
    expect(await countDeliveries(sql, webhookId, "success")).toBe(1);
    expect(counts).toEqual({ all: 4, claims: 1, settles: 1 });
  });
});

describe("ClaimAhead", () => {
  const claimOf = (body: string) => ({ body, terms: 1 }) as Claim;

  it("reaches twice as far with each claim, as far as the answers are quick and bodies small", () => {
    const ahead = new ClaimAhead();
    const slots = new LaneSlots(new SocketBudget(100), 10);
    const claimAll = (body: string) => {
      const room = ahead.room(slots, 0);
      const claims = Array.from({ length: room }, () => claimOf(body));
      ahead.add(claims, { reach: ahead.reach(slots.limit), isFirst: false });
      ahead.take(room);
      return room;
    };
    expect([claimAll("{}"), claimAll("{}")]).toEqual([10, 10]);
    ahead.note(5);
    expect([1, 2, 3, 4, 5, 6].map(() => claimAll("{}"))).toEqual([20, 40, 80, 160, 200, 200]);
    claimAll("x".repeat(256 * 1024));
    expect(claimAll("{}")).toBe(32);
    for (let turn = 0; turn < 30; turn++) ahead.note(500);
    expect(claimAll("{}")).toBeLessThan(25);
  });
});
