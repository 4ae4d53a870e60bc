import postgres from "postgres";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { connect } from "@/db/client";
import { createTestDatabase } from "@/db/testing";
import {
  addDeliveries,
  contextOn,
  countDeliveries,
  eventually,
  makeDeliverer,
  openReceiver,
  pause,
  readAttempts,
  readDelivery,
  recordingAfterCommit,
  useDatabase,
  useEnv,
  type Answer,
  type Receiver,
} from "@/lib/testing";
import { newId } from "@/lib/id";
import { createWebhook } from "@/lib/webhooks/service";
import { hear } from "./after-commit";
import { ringLater } from "./alarms";
import { returnBell, ring } from "./bells";
import { setParts, startedDeliverer, startedEngine } from "./process";
import { Signals, type Signal } from "./signals";
import { Worker } from "./worker";

useEnv();
const database = await createTestDatabase();
const { sql } = database;
useDatabase(database);
const ends: (() => Promise<void>)[] = [];
let receiver: Receiver;
let answer: () => Answer | Promise<Answer>;
let webhookId = "";

beforeEach(async () => {
  await sql`truncate webhook_subscriptions, events cascade`;
  answer = () => 200;
  receiver = await openReceiver(() => answer());
  ends.push(receiver.close);
  const input = { name: "Test", url: receiver.url, event_types: ["*"] };
  webhookId = (await createWebhook(contextOn(database, recordingAfterCommit()), input)).id;
});
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});
afterAll(() => database.close());

/** A process begins: engine and deliverer are made anew. */
async function start(ownsDatabase: boolean): Promise<Worker> {
  setParts({ turboDeliverer: undefined, turboEngine: undefined, turboSignals: undefined });
  const worker = new Worker();
  await worker.start({ ownsDatabase });
  ends.push(() => worker.stop());
  return worker;
}

/** What another process hears. */
async function listen(): Promise<Signal[]> {
  const heard: Signal[] = [];
  const listener = postgres(database.url, { max: 1 });
  ends.push(() => listener.end());
  await listener.listen("turbo_lanes", (text) => void heard.push(JSON.parse(text)));
  return heard;
}

const readLane = async () => {
  const [lane] = await sql`select bell_seq, bell_at, holder from webhook_lanes`;
  return lane;
};
const succeeded = (count: number) => async () =>
  (await countDeliveries(sql, webhookId, "success")) === count;

/** What a process leaves that was killed: a lease, a bell, and an attempt under way. */
async function leaveBehind(): Promise<string> {
  const [id = ""] = await addDeliveries(sql, webhookId, { dueMsAgo: 3_000 });
  await sql`update webhook_deliveries set attempts = 1, claimed_until = now() + interval '40 s'`;
  await sql`update webhook_lanes set holder = ${newId()}, bell_at = now(),
    lease_until = now() + interval '10 s'`;
  return id;
}

describe("a boot", () => {
  it("that owns the database goes on at once with what a killed process left", async () => {
    const id = await leaveBehind();
    await start(true);
    await eventually(succeeded(1), 5_000);
    const outcomes = (await readAttempts(sql, id)).map(({ outcome }) => outcome);
    expect(outcomes).toEqual(["interrupted", "success"]);
    expect(receiver.posts).toMatchObject([{ attempt: 2 }]);
  });

  it("beside other processes leaves their leases and attempts alone", async () => {
    const id = await leaveBehind();
    await start(false);
    await pause(300);
    expect(receiver.posts).toEqual([]);
    expect((await readDelivery(sql, id)).claimed_until).not.toBeNull();
  });

  it("rings for what nobody looks after", async () => {
    await addDeliveries(sql, webhookId, { count: 5, dueMsAgo: 3_000 });
    await start(false);
    await eventually(succeeded(5), 5_000);
  });

  it("holds everything when WEBHOOK_ENABLED is false", async () => {
    useEnv({ WEBHOOK_ENABLED: "false" });
    await addDeliveries(sql, webhookId, { dueMsAgo: 3_000 });
    await start(true);
    await ring([webhookId]);
    await pause(300);
    expect(receiver.posts).toEqual([]);
    expect(await countDeliveries(sql, webhookId, "pending")).toBe(1);
    useEnv();
  });
});

