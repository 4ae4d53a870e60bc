import postgres from "postgres";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { connect } from "@/db/client";
import { createTestDatabase } from "@/db/testing";
import { makeDeferred } from "@/test/kit/until";
import type { Deliverer } from "@/lib/delivery/deliverer";
import { markTermsSeen } from "@/lib/delivery/fence";
import { issue } from "@/lib/entities/issue";
import { createEntity } from "@/lib/entities/write";
import { newId } from "@/lib/id";
import {
  addDeliveries,
  contextOn,
  countDeliveries,
  eventually,
  makeDeliverer,
  openReceiver,
  pause,
  readDelivery,
  recordingAfterCommit,
  useDatabase,
  useEnv,
  type Answer,
  type ReceivedPost,
  type Receiver,
} from "@/lib/testing";
import { createWebhook, deleteWebhook, pauseWebhook, updateWebhook } from "@/lib/webhooks/service";
import { sendTest } from "@/lib/webhooks/test-delivery";
import { fence, hear, afterCommit } from "./after-commit";
import { ringLater } from "./alarms";
import { ring } from "./bells";
import { eventsOf } from "./embedded/testing";
import { deliverer, setParts, startedEngine } from "./process";
import { Signals } from "./signals";
import { sweep } from "./sweep";
import { Worker } from "./worker";

const settings = { WEBHOOK_RETRY_SCHEDULE: "4s", WEBHOOK_TIMEOUT: "5" };
const database = await createTestDatabase();
const { sql } = database;
const ends: (() => Promise<void>)[] = [];
const kept: Promise<unknown>[] = [];
const ctx = contextOn(
  database,
  afterCommit((work) => void kept.push(work)),
);
let worker: Worker;
let receiver: Receiver;
let webhookId = "";
let answer: (post: ReceivedPost) => Answer | Promise<Answer>;

beforeAll(async () => {
  useEnv(settings);
  useDatabase(database);
  worker = new Worker();
  await worker.start({ ownsDatabase: true });
  const engine = startedEngine();
  if (!engine) throw new Error("the worker starts it");
  noteBells(engine);
});
beforeEach(async () => {
  useEnv(settings);
  answer = () => 200;
  receiver = await openReceiver((post) => answer(post));
  ends.push(receiver.close);
  webhookId = await addWebhook(receiver.url);
});
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
  await Promise.all(kept.splice(0));
});
afterAll(async () => {
  await worker.stop();
  await database.close();
});

async function addWebhook(url: string): Promise<string> {
  const input = { name: "Test", url, event_types: ["issue.created"] };
  return (await createWebhook(ctx, input)).id;
}

type Lane = {
  holder: string | null;
  bell_seq: number;
  bell_at: Date | null;
  alarm_at: Date | null;
};

async function readLane(id = webhookId): Promise<Lane> {
  const [lane] = await sql<Lane[]>`select * from webhook_lanes where webhook_id = ${id}`;
  if (!lane) throw new Error("there is no lane");
  return lane;
}

const succeeded = (count: number) => async () =>
  (await countDeliveries(sql, webhookId, "success")) === count;

/** The lane is nobody's any more: the next ring needs a bell. */
const isFree = async () => (await readLane()).holder === null;

const holdElsewhere = (holder: string) => sql`update webhook_lanes
  set holder = ${holder}, lease_until = now() + interval '10 s' where webhook_id = ${webhookId}`;

const sent: ReturnType<typeof eventsOf> = [];
type StartedEngine = NonNullable<ReturnType<typeof startedEngine>>;

/** Lets the engine have bells as before, and notes them. */
function noteBells(engine: StartedEngine): void {
  const fetch: StartedEngine["fetch"] = (input, init) => {
    sent.push(...eventsOf(init));
    return engine.fetch(input, init);
  };
  setParts({ turboEngine: { queued: 0, fetch } });
}

/** The bells sent for the lane, and its alarms. */
const bells = () => sent.filter(({ data }) => data.webhookId === webhookId);
const idsOfBells = () => bells().map(({ id }) => id);

