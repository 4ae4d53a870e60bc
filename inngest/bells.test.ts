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
  recordingAfterCommit,
  useDatabase,
  useEnv,
  type Answer,
  type Receiver,
} from "@/lib/testing";
import { createWebhook } from "@/lib/webhooks/service";
import { hear } from "./after-commit";
import { returnBell, ring, ringLater } from "./bells";
import { setParts } from "./process";
import { Signals, type Signal } from "./signals";
import { Worker } from "./worker";

useEnv();
const database = await createTestDatabase();
const { sql } = database;
useDatabase(database);
const ends: (() => Promise<unknown>)[] = [];
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

/** This process begins anew. */
async function start(): Promise<Worker> {
  setParts({ turboDeliverer: undefined, turboEngine: undefined, turboSignals: undefined });
  const worker = new Worker();
  await worker.start({ ownsDatabase: true });
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

describe("a process that is stopping", () => {
  it.each<[string, () => Promise<void>]>([
    ["a ring", () => ring([webhookId])],
    ["an alarm", () => ringLater(webhookId, 60_000)],
  ])("passes %s on, for its engine would forget it", async (_, work) => {
    const worker = await start();
    const heard = await listen();
    await worker.stop();
    await addDeliveries(sql, webhookId);
    await work();
    await eventually(() => heard.length > 0);
    expect(heard).toEqual([{ offer: webhookId }]);
    expect(await readLane()).toMatchObject({ bell_seq: 0, bell_at: null });
  });

  it("takes back the bell of a run that comes too late, and passes it on", async () => {
    const worker = await start();
    const heard = await listen();
    await worker.stop();
    await sql`update webhook_lanes set bell_at = now()`;
    await returnBell(webhookId);
    await eventually(() => heard.length > 0);
    expect(heard).toEqual([{ offer: webhookId }]);
    expect(await readLane()).toMatchObject({ bell_at: null });
  });

  it("takes no lane that another one passes on, nor passes it on in its turn", async () => {
    const worker = await start();
    const heard = await listen();
    await worker.stop();
    await hear({ offer: webhookId });
    await ring([webhookId]);
    await eventually(() => heard.length > 0);
    await pause(50);
    expect(heard).toHaveLength(1);
  });

  it("leaves what it has not begun to another one, which goes on at once", async () => {
    const worker = await start();
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

describe("a start", () => {
  it("rings what fell due while the engine was away", async () => {
    await addDeliveries(sql, webhookId, { dueMsAgo: 10 });
    await start();
    // The sweep, which follows, rings what is overdue by a second.
    await eventually(succeeded(1), 2_000);
  });

  it("sets the alarms that the engine forgot", async () => {
    const dueAtMs = performance.now() + 4_500;
    await addDeliveries(sql, webhookId, { dueMsAgo: -4_500 });
    await start();
    await eventually(succeeded(1), 10_000);
    const [post] = receiver.posts;
    expect(post?.beganAtMs).toBeGreaterThan(dueAtMs - 50);
    expect(post?.beganAtMs).toBeLessThan(dueAtMs + 950);
  });
});
