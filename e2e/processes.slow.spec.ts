import { Api, type Entity } from "./support/api";
import type { App, Settings } from "./support/app";
import { until } from "@/test/kit/until";
import type { PostgresServer } from "@/test/kit/postgres-server";
import { embedded } from "./support/engine";
import type { Received, Receiver } from "./support/receiver";
import { expect, test } from "./support/test";

test.describe.configure({ timeout: 240_000 });

type StartOwnApp = (settings?: Settings) => Promise<App>;

const shared = { ...embedded, TURBO_SECRET_KEY: "a-secret-key-of-many-characters" };

/** So many processes on one database. */
async function startProcesses(
  startOwnApp: StartOwnApp,
  { url }: Pick<PostgresServer, "url">,
  count: number,
): Promise<App[]> {
  const apps: App[] = [];
  while (apps.length < count) apps.push(await startOwnApp({ ...shared, DATABASE_URL: url }));
  return apps;
}

/** Creates issues through all of these, a few at a time; those that were answered. */
async function createIssues(apps: App[], count: number): Promise<Entity[]> {
  const issues: Entity[] = [];
  let next = 0;
  const work = async () => {
    while (next < count) {
      const app = apps[next % apps.length];
      next += 1;
      if (app) issues.push(await new Api(app.url).createIssue({ title: `Issue ${next}` }));
    }
  };
  await Promise.all([work(), work(), work(), work()]);
  return issues;
}

const pairOf = ({ path, body }: Received) => `${path} ${body.entity_id}`;

/** Waits until each of these issues has come to each of the receiver's paths. */
async function expectAllArrive(
  receiver: Receiver,
  paths: string[],
  issues: Entity[],
): Promise<void> {
  const expected = paths.flatMap((path) => issues.map(({ id }) => `${path} ${id}`));
  await until(
    `${expected.length} deliveries arrive`,
    () => {
      const arrived = new Set(receiver.posts.map(pairOf));
      return expected.every((pair) => arrived.has(pair));
    },
    90_000,
  );
}

function countTwice(received: Received[]): number {
  return received.length - new Set(received.map(pairOf)).size;
}

/** A webhook for each path of one receiver. */
async function createWebhooks({ url }: App, receiver: Receiver, count: number): Promise<string[]> {
  const paths = Array.from({ length: count }, (_, index) => `/webhook/${index}`);
  const { origin } = new URL(receiver.url);
  for (const path of paths) {
    await new Api(url).createWebhook(`${origin}${path}`, { event_types: ["issue.created"] });
  }
  return paths;
}

for (const count of [2, 4]) {
  test(`${count} processes share the work, and nothing is done twice`, async ({
    startOwnApp,
    postgres,
    receiver,
  }) => {
    const apps = await startProcesses(startOwnApp, postgres, count);
    const paths = await createWebhooks(apps[0] as App, receiver, 6);
    const issues: Entity[] = [];
    const hasShared = () => apps.every(({ log }) => log.includes("webhook attempt"));
    const deadline = Date.now() + 60_000;
    do issues.push(...(await createIssues(apps, 40)));
    while (!hasShared() && Date.now() < deadline);
    expect(hasShared(), "each has had its share").toBe(true);
    await expectAllArrive(receiver, paths, issues);
    expect(countTwice(receiver.posts)).toBe(0);
  });
}

