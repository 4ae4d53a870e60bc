import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { createTestDatabase } from "@/db/testing";
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
import { whoMayBegin } from "./fence";

const database = await createTestDatabase();
const { sql } = database;
const ends: (() => Promise<void>)[] = [];
let receiver: Receiver;
let webhookId = "";
let answer: (post: ReceivedPost) => Answer | Promise<Answer>;

beforeEach(async () => {
  await sql`truncate webhook_subscriptions, events cascade`;
  answer = () => 200;
  receiver = await receive((post) => answer(post));
  webhookId = await addWebhook(sql, { url: receiver.url });
});
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});
afterAll(() => database.close());

async function receive(how?: (post: ReceivedPost) => Answer | Promise<Answer>): Promise<Receiver> {
  const opened = await openReceiver(how);
  ends.push(opened.close);
  return opened;
}

function open(given: DelivererGiven = {}): Deliverer {
  const deliverer = makeDeliverer(database, { graceMs: 50, ...given });
  ends.push(() => deliverer.stop());
  return deliverer;
}

const silent = { leave: async () => {} };
const drain = (deliverer: Deliverer, id = webhookId) => deliverer.drain(id, silent);
const slowly = (ms: number, status = 200) => pause(ms).then((): Answer => status);
const isDone = (id: string) => async () => (await readDelivery(sql, id)).status === "success";

/** Names resolve only once `answer` is called: until then nothing is connected, nothing sent. */
function slowNames() {
  const waiting: (() => void)[] = [];
  return {
    url: (to: Receiver) => to.url.replace("127.0.0.1", "receiver.test"),
    resolve: () => new Promise<string[]>((done) => waiting.push(() => done(["127.0.0.1"]))),
    asked: () => waiting.length,
    answer: () => waiting.splice(0).forEach((one) => one()),
  };
}

const setUrl = (url: string) => sql`update webhook_subscriptions
  set url = ${url}, terms = terms + 1 where id = ${webhookId}`;

describe("WEBHOOK_ENABLED=false", () => {
  it("sends nothing, and leaves the lane alone", async () => {
    const [id = ""] = await addDeliveries(sql, webhookId);
    expect(await drain(open({ enabled: false }))).toEqual({ isTaken: false });
    expect(receiver.posts).toEqual([]);
    expect(await readDelivery(sql, id)).toMatchObject({ status: "pending", attempts: 0 });
  });
});

describe("two lanes of one process", () => {
  it("do not wait for each other: one hangs, the other delivers", async () => {
    answer = () => "hang";
    const other = await receive();
    const otherId = await addWebhook(sql, { url: other.url });
    await addDeliveries(sql, webhookId, { count: 30 });
    const deliverer = open({ timeoutMs: 20_000, parallelism: 3 });
    const hanging = drain(deliverer);
    await eventually(() => receiver.open === 3);
    await addDeliveries(sql, otherId, { count: 50 });
    await drain(deliverer, otherId);
    expect(await countDeliveries(sql, otherId, "success")).toBe(50);
    // Not one of the hanging POSTs is over.
    expect(receiver.posts).toHaveLength(3);
    expect(receiver.open).toBe(3);
    await deliverer.stop();
    await hanging;
  });
});

