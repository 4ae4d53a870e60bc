import { randomUUID } from "node:crypto";
import { Api, ok, type ApiAnswer, type Entity, type Problem, type Webhook } from "./support/api";
import { expect, test } from "./support/test";

const keyed = (key: string) => ({ headers: { "idempotency-key": key } });
const isReplayed = ({ headers }: ApiAnswer) => headers.get("idempotent-replayed") === "true";

const sharedSettings = { TURBO_SECRET_KEY: "a-secret-key-of-many-characters" };

/** Twenty times at once, by each of these in turn: the one answer that all agree upon. */
async function ask20(apis: Api[], path: string, body: unknown): Promise<Entity> {
  const key = randomUUID();
  const twenty = Array.from({ length: 20 / apis.length }, () => apis).flat();
  const answers = await Promise.all(twenty.map((api) => api.post<Entity>(path, body, keyed(key))));
  const made = new Map<string, Entity>();
  for (const answer of answers) {
    expect([201, 409]).toContain(answer.status);
    if (answer.status === 201) made.set(answer.body.id, answer.body);
    else expect(answer.headers.get("retry-after")).toBe("1");
  }
  const [only, ...others] = made.values();
  if (!only || others.length > 0) throw new Error(`It was made ${made.size} times.`);
  const again = await apis[0]?.post<Entity>(path, body, keyed(key));
  expect(again).toMatchObject({ status: 201, body: only });
  return only;
}

test("twenty requests at once with one key make one issue, and tell of it once", async ({
  api,
  receiver,
}) => {
  await api.createWebhook(receiver.url, { event_types: ["issue.created"] });
  const project = await api.createProject();
  const issue = await ask20([api], "/issues", { title: "x", project_id: project.id });
  const issues = ok(await api.get<Entity[]>(`/issues?project_id=${project.id}`));
  expect(issues.map(({ id }) => id)).toEqual([issue.id]);
  await receiver.waitFor(({ body }) => body.entity_id === issue.id);
  const sentinel = await api.createIssue();
  await receiver.waitFor(({ body }) => body.entity_id === sentinel.id);
  expect(receiver.posts).toHaveLength(2);
});

test("two processes that share a database answer a key once between them @slow", async ({
  postgres,
  startOwnApp,
}) => {
  const settings = { ...sharedSettings, DATABASE_URL: postgres.url };
  const apps = [await startOwnApp(settings), await startOwnApp(settings)];
  const apis = apps.map((app) => new Api(app.url));
  await ask20(apis, "/projects", { name: "Apollo" });
  for (const api of apis) expect(ok(await api.get<Entity[]>("/projects"))).toHaveLength(1);
});

test("a key outlives the process that answered: what it made is answered again, secret and all @slow", async ({
  postgres,
  startOwnApp,
  receiver,
}) => {
  const settings = { ...sharedSettings, DATABASE_URL: postgres.url };
  const app = await startOwnApp(settings);
  const api = new Api(app.url);
  const [create, pause] = [randomUUID(), randomUUID()];
  const asked = { name: "CI", url: receiver.url, event_types: ["*"] };
  const first = await api.post<Webhook>("/webhooks", asked, keyed(create));
  expect(first.status).toBe(201);
  const path = `/webhooks/${first.body.id}/pause`;
  const paused = await api.post<Webhook>(path, undefined, keyed(pause));
  expect(paused.body.state).toBe("paused");

  await app.kill();
  await app.start();

  const again = await api.post<Webhook>("/webhooks", asked, keyed(create));
  expect(isReplayed(again)).toBe(true);
  expect([again.status, again.body]).toEqual([201, first.body]);
  expect(again.headers.get("location")).toBe(`/api/v1/webhooks/${first.body.id}`);
  const pausedAgain = await api.post<Webhook>(path, undefined, keyed(pause));
  expect(isReplayed(pausedAgain)).toBe(true);
  expect(pausedAgain.body).toEqual(paused.body);
  expect(ok(await api.get<Webhook[]>("/webhooks"))).toHaveLength(1);
});

test("a key is for one request: another with it is refused, one without a key is not", async ({
  api,
}) => {
  const key = randomUUID();
  const project = await api.post<Entity>("/projects", { name: "Apollo" }, keyed(key));
  const others: [string, unknown][] = [
    ["/projects", { name: "Gemini" }],
    ["/issues", { title: "Apollo" }],
    [`/projects/${project.body.id}/comments`, { content: "Apollo" }],
  ];
  for (const [path, body] of others) {
    const refused = await api.post<Problem>(path, body, keyed(key));
    expect(refused.status).toBe(422);
    expect(refused.body.errors?.map(({ pointer }) => pointer)).toEqual(["Idempotency-Key"]);
  }
  const fresh = await api.post<Entity>("/projects", { name: "Apollo" });
  expect(fresh.status).toBe(201);
  expect(fresh.body.id).not.toBe(project.body.id);
});

test("a refusal is not kept: the same key serves once the request is right", async ({ api }) => {
  const key = randomUUID();
  expect((await api.post("/issues", { title: "" }, keyed(key))).status).toBe(422);
  const right = await api.post<Entity>("/issues", { title: "x" }, keyed(key));
  expect([right.status, isReplayed(right)]).toEqual([201, false]);
  expect(isReplayed(await api.post("/issues", { title: "x" }, keyed(key)))).toBe(true);
});
