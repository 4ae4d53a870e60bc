import { Api, ok, type Delivery, type Entity, type Webhook } from "./support/api";
import { runUntilExit, type App } from "./support/app";
import { makeDeferred, until } from "@/test/kit/until";
import { findFreePort } from "@/test/kit/port";
import type { Receiver } from "./support/receiver";
import { expectSigned } from "./support/signature";
import { expect, test } from "./support/test";

test.describe.configure({ timeout: 180_000 });

const isSuccess = ({ status }: { status: string }) => status === "success";

/** Creates issues, a few at a time, until `count` are answered or the server is gone. */
async function createIssues(
  api: Api,
  count: number,
  onAnswer: (issue: Entity) => void,
): Promise<void> {
  let left = count;
  const work = async () => {
    while (left > 0) {
      left -= 1;
      try {
        onAnswer(await api.createIssue({ title: `Issue ${left}` }));
      } catch (error) {
        // A killed server answers nothing: whether it was committed is then open.
        if (!(error instanceof TypeError)) throw error;
        return;
      }
    }
  };
  await Promise.all([work(), work(), work(), work()]);
}

/** Every issue was told, each under one webhook-id with one text, however often it was posted. */
async function expectAllArrive(receiver: Receiver, issues: Entity[]): Promise<void> {
  await until(
    `${issues.length} issues are told`,
    () => {
      const told = new Set(receiver.posts.map(({ body }) => body.entity_id));
      return issues.every(({ id }) => told.has(id));
    },
    60_000,
  );
  const texts = new Map<string, Buffer>();
  for (const { headers, raw, body } of receiver.posts) {
    const id = String(headers["webhook-id"]);
    expect(id).toBe(body.event_id);
    expect(raw.equals(texts.get(id) ?? raw), "the same bytes").toBe(true);
    texts.set(id, raw);
  }
}

/** No delivery is left that waits or has failed. */
async function expectNothingStuck(api: Api): Promise<void> {
  for (const status of ["pending", "failed"]) {
    await until(`no delivery is ${status}`, async () => {
      const rows = ok(await api.get<Delivery[]>(`/deliveries?status=${status}`));
      return rows.length === 0;
    });
  }
}

test("kill -9 right after the answer loses nothing", async ({ startOwnApp, receiver }) => {
  const app = await startOwnApp();
  const api = new Api(app.url);
  const webhook = await api.createWebhook(receiver.url, { event_types: ["issue.created"] });
  const issues: Entity[] = [];
  for (let round = 1; round <= 3; round += 1) {
    const enough = issues.length + 10 * round;
    let killing: Promise<void> | undefined;
    await createIssues(api, 200, (issue) => {
      issues.push(issue);
      if (issues.length === enough) killing = app.kill();
    });
    await killing;
    expect(app.isRunning).toBe(false);
    await app.start();
  }
  await expectAllArrive(receiver, issues);
  await expectNothingStuck(api);
  for (const request of receiver.posts) expectSigned(request, webhook.secret_token);
});