describe("a stop", () => {
  it("waits for what is under way, begins nothing more, and leaves lane and engine free", async () => {
    answer = () => pause(400).then(() => 200);
    await addDeliveries(sql, webhookId, { count: 15 });
    const worker = await start(true);
    await ring([webhookId]);
    await eventually(() => receiver.open === 10);
    await worker.stop();
    expect(receiver.posts).toHaveLength(10);
    expect(await countDeliveries(sql, webhookId, "success")).toBe(10);
    expect(startedDeliverer()?.inFlight).toBe(0);
    const [lane] = await sql`select holder, lease_until from webhook_lanes`;
    expect(lane).toEqual({ holder: null, lease_until: null });
    await start(true);
    await eventually(succeeded(15), 5_000);
    expect(startedEngine()).toBeDefined();
  });
});

describe("a process that is stopping", () => {
  it.each<[string, () => Promise<void>]>([
    ["a ring", () => ring([webhookId])],
    ["an alarm", () => ringLater(webhookId, 60_000)],
  ])("passes %s on, for its engine would forget it", async (_, work) => {
    const worker = await start(true);
    const heard = await listen();
    await worker.stop();
    await addDeliveries(sql, webhookId);
    await work();
    await eventually(() => heard.length > 0);
    expect(heard).toEqual([{ offer: webhookId }]);
    expect(await readLane()).toMatchObject({ bell_seq: 0, bell_at: null });
  });

  it("takes back the bell of a run that comes too late, and passes it on", async () => {
    const worker = await start(true);
    const heard = await listen();
    await worker.stop();
    await sql`update webhook_lanes set bell_at = now()`;
    await returnBell(webhookId);
    await eventually(() => heard.length > 0);
    expect(heard).toEqual([{ offer: webhookId }]);
    expect(await readLane()).toMatchObject({ bell_at: null });
  });

  it("takes no lane that another one passes on, nor passes it on in its turn", async () => {
    const worker = await start(true);
    const heard = await listen();
    await worker.stop();
    await hear({ offer: webhookId });
    await ring([webhookId]);
    await eventually(() => heard.length > 0);
    await pause(50);
    expect(heard).toHaveLength(1);
  });

  it("leaves what it has not begun to another one, which goes on at once", async () => {
    const worker = await start(true);
    const own = connect(database.url, { max: 4 });
    const other = makeDeliverer(own, { openSecret: () => "a secret that nobody checks here" });
    const signals = new Signals(own.sql);
    await signals.start((signal) => {
      if ("offer" in signal) void other.drain(signal.offer, { leave: async () => {} });
    });
    ends.push(async () => {
      await other.stop();
      await signals.stop();
      await own.close();
    });
    answer = () => pause(300).then(() => 200);
    await addDeliveries(sql, webhookId, { count: 15 });
    await ring([webhookId]);
    await eventually(() => receiver.open === 10);
    await worker.stop();
    // Sooner than the next sweep of anybody.
    await eventually(succeeded(15), 2_500);
    expect(receiver.posts).toHaveLength(15);
  });
});

describe("a start of the engine", () => {
  it("rings what fell due while the engine was away", async () => {
    await addDeliveries(sql, webhookId, { dueMsAgo: 10 });
    await start(true);
    // The sweep, which follows, rings what is overdue by a second.
    await eventually(succeeded(1), 2_000);
  });

  it("sets the alarms that the engine forgot", async () => {
    const dueAtMs = performance.now() + 4_500;
    await addDeliveries(sql, webhookId, { dueMsAgo: -4_500 });
    await start(true);
    await eventually(succeeded(1), 10_000);
    const [post] = receiver.posts;
    expect(post?.beganAtMs).toBeGreaterThan(dueAtMs - 50);
    expect(post?.beganAtMs).toBeLessThan(dueAtMs + 950);
  });
});