describe("410 Gone", () => {
  it("disables the webhook, fails that delivery and cancels the rest", async () => {
    answer = () => 410;
    const ids = await addDeliveries(sql, webhookId, { count: 5 });
    await drain(open({ parallelism: 1 }));
    expect(receiver.posts).toHaveLength(1);
    const [webhook] = await sql`select state, disabled_reason from webhook_subscriptions`;
    expect(webhook).toEqual({ state: "disabled", disabled_reason: "gone" });
    const statuses = await Promise.all(ids.map(async (id) => (await readDelivery(sql, id)).status));
    expect(statuses.toSorted()).toEqual([...Array(4).fill("cancelled"), "failed"]);
  });

  it("is heeded before it is written down, so that no crash in between forgets it", async () => {
    const [id = ""] = await addDeliveries(sql, webhookId);
    const blocker = await sql.reserve();
    answer = async () => {
      await blocker`begin`;
      await blocker`select id from webhook_deliveries where id = ${id} for update`;
      return 410;
    };
    const draining = drain(open());
    await eventually(async () => {
      const [webhook] = await sql`select state from webhook_subscriptions`;
      return webhook?.state === "disabled";
    });
    expect((await readDelivery(sql, id)).status).toBe("pending");
    await blocker`commit`;
    blocker.release();
    await draining;
    expect((await readDelivery(sql, id)).status).toBe("failed");
  });

  it("rings, through whoever gave it the lane, for the webhooks that hear of it", async () => {
    const other = await addWebhook(sql, { event_types: ["webhook.disabled"] });
    const rung: string[][] = [];
    const ring = (webhookIds: string[]) => void rung.push(webhookIds);
    answer = () => 410;
    await addDeliveries(sql, webhookId);
    await open().drain(webhookId, { ...silent, ring });
    expect(rung).toEqual([[other]]);
  });
});

describe("a test delivery", () => {
  async function bornClaimed(): Promise<string> {
    const [id = ""] = await addDeliveries(sql, webhookId, { trigger: "test" });
    await sql`update webhook_deliveries set attempts = 1,
      claimed_until = now() + interval '40 s' where id = ${id}`;
    return id;
  }

  it("is sent beside a lane that hangs", async () => {
    let test = "";
    answer = ({ deliveryId }) => (deliveryId === test ? 204 : "hang");
    await addDeliveries(sql, webhookId, { count: 5 });
    const deliverer = open({ parallelism: 2 });
    const hanging = drain(deliverer);
    await eventually(() => receiver.open === 2);
    test = await bornClaimed();
    await deliverer.sendTest(test);
    expect(await readDelivery(sql, test)).toMatchObject({ status: "success", response_code: 204 });
    await deliverer.stop();
    await hanging;
  });

  it("goes by the terms of a fence that comes while it is being read", async () => {
    const moved = await receive();
    const id = await bornClaimed();
    let deliverer: Deliverer | undefined;
    let isFirst = true;
    const readsLate = new Proxy(sql, {
      apply: (target, self, given: unknown[]) => {
        const query: unknown = Reflect.apply(target, self, given);
        const isStatement =
          Array.isArray(given[0]) && String(given[0]).includes("webhook.state <>");
        if (!isFirst || !isStatement) return query;
        isFirst = false;
        return (async () => {
          const rows = await query;
          await sql`update webhook_subscriptions set url = ${moved.url}, terms = terms + 1`;
          deliverer?.fence(webhookId, 2);
          return rows;
        })();
      },
    });
    deliverer = makeDeliverer({ ...database, sql: readsLate });
    await deliverer.sendTest(id);
    await deliverer.stop();
    expect(isFirst).toBe(false);
    expect(receiver.posts).toEqual([]);
    expect(moved.posts).toHaveLength(1);
  });

  it("is sent to a paused webhook, once, whatever comes of it", async () => {
    answer = () => 500;
    await sql`update webhook_subscriptions set state = 'paused'`;
    const id = await bornClaimed();
    const deliverer = open();
    await deliverer.sendTest(id);
    await deliverer.sendTest(id);
    expect(receiver.posts).toHaveLength(1);
    expect(await readDelivery(sql, id)).toMatchObject({ status: "failed", attempts: 1 });
    expect(await readAttempts(sql, id)).toMatchObject([{ trigger: "test", response_code: 500 }]);
  });
});

describe("a secret that cannot be opened", () => {
  it("lets nothing go out, and says so", async () => {
    const openSecret = () => {
      throw new Error("wrong key");
    };
    const [id = ""] = await addDeliveries(sql, webhookId);
    await drain(open({ openSecret }));
    expect(receiver.posts).toEqual([]);
    expect((await readDelivery(sql, id)).status).toBe("pending");
    const [attempt] = await readAttempts(sql, id);
    expect(attempt).toMatchObject({ outcome: "failure", error_class: "secret_unavailable" });
    expect(attempt?.error_message).toContain("wrong key");
  });
});

