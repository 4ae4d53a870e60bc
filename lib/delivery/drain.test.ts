import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { createTestDatabase } from "@/db/testing";
import { newId } from "@/lib/id";
import {
  addDeliveries,
  addWebhook,
  countDeliveries,
  eventually,
  holdClaims,
  makeDeliverer,
  openReceiver,
  pause,
  readAttempts,
  readDelivery,
  type Answer,
  type DelivererGiven,
  type ReceivedPost,
  type Receiver,
} from "@/lib/testing";
import type { Deliverer } from "./deliverer";
import { releaseLane, takeLane } from "./lane";

const database = await createTestDatabase();
const { sql } = database;
const ends: (() => Promise<void>)[] = [];
let receiver: Receiver;
let webhookId = "";
let answer: (post: ReceivedPost) => Answer | Promise<Answer>;

beforeEach(async () => {
  await sql`truncate webhook_subscriptions, events cascade`;
  answer = () => 200;
  receiver = await openReceiver((post) => answer(post));
  ends.push(receiver.close);
  webhookId = await addWebhook(sql, { url: receiver.url });
});
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});
afterAll(() => database.close());

/** A deliverer that is stopped after the test. */
function open(given: DelivererGiven = {}): Deliverer {
  const deliverer = makeDeliverer(database, { graceMs: 50, ...given });
  ends.push(() => deliverer.stop());
  return deliverer;
}

/** One turn at the lane, and the words it left about when there is more to do. */
function drain(deliverer: Deliverer, sliceMs?: number) {
  const left: number[] = [];
  const leave = async (dueMs: number) => void left.push(dueMs);
  return { left, end: deliverer.drain(webhookId, { sliceMs, leave }) };
}

const succeeded = (count: number) => async () =>
  (await countDeliveries(sql, webhookId, "success")) === count;

const slowly = (ms: number, status = 200) => pause(ms).then((): Answer => status);

const freeLane = { holder: null, lease_until: null };
const readLane = async () => {
  const [lane] = await sql`select holder, lease_until, timeouts_in_row
    from webhook_lanes where webhook_id = ${webhookId}`;
  return lane;
};

describe("a turn", () => {
  it("posts what is due, each delivery once, and releases the lane", async () => {
    const ids = await addDeliveries(sql, webhookId, { count: 40 });
    const { end, left } = drain(open());
    expect(await end).toEqual({ isTaken: true });
    expect(receiver.posts.map((post) => post.deliveryId).toSorted()).toEqual(ids.toSorted());
    expect(receiver.posts.every((post) => post.attempt === 1)).toBe(true);
    expect(await countDeliveries(sql, webhookId, "success")).toBe(40);
    expect(await readLane()).toMatchObject(freeLane);
    expect(left).toEqual([]);
  });

  it("posts the oldest first", async () => {
    const ids = await addDeliveries(sql, webhookId, { count: 12 });
    await drain(open({ parallelism: 1 })).end;
    expect(receiver.posts.map((post) => post.deliveryId)).toEqual(ids);
  });

  it("posts the stored text, signed", async () => {
    await addDeliveries(sql, webhookId);
    await drain(open()).end;
    const [event] = await sql<{ body: string }[]>`select body from events`;
    const [post] = receiver.posts;
    expect(post?.body).toBe(event?.body);
    expect(post?.headers["x-turbo-signature"]).toMatch(/^sha256=[0-9a-f]{64}$/);
    expect(post?.headers["webhook-signature"]).toMatch(/^v1,/);
  });

  it("never has more POSTs open than the parallelism, and uses all of it", async () => {
    answer = () => slowly(20);
    await addDeliveries(sql, webhookId, { count: 30 });
    await drain(open({ parallelism: 3 })).end;
    expect(receiver.mostOpen).toBe(3);
    expect(receiver.posts).toHaveLength(30);
  });

  it("is nobody's when somebody else holds the lane", async () => {
    await takeLane(sql, { webhookId, holder: newId() });
    await addDeliveries(sql, webhookId);
    const { end, left } = drain(open());
    expect(await end).toEqual({ isTaken: false });
    expect(receiver.posts).toEqual([]);
    expect(left).toEqual([]);
  });

  it("is one at a time within a process too", async () => {
    answer = () => slowly(300);
    await addDeliveries(sql, webhookId, { count: 4 });
    const deliverer = open({ parallelism: 2 });
    const first = drain(deliverer);
    await eventually(() => receiver.open === 2);
    expect(await drain(deliverer).end).toEqual({ isTaken: false });
    await first.end;
    expect(receiver.mostOpen).toBe(2);
    expect(receiver.posts).toHaveLength(4);
  });
});

