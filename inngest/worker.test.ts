import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { createTestDatabase } from "@/db/testing";
import {
  addDeliveries,
  contextOn,
  countDeliveries,
  eventually,
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
import { ring } from "./bells";
import { setParts, startedDeliverer, startedEngine } from "./process";
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
  setParts({ turboDeliverer: undefined, turboEngine: undefined });
  const worker = new Worker();
  await worker.start({ ownsDatabase });
  ends.push(() => worker.stop());
  return worker;
}

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
