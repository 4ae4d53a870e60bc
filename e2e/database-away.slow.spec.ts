import { setTimeout as sleep } from "node:timers/promises";
import { Api, ok, type Delivery, type Entity, type Problem, type Webhook } from "./support/api";
import type { App } from "./support/app";
import { makeDeferred, until } from "@/test/kit/until";
import { embedded } from "./support/engine";
import type { Receiver } from "./support/receiver";
import { expect, test } from "./support/test";

test.describe.configure({ timeout: 240_000 });

const shared = { ...embedded, TURBO_SECRET_KEY: "a-secret-key-of-many-characters" };
const awayMs = 30_000;
/** With the database back, everything goes on within this time. */
const recoveryMs = 10_000;
const longestAnswerMs = 10_000;

const otherUrl = "http://127.0.0.1:11999/webhook";

type Answer = { what: string; status: number; detail: string; ms: number };

/** Asks in every way there is; each of them must be refused as it should, and in time. */
async function askAll(api: Api, issue: Entity): Promise<Answer[]> {
  const asks: Record<string, () => Promise<{ status: number; headers: Headers; body: unknown }>> = {
    list: () => api.get("/webhooks"),
    read: () => api.get(`/issues/${issue.id}`),
    create: () => api.post("/issues", { title: "While it is away" }),
    change: () => api.patch(`/issues/${issue.id}`, { title: `Renamed ${performance.now()}` }),
    remove: () => api.delete(`/issues/${issue.id}`),
    hook: () =>
      api.post("/webhooks", { name: "x", url: otherUrl, event_types: ["project.created"] }),
  };
  return Promise.all(
    Object.entries(asks).map(async ([what, ask]) => {
      const beganAt = performance.now();
      const { status, headers, body } = await ask();
      const ms = performance.now() - beganAt;
      const seen = `${what}: ${status} ${JSON.stringify(body)}`;
      if (status !== 503) return { what, status, detail: seen, ms };
      expect(headers.get("retry-after"), seen).toBe("5");
      expect(headers.get("content-type"), seen).toBe("application/problem+json");
      const { code, detail } = body as Problem; // a 503 of ours has this shape
      expect(code, seen).toBe("unavailable");
      expect(detail, seen).toMatch(
        /^The database (cannot (be reached|do this just now)|went away before it answered)/,
      );
      return { what, status, detail, ms };
    }),
  );
}

async function health({ url }: App): Promise<{ status: number; ms: number; text: string }> {
  const beganAt = performance.now();
  const response = await fetch(`${url}/api/health`, { signal: AbortSignal.timeout(20_000) });
  const text = await response.text();
  return { status: response.status, ms: performance.now() - beganAt, text };
}

type Outage = {
  app: App;
  receiver: Receiver;
  begin: () => void | Promise<void>;
  end: () => void | Promise<void>;
  /** What half of the answers take no longer than. */
  medianMs: number;
};

/** The database goes away for 30 s with work under way, due meanwhile and asked for; then it is back. */
async function expectSurvival({ app, receiver, begin, end, medianMs }: Outage): Promise<void> {
  const api = new Api(app.url);
  const webhook = await api.createWebhook(receiver.url, { event_types: ["issue.*"] });
  const answer = makeDeferred<number>();
  receiver.respondWith(({ body }, n) => {
    if (body.data.current.title === "under way") return answer.promise;
    return body.data.current.title === "due meanwhile" && n <= 2
      ? { status: 503, headers: { "retry-after": "10" } }
      : 200;
  });
  const underWay = await api.createIssue({ title: "under way" });
  const dueMeanwhile = await api.createIssue({ title: "due meanwhile" });
  const isOf = (issue: Entity) => (request: { body: { entity_id: string } }) =>
    request.body.entity_id === issue.id;
  const [first] = [
    await receiver.waitFor(isOf(underWay)),
    await receiver.waitFor(isOf(dueMeanwhile)),
  ];
  await until("one is due later", async () => {
    const rows = await api.listDeliveries(webhook.id);
    return rows.some(
      ({ event_id, attempts, is_in_flight }) =>
        event_id !== first.body.event_id && attempts === 1 && !is_in_flight,
    );
  });

  const beganAt = performance.now();
  await begin();
  answer.resolve(200);
  const answers: Answer[] = [];
  const healths: { status: number; ms: number; text: string }[] = [];
  while (performance.now() - beganAt < awayMs) {
    // Now and then many at once, more than the pool has connections.
    const burst = answers.length % 5 === 0 ? 8 : 1;
    const round = Array.from({ length: burst }, () => askAll(api, dueMeanwhile));
    healths.push(await health(app));
    answers.push(...(await Promise.all(round)).flat());
    await sleep(250);
  }
  const awayForMs = performance.now() - beganAt;
  expect(app.isRunning).toBe(true);
  const others = answers.filter(({ status }) => status !== 503);
  expect(others.slice(0, 3).map(({ detail }) => detail)).toEqual([]);
  expect(slowest(answers)).toBeLessThan(longestAnswerMs);
  expect(medianOf(answers)).toBeLessThan(medianMs);
  expect(healths.filter(({ status }) => status !== 503)).toEqual([]);
  expect(slowest(healths)).toBeLessThan(longestAnswerMs / 2);

  const endedAt = performance.now();
  await end();
  const sinceMs = () => Math.round(performance.now() - endedAt);
  const back = await until(
    "the API answers again",
    // Reads only: no new event may bring the lane to life.
    async () => (await api.get("/webhooks")).status === 200 && sinceMs(),
    recoveryMs,
  );
  await receiver.waitForAll(2, isOf(dueMeanwhile), recoveryMs);
  const dueMs = sinceMs();
  await until(
    "the result is written",
    () => isSettled(api, webhook, underWay, receiver),
    recoveryMs,
  );
  const writtenMs = sinceMs();
  await until("the app is healthy", async () => (await health(app)).status === 200, recoveryMs);
  console.log(
    `away ${Math.round(awayForMs)} ms: ${answers.length} refusals, median ${medianOf(answers)} ms, slowest ${slowest(answers)} ms, ` +
      `health ${slowest(healths)} ms; back after ${back} ms, due after ${dueMs} ms, written after ${writtenMs} ms`,
  );
  await expectEachToldOnce(api, webhook, receiver);
  expect(app.log).not.toMatch(/unhandled|uncaught/i);
}