describe("ring", () => {
  it("leads, by a bell of the engine, to the delivery", async () => {
    const ids = await addDeliveries(sql, webhookId, { count: 3 });
    await ring([webhookId]);
    await eventually(succeeded(3));
    expect(receiver.posts.map(({ deliveryId }) => deliveryId).toSorted()).toEqual(ids.toSorted());
    await eventually(isFree);
    expect(idsOfBells()).toEqual([`lane:${webhookId}:1`]);
    const used = { holder: null, bell_seq: 1, bell_at: null, alarm_at: null };
    expect(await readLane()).toMatchObject(used);
  });

  it("is one bell for many rings at once, and for several lanes one statement", async () => {
    const other = await addWebhook(receiver.url);
    await addDeliveries(sql, webhookId, { count: 20 });
    await addDeliveries(sql, other);
    await Promise.all(Array.from({ length: 20 }, () => ring([webhookId, other])));
    await eventually(succeeded(20));
    expect((await readLane()).bell_seq).toBe(1);
    expect((await readLane(other)).bell_seq).toBe(1);
  });

  it("needs no bell while a drain of this process has the lane", async () => {
    const answered = makeDeferred<Answer>();
    const [held] = await addDeliveries(sql, webhookId);
    answer = ({ deliveryId }) => (deliveryId === held ? answered.promise : 200);
    await ring([webhookId]);
    await eventually(() => receiver.open === 1);
    for (let round = 1; round <= 5; round++) {
      await addDeliveries(sql, webhookId);
      await ring([webhookId]);
      await eventually(succeeded(round));
    }
    answered.resolve(200);
    await eventually(succeeded(6));
    await eventually(isFree);
    expect(bells()).toHaveLength(1);
  });

  it("gives each bell an event id of its own, so that none is taken for a repetition", async () => {
    for (let round = 1; round <= 3; round++) {
      await addDeliveries(sql, webhookId);
      await ring([webhookId]);
      await eventually(succeeded(round));
      await eventually(isFree);
    }
    expect(idsOfBells()).toEqual([1, 2, 3].map((seq) => `lane:${webhookId}:${seq}`));
  });

  it("tells other processes of a lane that one of them holds", async () => {
    const heard: string[] = [];
    const listener = postgres(database.url, { max: 1 });
    ends.push(() => listener.end());
    await listener.listen("turbo_lanes", (text) => void heard.push(text));
    await holdElsewhere(newId());
    await addDeliveries(sql, webhookId);
    await ring([webhookId]);
    await eventually(() => heard.length > 0);
    expect(heard.map((text) => JSON.parse(text))).toEqual([{ wake: webhookId }]);
    expect(bells()).toEqual([]);
  });

  it("rings for nothing when WEBHOOK_ENABLED is false", async () => {
    useEnv({ ...settings, WEBHOOK_ENABLED: "false" });
    await addDeliveries(sql, webhookId);
    await ring([webhookId]);
    expect(await readLane()).toMatchObject({ bell_seq: 0, bell_at: null });
  });

  it("does not reject when the database is away", async () => {
    const closed = connect(database.url);
    await closed.close();
    useDatabase(closed);
    await Promise.all([ring([webhookId]), ringLater(webhookId, 60_000)]);
    useDatabase(database);
  });

  it("takes a bell back that could not be sent, and the sweep finds what it was for", async () => {
    const started = startedEngine();
    await addDeliveries(sql, webhookId, { dueMsAgo: 2_000 });
    const fetch = async () => Response.json({ error: "away", status: 503 }, { status: 503 });
    setParts({ turboEngine: { queued: 0, fetch } });
    await ring([webhookId]).finally(() => setParts({ turboEngine: started }));
    expect(await readLane()).toMatchObject({ bell_seq: 1, bell_at: null });
    expect(bells()).toEqual([]);
    expect((await sweep()).rung).toBeGreaterThanOrEqual(1);
    await eventually(succeeded(1));
  }, 60_000);
});

describe("an alarm", () => {
  it("brings a retry when it is due, and lets new work through meanwhile", async () => {
    answer = ({ attempt, deliveryId }) => (deliveryId === failing && attempt === 1 ? 500 : 200);
    const [failing = ""] = await addDeliveries(sql, webhookId);
    await ring([webhookId]);
    await eventually(() => bells().length === 2);
    const { next_attempt_at } = await readDelivery(sql, failing);
    const differenceMs = (bells()[1]?.ts ?? 0) - (next_attempt_at?.getTime() ?? 0);
    expect(Math.abs(differenceMs)).toBeLessThan(50);
    await addDeliveries(sql, webhookId);
    await ring([webhookId]);
    await eventually(succeeded(1), 2_000);
    expect((await readDelivery(sql, failing)).status).toBe("pending");
    await eventually(succeeded(2), 7_000);
    const [first, last] = receiver.posts.filter(({ deliveryId }) => deliveryId === failing);
    expect((last?.beganAtMs ?? 0) - (first?.beganAtMs ?? 0)).toBeGreaterThan(3_000);
    // The failing one, the new one, and the alarm, which was set once.
    expect(bells()).toHaveLength(3);
  });

  it("of no delay is a ring", async () => {
    await addDeliveries(sql, webhookId);
    await ringLater(webhookId, 0);
    await eventually(succeeded(1));
  });

  it("is set once for one time", async () => {
    await ringLater(webhookId, 3_600_000);
    await ringLater(webhookId, 3_600_000);
    expect(bells()).toHaveLength(1);
    expect(Math.abs((bells()[0]?.ts ?? 0) - Date.now() - 3_600_000)).toBeLessThan(5_000);
  });
});

