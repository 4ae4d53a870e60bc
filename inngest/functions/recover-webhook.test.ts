import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createTestDatabase } from "@/db/testing";
import { issue } from "@/lib/entities/issue";
import { createEntity } from "@/lib/entities/write";
import {
  addDeliveries,
  contextOn,
  countDeliveries,
  eventually,
  openReceiver,
  pause,
  readAttempts,
  useDatabase,
  useEnv,
  type Answer,
  type ReceivedPost,
  type Receiver,
} from "@/lib/testing";
import { getRecovery, recoverWebhook } from "@/lib/webhooks/recover";
import type { Recovery } from "@/lib/webhooks/recovery-schema";
import { createWebhook, deleteWebhook, pauseWebhook, resumeWebhook } from "@/lib/webhooks/service";
import { afterCommit } from "@/inngest/after-commit";
import { ring } from "@/inngest/bells";
import { ringRecoveries } from "@/inngest/recovery-bells";
import { eventsOf } from "@/inngest/embedded/testing";
import { setParts, startedEngine } from "@/inngest/process";
import { sweep } from "@/inngest/sweep";
import { Worker } from "@/inngest/worker";

const settings = { WEBHOOK_RETRY_SCHEDULE: "1s,1s", WEBHOOK_TIMEOUT: "5" };
const database = await createTestDatabase();
const { sql } = database;
const kept: Promise<unknown>[] = [];
const ctx = contextOn(
  database,
  afterCommit((work) => void kept.push(work)),
);
const ends: (() => Promise<void>)[] = [];
let worker: Worker;
let receiver: Receiver;
let webhookId = "";
let answer: (post: ReceivedPost) => Answer | Promise<Answer>;

beforeAll(async () => {
  useEnv(settings);
  useDatabase(database);
  worker = new Worker();
  await worker.start({ ownsDatabase: true });
  noteBells();
});
beforeEach(async () => {
  useEnv(settings);
  answer = () => 200;
  receiver = await openReceiver((post) => answer(post));
  ends.push(receiver.close);
  const input = { name: "Test", url: receiver.url, event_types: ["*"] };
  webhookId = (await createWebhook(ctx, input)).id;
});
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
  await Promise.all(kept.splice(0));
});
afterAll(async () => {
  await worker.stop();
  await database.close();
});

/** Deliveries that failed, each after three attempts; oldest first. */
async function addFailed(count: number): Promise<string[]> {
  const ids = await addDeliveries(sql, webhookId, { count });
  await sql`update webhook_deliveries set status = 'failed', next_attempt_at = null, attempts = 3
    where id = any(${ids}::uuid[])`;
  return ids;
}

/** The text of the event that made the issue of this title. */
async function bodyOf(title: string): Promise<string> {
  const [row] = await sql<{ body: string }[]>`
    select body from events where body::jsonb #>> '{data,current,title}' = ${title}`;
  return row?.body ?? "there is no such event";
}

async function begin(scope = "failed"): Promise<Recovery> {
  const since = new Date(Date.now() - 3_600_000).toISOString();
  const outcome = await recoverWebhook(ctx, { id: webhookId, input: { since, scope } });
  if ("recovery" in outcome) return outcome.recovery;
  throw new Error("it was only counted");
}

const read = ({ id }: Recovery) => getRecovery(ctx, { webhookId, recoveryId: id });
const isOver = (recovery: Recovery) => async () => (await read(recovery)).status !== "running";
const succeeded = (count: number) => async () =>
  (await countDeliveries(sql, webhookId, "success")) === count;
const sent = new Set<string>();

/** Notes the ids of the events that the engine is given. */
function noteBells(): void {
  const engine = startedEngine();
  if (!engine) throw new Error("the worker starts it");
  const fetch: typeof engine.fetch = (input, init) => {
    for (const { id } of eventsOf(init)) sent.add(id);
    return engine.fetch(input, init);
  };
  setParts({ turboEngine: { queued: 0, fetch } });
}

/** How often it was looked at: events of one id are one run. */
const countRuns = ({ id }: Recovery) =>
  [...sent].filter((event) => event.startsWith(`recover:${id}:`)).length;