describe("fence", () => {
  it("withdraws what has sent nothing: after it no POST begins under the old terms", async () => {
    const names = slowNames();
    const other = await receive();
    await setUrl(names.url(receiver));
    const ids = await addDeliveries(sql, webhookId, { count: 3 });
    const deliverer = open({ resolve: names.resolve });
    const draining = drain(deliverer);
    await eventually(() => deliverer.inFlight === 3 && names.asked() > 0);
    await setUrl(other.url);
    deliverer.fence(webhookId, 3);
    // Nobody waits for the name: what is withdrawn goes to the new address at once.
    await draining;
    names.answer();
    expect(receiver.posts).toEqual([]);
    expect(other.posts.map(({ deliveryId }) => deliveryId).toSorted()).toEqual(ids.toSorted());
    // The attempts that were withdrawn never were: numbers have no gap.
    for (const id of ids) {
      const numbers = (await readAttempts(sql, id)).map(({ number }) => number);
      expect(numbers).toEqual([1]);
      expect(await readDelivery(sql, id)).toMatchObject({ status: "success", attempts: 1 });
    }
  });

  it("holds for a claim that was on its way and read the old terms", async () => {
    const other = await receive();
    const gate = await holdClaims(sql);
    const deliverer = open();
    const draining = drain(deliverer);
    await eventually(() => deliverer.wake(webhookId));
    const [id = ""] = await addDeliveries(sql, webhookId);
    deliverer.wake(webhookId);
    await eventually(gate.waiting);
    await setUrl(other.url);
    deliverer.fence(webhookId, 2);
    await gate.open();
    await draining;
    expect(receiver.posts).toEqual([]);
    expect(other.posts).toMatchObject([{ deliveryId: id, attempt: 1 }]);
  });

  it("comes after a take under way, whose holder it then finds", async () => {
    const [id = ""] = await addDeliveries(sql, webhookId);
    const gate = await holdClaims(sql);
    const draining = drain(open());
    await eventually(gate.waiting);
    const elsewhere = setUrl("http://127.0.0.1:9/").then(() =>
      whoMayBegin(sql, { webhookId, terms: 2, timeoutMs: 2_000, ours: [] }),
    );
    await gate.open();
    const { holder } = await elsewhere;
    expect(holder).not.toBeNull();
    await draining;
    expect(receiver.posts).toMatchObject([{ deliveryId: id, attempt: 1 }]);
  });

  it("lets a POST that has begun come to its end", async () => {
    answer = () => slowly(300);
    const [id = ""] = await addDeliveries(sql, webhookId);
    const deliverer = open();
    const draining = drain(deliverer);
    await eventually(() => receiver.open === 1);
    deliverer.fence(webhookId, 2);
    await sql`update webhook_subscriptions set terms = 2`;
    await draining;
    expect(receiver.posts).toHaveLength(1);
    expect(await readDelivery(sql, id)).toMatchObject({ status: "success", attempts: 1 });
  });

  it("cancels what it withdraws from a webhook that is deleted", async () => {
    const names = slowNames();
    await setUrl(names.url(receiver));
    const [id = ""] = await addDeliveries(sql, webhookId);
    const deliverer = open({ resolve: names.resolve });
    const draining = drain(deliverer);
    await eventually(() => names.asked() === 1);
    await sql`update webhook_subscriptions set state = 'deleted', terms = 3`;
    deliverer.fence(webhookId, 3);
    names.answer();
    await draining;
    expect(receiver.posts).toEqual([]);
    expect(await readDelivery(sql, id)).toMatchObject({ status: "cancelled", attempts: 0 });
    expect(await readAttempts(sql, id)).toEqual([]);
  });

  it("concerns one webhook only", async () => {
    const names = slowNames();
    await setUrl(names.url(receiver));
    const [id = ""] = await addDeliveries(sql, webhookId);
    const deliverer = open({ resolve: names.resolve });
    const draining = drain(deliverer);
    await eventually(() => names.asked() === 1);
    deliverer.fence(await addWebhook(sql), 99);
    names.answer();
    await draining;
    expect(receiver.posts).toMatchObject([{ deliveryId: id, attempt: 1 }]);
  });

  it("is noticed by the holder within a renewal when no signal comes", async () => {
    const names = slowNames();
    await setUrl(names.url(receiver));
    await addDeliveries(sql, webhookId);
    const deliverer = open({ resolve: names.resolve, timeoutMs: 10_000 });
    const draining = drain(deliverer);
    await eventually(() => names.asked() === 1);
    const other = await receive();
    await setUrl(other.url);
    await eventually(async () => {
      const [lane] = await sql`select terms_seen from webhook_lanes`;
      return lane?.terms_seen === 3;
    }, 3_000);
    names.answer();
    await draining;
    expect(receiver.posts).toEqual([]);
    expect(other.posts).toHaveLength(1);
  });
});