describe("what verbs leave for after the commit", () => {
  it("carries a change to its receiver, signed", async () => {
    const row = await createEntity(ctx, issue, { title: "Broken" });
    await eventually(() => receiver.posts.length === 1);
    const [post] = receiver.posts;
    expect(JSON.parse(post?.body ?? "")).toMatchObject({
      event_type: "issue.created",
      entity_id: row.id,
    });
    expect(post?.headers).toMatchObject({
      "x-turbo-event": "issue.created",
      "x-turbo-timestamp": JSON.parse(post?.body ?? "").timestamp,
      "user-agent": expect.stringMatching(/^Turbo-Webhooks\/\d/),
    });
    await eventually(succeeded(1));
    expect(kept.length).toBeGreaterThan(0);
  });

  it("sends a test at once, beside a lane that somebody else holds", async () => {
    await holdElsewhere(newId());
    const delivery = await sendTest(ctx, { id: webhookId, input: {} });
    await eventually(async () => (await readDelivery(sql, delivery.id)).status === "success");
    expect(receiver.posts).toMatchObject([{ deliveryId: delivery.id, attempt: 1 }]);
    await sql`update webhook_lanes set lease_until = null`;
  });
});

describe("fence", () => {
  it("answers at once when nobody holds the lane, or this process does", async () => {
    await fence(webhookId, 1);
    const answered = makeDeferred<Answer>();
    answer = () => answered.promise;
    await addDeliveries(sql, webhookId);
    await ring([webhookId]);
    await eventually(() => receiver.open === 1);
    await sql`update webhook_subscriptions set terms = 2 where id = ${webhookId}`;
    await fence(webhookId, 2);
    expect(receiver.open, "the POST goes on").toBe(1);
    answered.resolve(200);
    await eventually(succeeded(1));
  });

  it("waits for the holder to say that it knows", async () => {
    const holder = newId();
    await holdElsewhere(holder);
    let isOver = false;
    const fencing = fence(webhookId, 2).then(() => (isOver = true));
    await pause(150);
    expect(isOver).toBe(false);
    await markTermsSeen(sql, { webhookId, terms: 2, holders: [newId()] });
    await pause(100);
    expect(isOver).toBe(false);
    await markTermsSeen(sql, { webhookId, terms: 2, holders: [holder] });
    await fencing;
  });

  it("holds for a second pause as well, which finds the webhook paused", async () => {
    const holder = newId();
    await holdElsewhere(holder);
    let answered = 0;
    const pauses = [1, 2].map(() => pauseWebhook(ctx, webhookId).then(() => (answered += 1)));
    await pause(150);
    expect(answered).toBe(0);
    await markTermsSeen(sql, { webhookId, terms: 2, holders: [holder] });
    await Promise.all(pauses);
  });

  it("waits no longer than the holder's lease", async () => {
    await holdElsewhere(newId());
    await sql`update webhook_lanes set lease_until = now() + interval '300 ms'
      where webhook_id = ${webhookId}`;
    const askedAt = performance.now();
    await fence(webhookId, 2);
    expect(performance.now() - askedAt).toBeGreaterThan(200);
  });
});