describe("a recovery", () => {
  it("posts each again with the attempt after its last, and counts to the end", async () => {
    const ids = await addFailed(350);
    const recovery = await begin();
    await eventually(isOver(recovery), 20_000);
    await eventually(succeeded(350), 20_000);
    expect(await read(recovery)).toMatchObject({ status: "done", total: 350, recovered: 350 });
    expect(receiver.posts.map(({ deliveryId }) => deliveryId).toSorted()).toEqual(ids.toSorted());
    expect(new Set(receiver.posts.map(({ attempt }) => attempt))).toEqual(new Set([4]));
    expect(await readAttempts(sql, ids[0] ?? "")).toMatchObject([
      { number: 4, trigger: "recover", outcome: "success" },
    ]);
  });

  it("that fails goes back on the schedule, which its attempt uses up no step of", async () => {
    answer = () => 500;
    const [id = ""] = await addFailed(1);
    await begin();
    await eventually(async () => (await readAttempts(sql, id)).length === 3, 20_000);
    expect(await readAttempts(sql, id)).toMatchObject([
      { number: 4, trigger: "recover", outcome: "failure" },
      { number: 5, trigger: "automatic", outcome: "failure" },
      { number: 6, trigger: "automatic", outcome: "failure" },
    ]);
    await eventually(async () => (await countDeliveries(sql, webhookId, "failed")) === 1);
  });

  it("never has more due at once than a step and what was left of the last, so new events wait behind no more", async () => {
    answer = () => pause(20).then(() => 200);
    await addFailed(1_500);
    const recovery = await begin();
    let mostDue = 0;
    const ahead: number[] = [];
    while (!(await isOver(recovery)())) {
      mostDue = Math.max(mostDue, await countDeliveries(sql, webhookId, "pending"));
      const { id } = await createEntity(ctx, issue, { title: "Fresh" });
      const before = receiver.posts.length;
      const place = () => receiver.posts.findIndex(({ body }) => body.includes(id));
      await eventually(() => place() >= 0, 20_000);
      ahead.push(place() - before);
    }
    await eventually(succeeded(1_500 + ahead.length), 20_000);
    expect(mostDue).toBeLessThanOrEqual(300 + 25 + 10 + 1);
    expect(Math.max(...ahead)).toBeLessThanOrEqual(300 + 25 + 10 + 1);
  });

  it("goes on alone however often it is rung", async () => {
    await addFailed(1_000);
    answer = () => pause(10).then(() => 200);
    const recovery = await begin();
    for (let n = 0; n < 10; n += 1) await ringRecoveries([recovery.id], 1_000 + n);
    await eventually(isOver(recovery), 20_000);
    await eventually(succeeded(1_000), 20_000);
    expect(receiver.posts).toHaveLength(1_000);
    // Ten chains would look ten times as often as one, which looks a few times for each step.
    expect(countRuns(recovery)).toBeLessThan(150);
  });

  it("of what is missing sends the stored bytes under the event's id, each once", async () => {
    const before = await sql<{ id: string; body: string }[]>`select id, body from events`;
    const recovery = await begin("missing");
    expect(recovery.total).toBe(before.length);
    await eventually(succeeded(before.length), 20_000);
    const posted = receiver.posts.map(({ headers, body }) => ({ id: headers["webhook-id"], body }));
    const byId = (a: { id: unknown }, b: { id: unknown }) => (String(a.id) < String(b.id) ? -1 : 1);
    expect(posted.toSorted(byId)).toEqual([...before].toSorted(byId));
  });
});

describe("a recovery whose bell was lost", () => {
  it("is taken up by the sweep, unless it has just made a step", async () => {
    await addFailed(150);
    const silent = contextOn(database, { ...ctx.afterCommit, recover: () => {} });
    const since = new Date(Date.now() - 3_600_000).toISOString();
    const outcome = await recoverWebhook(silent, { id: webhookId, input: { since } });
    if (!("recovery" in outcome)) throw new Error("it was only counted");
    await sweep();
    expect(countRuns(outcome.recovery)).toBe(0);
    await sql`update webhook_recoveries set stepped_at = now() - interval '2 s'`;
    await sweep();
    await eventually(succeeded(150), 20_000);
    expect(await read(outcome.recovery)).toMatchObject({ status: "done", recovered: 150 });
  });
});

describe("a recovery of a webhook that sends nothing", () => {
  it("goes on when it is resumed, after what it held", async () => {
    await addFailed(150);
    await pauseWebhook(ctx, webhookId);
    const recovery = await begin();
    await eventually(async () => (await read(recovery)).recovered === 100);
    await createEntity(ctx, issue, { title: "Held" });
    await resumeWebhook(ctx, webhookId);
    await sql`update webhook_recoveries set stepped_at = now() - interval '1 min'`;
    // Whether its own next look or a sweep makes the rest due: what it held has gone before.
    await eventually(async () => (await countDeliveries(sql, webhookId, "success")) >= 101, 20_000);
    await sweep();
    await eventually(succeeded(151), 20_000);
    expect(receiver.posts.slice(0, 101).map(({ body }) => body)).toContain(await bodyOf("Held"));
    expect(await read(recovery)).toMatchObject({ status: "done", recovered: 150 });
  });

  it("records and holds a step while WEBHOOK_ENABLED is false", async () => {
    useEnv({ ...settings, WEBHOOK_ENABLED: "false" });
    await addFailed(150);
    const recovery = await begin();
    await eventually(async () => (await countDeliveries(sql, webhookId, "pending")) === 100);
    await sql`update webhook_recoveries set stepped_at = now() - interval '1 min'`;
    await sweep();
    expect(receiver.posts).toEqual([]);
    useEnv(settings);
    await ring([webhookId]);
    await eventually(async () => (await countDeliveries(sql, webhookId, "success")) >= 100, 20_000);
    await sweep();
    await eventually(succeeded(150), 20_000);
    expect(await read(recovery)).toMatchObject({ status: "done", recovered: 150 });
  });

  it("is cancelled when it is deleted, what waited with it", async () => {
    answer = () => pause(500).then(() => 200);
    await addFailed(350);
    const recovery = await begin();
    await eventually(() => receiver.posts.length >= 10);
    await deleteWebhook(ctx, webhookId);
    const posts = receiver.posts.length;
    await eventually(isOver(recovery), 20_000);
    const { status, recovered } = await read(recovery);
    expect(status).toBe("cancelled");
    expect(await countDeliveries(sql, webhookId, "failed")).toBe(350 - recovered);
    await eventually(async () => (await countDeliveries(sql, webhookId, "pending")) === 0);
    expect(receiver.posts).toHaveLength(posts);
  });
});