test("what a killed process had under way is taken over by the other", async ({
  startOwnApp,
  postgres,
  receiver,
}) => {
  const [first, second] = (await startProcesses(startOwnApp, postgres, 2)) as [App, App];
  const paths = await createWebhooks(first, receiver, 3);
  receiver.respondWith("hang" as const);
  const issues = await createIssues([first], 20);
  await receiver.waitForAll(30);
  const before = receiver.posts.length;
  receiver.respondWith(200);
  await first.kill();
  await expectAllArrive(receiver, paths, issues);
  const api = new Api(second.url);
  await until("nothing is pending", async () => {
    const { body } = await api.get<unknown[]>("/deliveries?status=pending");
    return body.length === 0;
  });
  const answered = receiver.posts.filter(({ number }) => number > before);
  expect(answered.length - new Set(answered.map(pairOf)).size, "each once more, no oftener").toBe(
    0,
  );
  const one = receiver.posts[0] as Received;
  const { body: webhooks } = await api.get<{ id: string; url: string }[]>("/webhooks");
  const hook = webhooks.find(({ url }) => url.endsWith(one.path));
  const { body } = await api.get<{ id: string }[]>(
    `/deliveries?event_id=${one.body.event_id}&webhook_id=${hook?.id}`,
  );
  expect((await api.getDelivery(body[0]?.id ?? "")).attempt_log).toMatchObject([
    { number: 1, outcome: "interrupted" },
    { number: 2, outcome: "success" },
  ]);
});

test("a rolling restart under load loses nothing and does nothing twice", async ({
  startOwnApp,
  postgres,
  receiver,
}) => {
  const apps = await startProcesses(startOwnApp, postgres, 2);
  const paths = await createWebhooks(apps[0] as App, receiver, 3);
  receiver.respondWith({ status: 200, delayMs: 50 });
  const issues: Entity[] = [];
  let isRolling = true;
  const work = async () => {
    for (let n = 0; isRolling; n += 1) {
      const api = new Api((apps[n % 2] as App).url);
      try {
        const { status, body } = await api.post<Entity>("/issues", { title: `Issue ${n}` });
        if (status === 201) issues.push(body);
        else expect(status).toBe(503);
      } catch (error) {
        // Its door is closed while it restarts.
        if (!(error instanceof TypeError)) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const working = Promise.all([work(), work()]);
  for (const app of [...apps, ...apps]) {
    await app.stop();
    await app.start();
  }
  isRolling = false;
  await working;
  await expectAllArrive(receiver, paths, issues);
  expect(issues.length).toBeGreaterThan(50);
  expect(countTwice(receiver.posts)).toBe(0);
});

test("with NOTIFY cut, deliveries still flow, and a pause still holds once it is answered", async ({
  startOwnApp,
  postgres,
  receiver,
}) => {
  await postgres.run(`
    create role plain login password 'plain';
    grant create on database turbo to plain;
    grant create on schema public to plain;
    revoke execute on function pg_notify(text, text) from public;`);
  const url = postgres.url.replace(/\/\/[^@]+@/, "//plain:plain@");
  const [first, second] = (await startProcesses(startOwnApp, { url }, 2)) as [App, App];
  const webhook = await new Api(first.url).createWebhook(receiver.url);
  receiver.respondWith({ status: 200, delayMs: 400 });
  const waits: number[] = [];
  for (let n = 0; n < 20; n += 1) {
    // While one process holds the lane, the other makes the change.
    const askedAt = Date.now();
    const { id } = await new Api((n % 2 ? first : second).url).createIssue({ title: `Issue ${n}` });
    const { at } = await receiver.waitFor(({ body }) => body.entity_id === id);
    waits.push(at - askedAt);
  }
  expect(second.log + first.log).toContain("signal not sent");
  expect(waits.toSorted((a, b) => a - b)[waits.length / 2], String(waits)).toBeLessThan(1_000);

  const held = await new Api(first.url).createIssue({ title: "keeps the lane" });
  await receiver.waitFor(({ body }) => body.entity_id === held.id);
  await new Api(second.url).patch(`/webhooks/${webhook.id}`, { active: false });
  const { length } = receiver.posts;
  const sentinel = new URL("/sentinel", receiver.url);
  await new Api(first.url).createWebhook(sentinel.href);
  const isSentinel = ({ path }: Received) => path === sentinel.pathname;
  const isOther = (request: Received) => !isSentinel(request);
  await createIssues([first, second], 4);
  await receiver.waitForAll(4, isSentinel);
  expect(receiver.posts.filter(isOther)).toHaveLength(length);
  await new Api(second.url).patch(`/webhooks/${webhook.id}`, { active: true });
  await receiver.waitForAll(length + 4, isOther);
});