describe("another process", () => {
  /** A deliverer with its own connections and its own ears; its names are slow to resolve. */
  async function openOther(
    isHearing: boolean,
  ): Promise<{ other: Deliverer; answerNames: () => void }> {
    const waiting: (() => void)[] = [];
    const own = connect(database.url, { max: 4 });
    const other = makeDeliverer(own, {
      resolve: () => new Promise((done) => waiting.push(() => done(["127.0.0.1"]))),
      openSecret: () => "a secret that nobody checks here",
      timeoutMs: 10_000,
      graceMs: 50,
    });
    const signals = new Signals(own.sql);
    if (isHearing) {
      await signals.start((signal) => {
        if (!("fence" in signal)) return;
        const { fence: webhookId, terms } = signal;
        other.fence(webhookId, terms);
        void markTermsSeen(own.sql, { webhookId, terms, holders: other.holders });
      });
    }
    ends.push(async () => {
      await other.stop();
      await signals.stop();
      await own.close();
    });
    return { other, answerNames: () => waiting.splice(0).forEach((one) => one()) };
  }

  /** Has it begin an attempt that has sent nothing yet; resolves when its turn is over. */
  async function startSlowly(other: Deliverer): Promise<void> {
    const url = receiver.url.replace("127.0.0.1", "receiver.test");
    await sql`update webhook_subscriptions set url = ${url} where id = ${webhookId}`;
    await addDeliveries(sql, webhookId);
    await other.drain(webhookId, { leave: async () => {} });
  }

  it.each([
    [true, 1_500],
    [false, 4_000],
  ])(
    "begins no POST after a delete was answered; hears signals: %s",
    async (isHearing, limitMs) => {
      const { other, answerNames } = await openOther(isHearing);
      const draining = startSlowly(other);
      await eventually(() => other.inFlight === 1);
      const askedAt = performance.now();
      await deleteWebhook(ctx, webhookId);
      expect(performance.now() - askedAt).toBeLessThan(limitMs);
      answerNames();
      await draining;
      await pause(100);
      expect(receiver.posts).toEqual([]);
      await eventually(async () => (await countDeliveries(sql, webhookId, "cancelled")) === 1);
    },
  );

  it.each([true, false])(
    "begins no test after a delete was answered; hears signals: %s",
    async (isHearing) => {
      const { other, answerNames } = await openOther(isHearing);
      const url = receiver.url.replace("127.0.0.1", "receiver.test");
      await sql`update webhook_subscriptions set url = ${url} where id = ${webhookId}`;
      const unsent = contextOn(database, recordingAfterCommit());
      const { id } = await sendTest(unsent, { id: webhookId, input: {} });
      const testing = other.sendTest(id);
      await eventually(() => other.inFlight === 1);
      const askedAt = performance.now();
      await deleteWebhook(ctx, webhookId);
      expect(performance.now() - askedAt).toBeLessThan(isHearing ? 1_000 : 3_000);
      answerNames();
      await testing;
      expect(receiver.posts).toEqual([]);
      expect((await readDelivery(sql, id)).status).toBe("cancelled");
    },
  );

  it("sends a test however slow its receiver is, under terms that have not changed", async () => {
    const { other, answerNames } = await openOther(false);
    const url = receiver.url.replace("127.0.0.1", "receiver.test");
    await sql`update webhook_subscriptions set url = ${url} where id = ${webhookId}`;
    const unsent = contextOn(database, recordingAfterCommit());
    const { id } = await sendTest(unsent, { id: webhookId, input: {} });
    const testing = other.sendTest(id);
    await pause(2_500);
    answerNames();
    await testing;
    expect(receiver.posts).toMatchObject([{ deliveryId: id, attempt: 1 }]);
  });

  it("posts to the new URL only, once that was answered", async () => {
    const { other, answerNames } = await openOther(true);
    const draining = startSlowly(other);
    await eventually(() => other.inFlight === 1);
    const moved = await openReceiver();
    ends.push(moved.close);
    await updateWebhook(ctx, { id: webhookId, input: { url: moved.url } });
    answerNames();
    await eventually(() => moved.posts.length === 1);
    expect(moved.posts[0]?.attempt).toBe(1);
    await draining;
    expect(receiver.posts).toEqual([]);
  });

  it("wakes this one's drain by a signal", async () => {
    const answered = makeDeferred<Answer>();
    answer = ({ deliveryId }) => (deliveryId === first ? answered.promise : 200);
    const [first = ""] = await addDeliveries(sql, webhookId);
    await ring([webhookId]);
    await eventually(() => receiver.open === 1);
    await addDeliveries(sql, webhookId);
    await hear({ wake: webhookId });
    await eventually(() => receiver.posts.length === 2);
    expect(receiver.open, "the first goes on").toBeGreaterThan(0);
    answered.resolve(200);
    await eventually(succeeded(2));
  });

  it("is told that this one knows of new terms", async () => {
    const answered = makeDeferred<Answer>();
    answer = () => answered.promise;
    await addDeliveries(sql, webhookId);
    await ring([webhookId]);
    await eventually(() => receiver.open === 1);
    expect(deliverer().holders).toContain((await readLane()).holder);
    await hear({ fence: webhookId, terms: 7 });
    const [lane] = await sql`select terms_seen from webhook_lanes
      where webhook_id = ${webhookId}`;
    expect(lane?.terms_seen).toBe(7);
    await sql`update webhook_subscriptions set terms = 7 where id = ${webhookId}`;
    answered.resolve(200);
    await eventually(succeeded(1));
  });
});