describe("new work", () => {
  it("is noticed by a call, without a new turn", async () => {
    const deliverer = open();
    await addDeliveries(sql, webhookId);
    const { end } = drain(deliverer);
    for (let round = 1; round <= 5; round++) {
      await eventually(succeeded(round));
      await addDeliveries(sql, webhookId);
      expect(deliverer.wake(webhookId)).toBe(true);
    }
    await eventually(succeeded(6));
    await end;
    expect(deliverer.wake(webhookId)).toBe(false);
  });

  it("that comes in the linger without a call is left word of", async () => {
    await addDeliveries(sql, webhookId);
    const { end, left } = drain(open());
    await eventually(succeeded(1));
    await addDeliveries(sql, webhookId);
    await end;
    expect(left).toEqual([0]);
  });

  it("is noticed beside a hanging attempt, without a call", async () => {
    answer = ({ body }) => (receiver.posts[0]?.body === body ? slowly(1500) : 200);
    await addDeliveries(sql, webhookId);
    const { end } = drain(open());
    await eventually(() => receiver.open === 1);
    await addDeliveries(sql, webhookId);
    await eventually(succeeded(1), 1200);
    expect(receiver.open).toBe(1);
    await end;
  });

  it("that is due within 3 s is waited for with the lane in hand", async () => {
    await addDeliveries(sql, webhookId, { dueMsAgo: -700 });
    const { end, left } = drain(open());
    await end;
    expect(await countDeliveries(sql, webhookId, "success")).toBe(1);
    expect(left).toEqual([]);
  });

  it("that is due later is left word of, with the lane free", async () => {
    await addDeliveries(sql, webhookId, { dueMsAgo: -60_000 });
    const { end, left } = drain(open());
    await end;
    expect(left).toHaveLength(1);
    expect(left[0]).toBeGreaterThan(55_000);
    expect(left[0]).toBeLessThanOrEqual(60_000);
    expect(await readLane()).toMatchObject(freeLane);
  });

  it("that comes while the lane is being released is left word of", async () => {
    await sql.unsafe(`
      create or replace function add_work() returns trigger language plpgsql as $$
        begin
          insert into webhook_deliveries (id, subscription_id, event_id, event_type, next_attempt_at)
          select gen_random_uuid(), new.webhook_id, id, type, clock_timestamp() from events;
          return new;
        end $$;
      create trigger late_work before update on webhook_lanes for each row
        when (old.holder is not null and new.holder is null) execute function add_work()`);
    await addDeliveries(sql, webhookId);
    const { end, left } = drain(open());
    await end.finally(() => sql`drop trigger late_work on webhook_lanes`);
    expect(left).toEqual([0]);
    expect(await countDeliveries(sql, webhookId, "pending")).toBe(1);
  });
});