describe("stop", () => {
  it("lets what is under way come to its end, and begins nothing more", async () => {
    answer = () => slowly(300);
    await addDeliveries(sql, webhookId, { count: 6 });
    const deliverer = open({ parallelism: 2, graceMs: 5_000 });
    const draining = drain(deliverer);
    await eventually(() => receiver.open === 2);
    await deliverer.stop();
    await draining;
    expect(receiver.posts).toHaveLength(2);
    expect(await countDeliveries(sql, webhookId, "success")).toBe(2);
    const rest = await sql`select attempts, claimed_until from webhook_deliveries
      where status = 'pending'`;
    expect(rest).toHaveLength(4);
    for (const row of rest) expect(row).toEqual({ attempts: 0, claimed_until: null });
    expect(await drain(deliverer)).toEqual({ isTaken: false });
  });

  it("interrupts what hangs, writes it down as due at once, and frees the lane", async () => {
    answer = () => "hang";
    const ids = await addDeliveries(sql, webhookId, { count: 3 });
    const deliverer = open({ timeoutMs: 20_000, graceMs: 100 });
    const draining = drain(deliverer);
    await eventually(() => receiver.open === 3);
    const askedAt = performance.now();
    await deliverer.stop();
    expect(performance.now() - askedAt).toBeLessThan(2_000);
    await draining;
    for (const id of ids) {
      const row = { status: "pending", attempts: 1, steps_used: 0, claimed_until: null };
      expect(await readDelivery(sql, id)).toMatchObject(row);
      expect(await readAttempts(sql, id)).toMatchObject([{ outcome: "interrupted" }]);
    }
    const [lane] = await sql`select holder, lease_until from webhook_lanes`;
    expect(lane).toEqual({ holder: null, lease_until: null });
    answer = () => 200;
    await drain(open());
    expect(await countDeliveries(sql, webhookId, "success")).toBe(3);
  });

  it("leaves no claim behind that was on its way", async () => {
    const [id = ""] = await addDeliveries(sql, webhookId);
    const gate = await holdClaims(sql);
    const deliverer = open();
    const draining = drain(deliverer);
    await eventually(gate.waiting);
    let isStopped = false;
    const stopping = deliverer.stop().then(() => (isStopped = true));
    await pause(50);
    expect(isStopped).toBe(false);
    await gate.open();
    await stopping;
    const { claimed_until, attempts } = await readDelivery(sql, id);
    expect(claimed_until).toBeNull();
    expect(attempts).toBe(receiver.posts.length);
    await draining;
  });

  it("ends an idle process at once", async () => {
    const askedAt = performance.now();
    await open({ graceMs: 5_000 }).stop();
    expect(performance.now() - askedAt).toBeLessThan(2_000);
  });
});

describe("a result that comes when the lane is another's", () => {
  it("is written down all the same", async () => {
    answer = () => slowly(600);
    const [id = ""] = await addDeliveries(sql, webhookId);
    const first = drain(open());
    await eventually(() => receiver.open === 1);
    await sql`update webhook_lanes set lease_until = now() - interval '1 s'`;
    const second = drain(open());
    await eventually(isDone(id));
    await Promise.all([first, second]);
    expect(receiver.posts).toHaveLength(1);
  });
});