test("kill -9 during an attempt, and while another waits for its retry, loses nothing @slow", async ({
  startOwnApp,
  receiver,
}) => {
  const app = await startOwnApp({ WEBHOOK_RETRY_SCHEDULE: "1s,1s", WEBHOOK_TIMEOUT: "60" });
  const api = new Api(app.url);
  const webhook = await api.createWebhook(receiver.url, { event_types: ["issue.created"] });
  receiver.respondWith(({ body }) =>
    body.data.current.title === "waits"
      ? { status: 503, headers: { "retry-after": "8" } }
      : ("hang" as const),
  );
  const held = await api.createIssue({ title: "is held" });
  const waiting = await api.createIssue({ title: "waits" });
  const isOf = (issue: Entity) => (request: { body: { entity_id: string } }) =>
    request.body.entity_id === issue.id;
  const firstHeld = await receiver.waitFor(isOf(held));
  const firstWaiting = await receiver.waitFor(isOf(waiting));
  await api.waitForDelivery(
    webhook,
    firstWaiting.body.event_id,
    ({ status, attempt_log }) => status === "pending" && attempt_log.length === 1,
  );

  await app.kill();
  receiver.respondWith(200);
  await app.start();
  const again = { headers: expect.objectContaining({ "x-turbo-attempt": "2" }) };
  for (const first of [firstHeld, firstWaiting]) {
    const id = first.headers["webhook-id"];
    const [, second] = await receiver.waitForAll(2, ({ headers }) => headers["webhook-id"] === id);
    expect(second).toMatchObject(again);
    expect(second?.raw.equals(first.raw), "the same bytes").toBe(true);
    expect(second?.headers["x-turbo-delivery-id"]).toBe(first.headers["x-turbo-delivery-id"]);
    if (first === firstWaiting) expect((second?.at ?? 0) - first.at).toBeGreaterThanOrEqual(7_990);
  }
  const interrupted = await api.waitForDelivery(webhook, firstHeld.body.event_id, isSuccess);
  expect(interrupted.attempt_log).toMatchObject([
    { number: 1, outcome: "interrupted", response_code: null },
    { number: 2, outcome: "success", response_code: 200 },
  ]);
  const delayed = await api.waitForDelivery(webhook, firstWaiting.body.event_id, isSuccess);
  expect(delayed.attempt_log).toMatchObject([
    { number: 1, outcome: "failure", response_code: 503 },
    { number: 2, outcome: "success", response_code: 200 },
  ]);
  await expectNothingStuck(api);
});

test("kill -9 of the app and its database at once loses nothing @slow", async ({
  startOwnApp,
  receiver,
}) => {
  const app = await startOwnApp();
  const api = new Api(app.url);
  await api.createWebhook(receiver.url, { event_types: ["issue.created"] });
  const issues: Entity[] = [];
  await createIssues(api, 40, (issue) => issues.push(issue));
  await Promise.all([app.kill(), app.postgres.kill()]);
  await app.start();
  await expectAllArrive(receiver, issues);
  await expectNothingStuck(api);
});

test("the app outlives its database, brings it back and goes on @slow", async ({
  startOwnApp,
  receiver,
}) => {
  // A claim whose answer the dying database swallowed is taken over after the time-out and 10 s.
  const app = await startOwnApp({ WEBHOOK_TIMEOUT: "10" });
  const api = new Api(app.url);
  const webhook = await api.createWebhook(receiver.url, { event_types: ["issue.created"] });
  const answer = makeDeferred<number>();
  receiver.respondWith((_, n) => (n === 1 ? answer.promise : 200));
  const issues = [await api.createIssue({ title: "under way" })];
  const { body } = await receiver.waitFor();

  for (let round = 1; round <= 2; round += 1) {
    let killing: Promise<void> | undefined;
    await workThrough(api, issues, (answered) => {
      if (answered !== 15) return;
      killing = app.postgres.kill();
      answer.resolve(200);
    });
    await killing;
    await until("the app is healthy again", async () => (await health(app)) === 200, 60_000);
    expect(app.isRunning).toBe(true);
    issues.push(await api.createIssue({ title: `after ${round}` }));
  }
  await expectAllArrive(receiver, issues);
  const delivery = await api.waitForDelivery(webhook, body.event_id, isSuccess);
  expect(delivery.attempt_log, "its result waited for the database").toMatchObject([
    { number: 1, outcome: "success" },
  ]);
  await expectNothingStuck(api);
});

/** Reads and writes, transactions among them; each is answered, or refused with 503 in time. */
async function workThrough(
  api: Api,
  issues: Entity[],
  onAnswer: (count: number) => void,
): Promise<void> {
  let left = 60;
  let answered = 0;
  const work = async () => {
    while (left > 0) {
      left -= 1;
      const title = `Issue ${left}`;
      const one = left % 3 === 0 ? await api.post<Entity>("/projects", { name: title }) : null;
      const { status, body } = await (one
        ? api.delete<Entity>(`/projects/${one.body.id ?? "none"}`)
        : api.post<Entity>("/issues", { title }));
      expect([201, 204, 404, 503], JSON.stringify(body)).toContain(status);
      if (status === 201) issues.push(body);
      onAnswer((answered += 1));
    }
  };
  await Promise.all([work(), work(), work(), work()]);
}

