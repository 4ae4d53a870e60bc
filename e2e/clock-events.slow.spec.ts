import { setTimeout as sleep } from "node:timers/promises";
import { Api, ok, type Entity } from "./support/api";
import type { App } from "./support/app";
import type { PostgresServer } from "@/test/kit/postgres-server";
import { until } from "@/test/kit/until";
import type { Received } from "./support/receiver";
import { expect, test } from "./support/test";

test.describe.configure({ timeout: 240_000 });

const shared = { TURBO_SECRET_KEY: "a-secret-key-of-many-characters" };
/** The clock looks once a minute. */
const tellMs = 65_000;

/** A day so many days from the one on which the clock will look, as the API has it. */
function day(days: number): string {
  const at = Date.now() + tellMs + days * 24 * 3_600_000;
  return new Date(at).toISOString().slice(0, 10);
}

/** Creates an entity; answers its id. */
async function create(api: Api, plural: string, fields: object): Promise<string> {
  const { status, body } = await api.post<Entity>(`/${plural}`, fields);
  expect(status, JSON.stringify(body)).toBe(201);
  return body.id;
}

/** What was told of what: type, id, and the number of days. */
function inShort({ body }: Received): string {
  const { days_left, days_overdue } = body.data.current;
  return `${body.event_type} ${body.entity_id} ${String(days_left ?? days_overdue)}`;
}

test("what is due soon or overdue is told within a minute, once", async ({
  startOwnApp,
  receiver,
}) => {
  const api = new Api((await startOwnApp()).url);
  const types = ["due_date_approaching", "overdue"];
  const event_types = ["issue", "milestone"].flatMap((entity) =>
    types.map((type) => `${entity}.${type}`),
  );
  await api.createWebhook(receiver.url, { event_types });
  const { id: project_id } = await api.createProject();
  const issueDue = (days: number, more: object = {}) =>
    create(api, "issues", { title: `Due in ${days}`, due_date: day(days), project_id, ...more });
  const milestoneDue = (days: number, more: object = {}) =>
    create(api, "milestones", { name: `Due in ${days}`, due_date: day(days), project_id, ...more });

  const expected = [
    `issue.due_date_approaching ${await issueDue(7)} 7`,
    `issue.due_date_approaching ${await issueDue(3)} 3`,
    `issue.due_date_approaching ${await issueDue(1)} 1`,
    `issue.overdue ${await issueDue(-1)} 1`,
    `issue.overdue ${await issueDue(-400)} 400`,
    `milestone.due_date_approaching ${await milestoneDue(3)} 3`,
    `milestone.overdue ${await milestoneDue(-1, { status: "in_progress" })} 1`,
  ];
  await issueDue(8);
  await issueDue(-1, { status: "closed" });
  await milestoneDue(-1, { status: "cancelled" });
  const moved = await issueDue(30);
  ok(await api.patch(`/issues/${moved}`, { due_date: day(-2) }));
  expected.push(`issue.overdue ${moved} 2`);

  await receiver.waitForAll(expected.length, () => true, tellMs + 5_000);
  expect(receiver.posts.map(inShort).toSorted()).toEqual(expected.toSorted());
  const overdue = receiver.posts.find(({ body }) => body.entity_id === moved);
  expect(overdue?.body).toMatchObject({
    event_type: "issue.overdue",
    action: "overdue",
    entity_type: "issue",
    entity_version: 2,
    actor: { type: "system", name: "turbo-system" },
    data: {
      current: { id: moved, due_date: day(-2), status: "open" },
      previous: null,
      changes: [],
    },
    context: { project_id, issue_id: moved },
  });
});

const isOf = (type: string) => (request: Received) => request.body.event_type === type;

/** Something that is told after whatever was to be told before it. */
async function sendSentinel(app: App, waitFor: (id: string) => Promise<unknown>): Promise<void> {
  const { id } = await new Api(app.url).createIssue({ title: "sentinel" });
  await waitFor(id);
}

const setReportsBack = (postgres: PostgresServer) =>
  postgres.run(`
    insert into installation (key, value)
    select key, (now() - interval '10 days')::text
    from unnest(array['daily_digest', 'weekly_report']) as key
    on conflict (key) do update set value = excluded.value`);

test("reports that were missed are told when the app runs again, once however often it is restarted", async ({
  postgres,
  startOwnApp,
  receiver,
}) => {
  const app = await startOwnApp({ ...shared, DATABASE_URL: postgres.url });
  const api = new Api(app.url);
  await api.createWebhook(receiver.url, { event_types: ["system.*", "issue.created"] });
  const seeSentinel = () =>
    sendSentinel(app, (id) => receiver.waitFor(({ body }) => body.entity_id === id));
  await seeSentinel();
  expect(receiver.posts.filter(({ body }) => body.entity_type === "system")).toEqual([]);

  await app.stop();
  await setReportsBack(postgres);
  await app.start();
  const reports = [
    await receiver.waitFor(isOf("system.daily_digest")),
    await receiver.waitFor(isOf("system.weekly_report")),
  ];
  await app.kill();
  await app.start();
  await seeSentinel();
  const told = receiver.posts.filter(({ body }) => body.entity_type === "system");
  // The same event may come again: the app was killed before it could write down that it had arrived.
  expect(new Set(told.map(({ body }) => body.event_id))).toEqual(
    new Set(reports.map(({ body }) => body.event_id)),
  );
  for (const { body } of reports) {
    const { since, until: end, open_issues, overdue_issues } = body.data.current;
    expect(String(end)).toMatch(/T08:00:00\.000Z$/);
    expect(Date.parse(String(since))).toBeLessThan(Date.parse(String(end)));
    expect({ open_issues, overdue_issues }).toEqual({ open_issues: 1, overdue_issues: 0 });
    expect(body.data.current.id).toBe(body.entity_id);
  }
  expect(new Date(String(reports[1]?.body.data.current.until)).getUTCDay()).toBe(1);
});

test("a database that was away is told of when it is back, once by all processes", async ({
  postgres,
  startOwnApp,
  receiver,
}) => {
  const settings = { ...shared, DATABASE_URL: postgres.url };
  const apps = [await startOwnApp(settings), await startOwnApp(settings)];
  const [first] = apps;
  if (!first) throw new Error("There is no app.");
  const event_types = ["system.health_check_failed", "issue.created"];
  await new Api(first.url).createWebhook(receiver.url, { event_types });
  await postgres.kill();
  const awayAt = Date.now();
  await sleep(8_000);
  const backAt = Date.now();
  await postgres.start();
  const told = await receiver.waitFor(isOf("system.health_check_failed"), 60_000);
  const { reason, since, until: end } = told.body.data.current;
  expect(reason).toBe("database_away");
  expect(Math.abs(Date.parse(String(since)) - awayAt)).toBeLessThan(4_000);
  expect(Date.parse(String(end))).toBeGreaterThan(backAt);
  for (const app of apps) {
    const isHealthy = async () => (await fetch(`${app.url}/api/health`)).status === 200;
    await until("the app is healthy", isHealthy);
    await sendSentinel(app, (id) => receiver.waitFor(({ body }) => body.entity_id === id));
  }
  expect(receiver.posts.filter(isOf("system.health_check_failed"))).toHaveLength(1);
});