describe("a failure", () => {
  it("is tried again when it is due, in the same turn if that is soon", async () => {
    answer = ({ attempt }) => (attempt < 3 ? 503 : 200);
    const [id = ""] = await addDeliveries(sql, webhookId);
    await drain(open({ retryDelaysSeconds: [0.05, 0.05, 0.05] })).end;
    expect(await readDelivery(sql, id)).toMatchObject({ status: "success", attempts: 3 });
    const attempts = await readAttempts(sql, id);
    expect(attempts.map(({ response_code }) => response_code)).toEqual([503, 503, 200]);
    expect(receiver.posts.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    const bodies = new Set(receiver.posts.map(({ body }) => body));
    const ids = new Set(receiver.posts.map(({ headers }) => headers["webhook-id"]));
    expect([bodies.size, ids.size]).toEqual([1, 1]);
  });

  it("is failed when the schedule is used up", async () => {
    answer = () => 500;
    const [id = ""] = await addDeliveries(sql, webhookId);
    await drain(open({ retryDelaysSeconds: [0.02] })).end;
    const end = { status: "failed", attempts: 2, response_code: 500, next_attempt_at: null };
    expect(await readDelivery(sql, id)).toMatchObject(end);
  });

  it("leaves word of the time of its next try", async () => {
    answer = () => ({ status: 503, headers: { "Retry-After": "120" } });
    await addDeliveries(sql, webhookId);
    const { end, left } = drain(open());
    await end;
    expect(left[0]).toBeGreaterThan(115_000);
    expect(left[0]).toBeLessThanOrEqual(120_000);
  });
});

describe("a moment without the database", () => {
  it("does not end the turn: what was cut off is claimed again, and posted once", async () => {
    await addDeliveries(sql, webhookId, { count: 5 });
    const gate = await holdClaims(sql);
    const { end, left } = drain(open());
    await eventually(gate.waiting);
    await sql`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and wait_event = 'advisory'`;
    await gate.open();
    await eventually(succeeded(5));
    await end;
    expect(receiver.posts.map(({ attempt }) => attempt)).toEqual([1, 1, 1, 1, 1]);
    expect(left).toEqual([]);
  });

  it("ends it with the error when it does not pass", async () => {
    await addDeliveries(sql, webhookId);
    await sql`alter table events rename to events_away`;
    const { end } = drain(open());
    await expect(end.finally(() => sql`alter table events_away rename to events`)).rejects.toThrow(
      /events/,
    );
    expect(await readLane()).toMatchObject(freeLane);
  });
});

describe("attempts of others", () => {
  const claim = (id: string, remains: string) => sql`update webhook_deliveries
    set attempts = 1, claimed_until = now() + ${remains}::interval where id = ${id}`;

  it("are sent, once taken over, before what is due later, however much that is", async () => {
    answer = () => slowly(10);
    const [lost = ""] = await addDeliveries(sql, webhookId, { dueMsAgo: 50_000 });
    await addDeliveries(sql, webhookId, { count: 2_000, dueMsAgo: 40_000 });
    await claim(lost, "1 s");
    const { end } = drain(open({ parallelism: 3 }));
    await eventually(async () => receiver.posts.some(({ deliveryId }) => deliveryId === lost));
    expect(await countDeliveries(sql, webhookId, "pending")).toBeGreaterThan(0);
    await eventually(succeeded(2_001));
    await end;
  });

  it("take up slots while they are under way, and are taken over when they are lost", async () => {
    answer = () => slowly(40);
    const ids = await addDeliveries(sql, webhookId, { count: 8 });
    for (const id of ids.slice(0, 2)) await claim(id, "1500 ms");
    const { end } = drain(open({ parallelism: 3 }));
    await eventually(succeeded(6));
    expect(receiver.mostOpen).toBe(1);
    expect(receiver.posts.map((post) => post.deliveryId)).toEqual(ids.slice(2));
    await eventually(succeeded(8));
    await end;
    const taken = receiver.posts.slice(6);
    expect(taken.map((post) => post.deliveryId).toSorted()).toEqual(ids.slice(0, 2).toSorted());
    for (const { deliveryId, attempt } of taken) {
      expect(attempt).toBe(2);
      const row = { status: "success", steps_used: 0, interruptions: 1 };
      expect(await readDelivery(sql, deliveryId)).toMatchObject(row);
      const outcomes = (await readAttempts(sql, deliveryId)).map(({ outcome }) => outcome);
      expect(outcomes).toEqual(["interrupted", "success"]);
    }
  });

  it("that are lost are taken over at once", async () => {
    const [id = ""] = await addDeliveries(sql, webhookId);
    await claim(id, "-1 s");
    await drain(open()).end;
    expect(receiver.posts).toMatchObject([{ deliveryId: id, attempt: 2 }]);
  });
});

describe("a lane that times out", () => {
  it("is suspect after three in a row: one probe at a time, the rest untried, until one answers", async () => {
    let isWell = false;
    answer = () => (isWell ? slowly(20) : "hang");
    const ids = await addDeliveries(sql, webhookId, { count: 16 });
    const deliverer = open({ parallelism: 4, timeoutMs: 200, retryDelaysSeconds: [1, 1, 1] });
    const { end } = drain(deliverer);
    await eventually(() => receiver.mostOpen === 4);
    await eventually(async () => {
      const timeouts = await sql`select from webhook_attempts where error_class = 'timeout'`;
      return timeouts.length >= 4;
    });
    // What began before the third of them comes to its end; then each waits for the one before.
    await eventually(() => receiver.open <= 1);
    const posts = receiver.posts.length;
    await eventually(() => receiver.posts.length === posts + 4);
    const times = receiver.posts.slice(posts).map(({ beganAtMs }) => beganAtMs);
    for (const [index, time] of times.slice(1).entries())
      expect(time - (times[index] ?? 0)).toBeGreaterThan(100);
    const untried = await Promise.all(ids.slice(12).map((id) => readDelivery(sql, id)));
    expect(untried.every((row) => row.attempts === 0 && row.steps_used === 0)).toBe(true);
    isWell = true;
    receiver.mostOpen = 0;
    await eventually(succeeded(16), 8_000);
    expect(receiver.mostOpen).toBe(4);
    await end;
    expect((await readLane())?.timeouts_in_row).toBe(0);
  });

  it("stays suspect for the next who takes it", async () => {
    answer = () => slowly(300);
    await sql`update webhook_lanes set timeouts_in_row = 3`;
    await addDeliveries(sql, webhookId, { count: 3 });
    await drain(open()).end;
    const [first, second, third] = receiver.posts.map(({ beganAtMs }) => beganAtMs);
    expect((second ?? 0) - (first ?? 0)).toBeGreaterThan(290);
    expect((third ?? 0) - (second ?? 0)).toBeLessThan(290);
  });

  it("leaves word how many time-outs there were", async () => {
    answer = () => "hang";
    await addDeliveries(sql, webhookId, { count: 2 });
    await drain(open({ timeoutMs: 100, retryDelaysSeconds: [60] })).end;
    expect((await readLane())?.timeouts_in_row).toBe(2);
  });
});

describe("a lane that is far behind", () => {
  it("gives its newest rows a share", async () => {
    answer = () => slowly(2);
    await addDeliveries(sql, webhookId, { count: 300, dueMsAgo: 120_000 });
    const [newest = ""] = await addDeliveries(sql, webhookId);
    await drain(open({ parallelism: 4 })).end;
    const place = receiver.posts.findIndex(({ deliveryId }) => deliveryId === newest);
    expect(place).toBeGreaterThanOrEqual(0);
    expect(place).toBeLessThan(60);
    expect(receiver.posts).toHaveLength(301);
  });

  it("goes strictly by age when it is not", async () => {
    const ids = await addDeliveries(sql, webhookId, { count: 60, dueMsAgo: 30_000 });
    await drain(open({ parallelism: 1 })).end;
    expect(receiver.posts.map(({ deliveryId }) => deliveryId)).toEqual(ids);
  });
});

describe("the end of a slice", () => {
  it("hands the lane over at once, and what is still under way counts for the next", async () => {
    answer = ({ attempt, deliveryId }) =>
      deliveryId === hanging && attempt === 1 ? slowly(1500, 500) : slowly(10);
    const [hanging = "", ...others] = await addDeliveries(sql, webhookId, { count: 4 });
    const deliverer = open({ parallelism: 2, retryDelaysSeconds: [10] });
    const { end, left } = drain(deliverer, 300);
    await eventually(succeeded(3));
    await addDeliveries(sql, webhookId, { count: 5, dueMsAgo: -300 });
    await eventually(() => left.length === 1, 1000);
    expect(receiver.open).toBe(1);
    expect(await readLane()).toMatchObject(freeLane);
    receiver.mostOpen = 0;
    const next = drain(deliverer);
    await eventually(succeeded(8));
    // The one that hangs, and one more.
    expect(receiver.mostOpen).toBe(2);
    await Promise.all([end, next.end]);
    expect(others).toHaveLength(3);
    // Its failure came after the word that was left: there is a second.
    expect(left).toHaveLength(2);
    expect(left[1]).toBeGreaterThan(5_000);
  });

  it("withdraws what has sent nothing yet: it begins only under the next holder", async () => {
    let answerNames: (addresses: string[]) => void = () => {};
    const resolve = () => new Promise<string[]>((done) => (answerNames = done));
    await sql`update webhook_subscriptions
      set url = ${receiver.url.replace("127.0.0.1", "receiver.test")}`;
    const [id = ""] = await addDeliveries(sql, webhookId);
    const deliverer = open({ resolve });
    const { end, left } = drain(deliverer, 150);
    await eventually(() => left.length === 1);
    answerNames(["127.0.0.1"]);
    await end;
    expect(receiver.posts).toEqual([]);
    const row = { status: "pending", attempts: 0, claimed_until: null };
    expect(await readDelivery(sql, id)).toMatchObject(row);
    expect(left.at(-1)).toBe(0);
  });
});

describe("a lease that is lost", () => {
  it("ends the turn, leaves the lane to its new holder, and begins no POST any more", async () => {
    let answerNames: (addresses: string[]) => void = () => {};
    const resolve = () => new Promise<string[]>((done) => (answerNames = done));
    await sql`update webhook_subscriptions
      set url = ${receiver.url.replace("127.0.0.1", "receiver.test")}`;
    const [id = ""] = await addDeliveries(sql, webhookId);
    const deliverer = open({ resolve, timeoutMs: 10_000 });
    const { end } = drain(deliverer);
    await eventually(async () => (await readDelivery(sql, id)).attempts === 1);
    const holder = newId();
    await sql`update webhook_lanes set lease_until = now() - interval '1 s'`;
    expect((await takeLane(sql, { webhookId, holder })).isTaken).toBe(true);
    await eventually(() => !deliverer.wake(webhookId));
    answerNames(["127.0.0.1"]);
    expect(await end).toEqual({ isTaken: true });
    expect(receiver.posts).toEqual([]);
    expect((await readLane())?.holder).toBe(holder);
    expect(await readDelivery(sql, id)).toMatchObject({ status: "pending", attempts: 0 });
    await releaseLane(sql, { webhookId, holder, timeoutsInRow: 0 });
  });

  it("is renewed while the holder lives, however long a POST takes", async () => {
    answer = () => slowly(3_000);
    await addDeliveries(sql, webhookId);
    const { end } = drain(open({ timeoutMs: 10_000 }));
    await eventually(() => receiver.open === 1);
    await sql`update webhook_lanes set lease_until = now() + interval '3 s'`;
    await eventually(async () => {
      const renewed = await sql`
        select from webhook_lanes where lease_until > now() + interval '8 s'`;
      return renewed.length > 0;
    }, 2_900);
    await end;
    expect(receiver.posts).toHaveLength(1);
  });
});