async function health({ url }: App): Promise<number> {
  const response = await fetch(`${url}/api/health`, { signal: AbortSignal.timeout(20_000) });
  await response.arrayBuffer();
  return response.status;
}

test("a database that was brought back still has one owner @slow", async ({ startOwnApp }) => {
  const app = await startOwnApp();
  const [before] = app.postgres.pids;
  await app.postgres.kill();
  const isBack = () => app.postgres.pids[0] !== undefined && app.postgres.pids[0] !== before;
  await until("the database runs again", isBack, 60_000);
  await until("the app is healthy again", async () => (await health(app)) === 200, 60_000);
  const port = String(await findFreePort());
  const { exitCode, stderr } = await runUntilExit({ PORT: port, DATA_DIR: app.dataDir });
  expect(stderr).toMatch(/^turbo: DATA_DIR: another .* runs on/);
  expect(exitCode).toBe(1);
  expect(await health(app)).toBe(200);
});

test("SIGTERM with attempts under way ends in time, and the next start makes them good @slow", async ({
  startOwnApp,
  receiver,
}) => {
  const app = await startOwnApp({ WEBHOOK_TIMEOUT: "60" });
  const api = new Api(app.url);
  const webhook = await api.createWebhook(receiver.url, { event_types: ["issue.created"] });
  receiver.respondWith("hang" as const);
  const issues: Entity[] = [];
  for (let n = 1; n <= 5; n += 1) issues.push(await api.createIssue({ title: `Issue ${n}` }));
  const before = await receiver.waitForAll(5);
  const { durationMs } = await app.stop();
  expect(durationMs).toBeLessThan(10_000);
  expect(app.postgres.pids).toEqual([]);

  receiver.respondWith(200);
  await app.start();
  await receiver.waitForAll(5, ({ number }) => number > 5);
  await expectAllArrive(receiver, issues);
  for (const { body } of before) {
    const delivery = await api.waitForDelivery(webhook, body.event_id, isSuccess);
    expect(delivery.attempt_log).toMatchObject([
      { number: 1, outcome: "interrupted" },
      { number: 2, outcome: "success" },
    ]);
  }
  expect(receiver.posts).toHaveLength(10);
});

test("a stop lets an attempt end that ends soon, and the next start finds all data @slow", async ({
  startOwnApp,
  receiver,
}) => {
  const app = await startOwnApp({ WEBHOOK_TIMEOUT: "60" });
  const api = new Api(app.url);
  const webhook = await api.createWebhook(receiver.url);
  const answer = makeDeferred<number>();
  receiver.respondWith(() => answer.promise);
  const issue = await api.createIssue({ title: "kept" });
  const { body } = await receiver.waitFor();
  const stopping = app.stop();
  await until("the door is closed", async () => !(await isListening(app)));
  answer.resolve(200);
  await stopping;

  await app.start();
  expect(ok(await api.get<Entity>(`/issues/${issue.id}`))).toEqual(issue);
  expect(ok(await api.get<Webhook[]>("/webhooks"))).toMatchObject([{ id: webhook.id }]);
  const delivery = await api.waitForDelivery(webhook, body.event_id, isSuccess);
  expect(delivery.attempt_log).toMatchObject([{ number: 1, outcome: "success" }]);
  const next = await api.createIssue({ title: "next" });
  const request = await receiver.waitFor(({ body: { entity_id } }) => entity_id === next.id);
  expectSigned(request, webhook.secret_token);
  expect(receiver.posts).toHaveLength(2);
});

async function isListening(app: App): Promise<boolean> {
  try {
    await health(app);
    return true;
  } catch {
    return false;
  }
}