const medianOf = (timed: { ms: number }[]) =>
  Math.round(timed.map(({ ms }) => ms).toSorted((a, b) => a - b)[timed.length >> 1] ?? 0);

const slowest = (timed: { ms: number }[]) => Math.round(Math.max(...timed.map(({ ms }) => ms)));

async function isSettled(
  api: Api,
  webhook: Webhook,
  issue: Entity,
  receiver: Receiver,
): Promise<boolean> {
  const told = receiver.posts.find(({ body }) => body.entity_id === issue.id);
  const rows = ok(
    await api.get<Delivery[]>(
      `/deliveries?webhook_id=${webhook.id}&event_id=${told?.body.event_id}`,
    ),
  );
  return rows.length === 1 && rows[0]?.status === "success" && rows[0].attempts === 1;
}

/** What was committed is told, and nothing is posted again that was answered with success. */
async function expectEachToldOnce(api: Api, webhook: Webhook, receiver: Receiver): Promise<void> {
  const sentinel = await api.createIssue({ title: "sentinel" });
  await receiver.waitFor(({ body }) => body.entity_id === sentinel.id);
  await until("nothing waits", async () => {
    const rows = ok(
      await api.get<Delivery[]>(`/deliveries?webhook_id=${webhook.id}&status=pending`),
    );
    return rows.length === 0;
  });
  const deliveries = await api.listDeliveries(webhook.id);
  expect(deliveries.filter(({ status }) => status !== "success")).toEqual([]);
  const issues = ok(await api.get<Entity[]>("/issues?limit=100"));
  for (const { id } of issues) {
    const told = receiver.posts.filter(
      ({ body }) => body.entity_id === id && body.event_type === "issue.created",
    );
    const attempts = told.map(({ headers }) => headers["x-turbo-attempt"]);
    expect(attempts, "each attempt is posted once").toEqual([...new Set(attempts)]);
    expect(told.length, `issue ${id} is told`).toBeGreaterThan(0);
  }
}

test("a stopped database is waited for, and all goes on by itself", async ({
  postgres,
  startOwnApp,
  receiver,
  page,
}) => {
  const app = await startOwnApp({ ...shared, DATABASE_URL: postgres.url, WEBHOOK_TIMEOUT: "60" });
  let showing: Promise<unknown> = Promise.resolve();
  await expectSurvival({
    app,
    receiver,
    medianMs: 2_000,
    begin: async () => {
      await postgres.kill();
      showing = page
        .goto(`${app.url}/settings/webhooks`)
        .then(() => expect(page.getByText("The database cannot be reached")).toBeVisible());
    },
    end: async () => {
      await showing;
      await postgres.start();
    },
  });
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByRole("heading", { name: "Webhook Settings" })).toBeVisible();
});

test("a database that stands still is given up in time, and all goes on by itself", async ({
  postgres,
  startOwnApp,
  receiver,
}) => {
  const app = await startOwnApp({ ...shared, DATABASE_URL: postgres.url, WEBHOOK_TIMEOUT: "60" });
  await expectSurvival({
    app,
    receiver,
    medianMs: longestAnswerMs,
    begin: () => postgres.freeze(),
    end: () => postgres.thaw(),
  });
});

test("so is the embedded one, which stays this app's own", async ({ startOwnApp, receiver }) => {
  const app = await startOwnApp({ ...embedded, WEBHOOK_TIMEOUT: "60" });
  await expectSurvival({
    app,
    receiver,
    medianMs: longestAnswerMs,
    begin: () => app.postgres.freeze(),
    end: () => app.postgres.thaw(),
  });
});

for (const how of ["stopped", "standing still"] as const) {
  test(`SIGTERM with the database ${how} ends in time`, async ({
    postgres,
    startOwnApp,
    receiver,
  }) => {
    // Its claim, which nobody can settle, is taken over after the time-out and ten seconds.
    const settings = { ...shared, DATABASE_URL: postgres.url, WEBHOOK_TIMEOUT: "3" };
    const app = await startOwnApp(settings);
    const api = new Api(app.url);
    const webhook = await api.createWebhook(receiver.url);
    const answer = makeDeferred<number>();
    receiver.respondWith(() => answer.promise);
    await api.createIssue();
    const { body } = await receiver.waitFor();
    if (how === "stopped") await postgres.kill();
    else postgres.freeze();
    // Its result cannot be written any more.
    answer.resolve(200);
    await Promise.allSettled([api.get("/webhooks"), api.post("/issues", { title: "asked" })]);
    const { durationMs } = await app.stop();
    console.log(`stopped after ${Math.round(durationMs)} ms`);
    expect(durationMs).toBeLessThan(10_000);
    postgres.thaw();
    if (how === "stopped") await postgres.start();
    receiver.respondWith(200);
    await app.start();
    const delivery = await api.waitForDelivery(
      webhook,
      body.event_id,
      ({ status }) => status === "success",
    );
    expect(delivery.attempt_log).toMatchObject([
      { number: 1, outcome: "interrupted" },
      { number: 2, outcome: "success" },
    ]);
  });
}
