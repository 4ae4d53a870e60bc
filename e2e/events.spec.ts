import { type Api, type Entity, ok } from "./support/api";
import type { EventBody, Receiver } from "./support/receiver";
import { expect, test } from "./support/test";

const isoTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const keys =
  "event_id event_type timestamp entity_type entity_id action actor data context entity_version".split(
    " ",
  );
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** What was told of this entity so far, oldest first; ids of events rise. */
function eventsOf(receiver: Receiver, entityId: string): EventBody[] {
  return receiver.posts
    .map(({ body }) => body)
    .filter(({ entity_id }) => entity_id === entityId)
    .toSorted((a, b) => (a.event_id < b.event_id ? -1 : 1));
}

/** Changes one and resolves to the events of that save, oldest first. */
async function eventsOfPatch(
  { api, receiver }: { api: Api; receiver: Receiver },
  path: string,
  fields: Record<string, unknown>,
): Promise<EventBody[]> {
  const row = ok(await api.patch<Entity>(path, fields));
  await expectAllTold(api, receiver);
  return eventsOf(receiver, row.id).filter(({ entity_version }) => entity_version === row.version);
}

/** Everything that was told before it has come once this has: a change of another entity. */
async function expectAllTold(api: Api, receiver: Receiver): Promise<void> {
  await api.createProject({ name: "sentinel" });
  const [newest] = ok(await api.get<{ id: string }[]>("/webhooks?limit=1"));
  if (!newest) throw new Error("There is a webhook.");
  await expect
    .poll(async () => {
      const rows = await api.listDeliveries(newest.id);
      return rows.filter(({ status }) => status !== "success").length;
    })
    .toBe(0);
  await receiver.waitFor(({ body }) => body.data.current.name === "sentinel");
}

const typesOf = (events: EventBody[]) => events.map(({ event_type }) => event_type);

test.beforeEach(async ({ api, receiver }) => {
  await api.createWebhook(receiver.url);
});

test("an event tells who did what to which whole entity", async ({ api, receiver }) => {
  const project = await api.createProject();
  const issue = await api.createIssue({
    title: "Test Issue",
    project_id: project.id,
    created_by: "mina",
  });
  const { body, raw } = await receiver.waitFor(({ body: { entity_id } }) => entity_id === issue.id);
  expect(Object.keys(body)).toEqual(keys);
  expect(body).toEqual({
    event_id: expect.stringMatching(uuid),
    event_type: "issue.created",
    timestamp: expect.stringMatching(isoTime),
    entity_type: "issue",
    entity_id: issue.id,
    action: "created",
    actor: {
      type: "user",
      name: "mina",
      metadata: { change_id: expect.stringMatching(uuid) },
    },
    data: { current: issue, previous: null, changes: [] },
    context: {
      project_id: project.id,
      milestone_id: null,
      initiative_id: null,
      issue_id: issue.id,
    },
    entity_version: 1,
  });
  expect(raw.toString("utf8")).toBe(JSON.stringify(body));
});

test("an actor is whom the request names, else unknown", async ({ api, receiver }) => {
  const ai = await api.post<Entity>(
    "/issues",
    { title: "by an AI" },
    { headers: { "x-turbo-actor": "ai:reviewer" } },
  );
  const nobody = await api.createIssue({ title: "by nobody" });
  const of = async (id: string) =>
    (await receiver.waitFor(({ body }) => body.entity_id === id)).body.actor;
  expect(await of(ai.body.id)).toMatchObject({ type: "ai", name: "reviewer" });
  expect(await of(nobody.id)).toMatchObject({ type: "user", name: "unknown" });
});

test("one save tells `updated` first, then what it means, all with one change_id", async ({
  api,
  receiver,
}) => {
  const issue = await api.createIssue({ title: "Before", priority: "low" });
  const changes = { title: "After", status: "in_progress", priority: "high", assignee: "mina" };
  const events = await eventsOfPatch({ api, receiver }, `/issues/${issue.id}`, changes);
  const [updated, ...specific] = events;
  expect(updated).toMatchObject({
    event_type: "issue.updated",
    action: "updated",
    data: {
      current: { ...issue, ...changes, version: 2, updated_at: expect.stringMatching(isoTime) },
      previous: { title: "Before", status: "open", priority: "low", assignee: null },
    },
    entity_version: 2,
  });
  expect(updated?.data.changes.toSorted()).toEqual(Object.keys(changes).toSorted());
  expect(typesOf(specific).toSorted()).toEqual([
    "issue.assigned",
    "issue.priority_changed",
    "issue.status_changed",
  ]);
  const byType = new Map(specific.map((event) => [event.event_type, event]));
  expect(byType.get("issue.status_changed")?.data).toMatchObject({
    previous: { status: "open" },
    changes: ["status"],
  });
  expect(byType.get("issue.priority_changed")?.data).toMatchObject({
    previous: { priority: "low" },
    changes: ["priority"],
  });
  expect(byType.get("issue.assigned")?.data).toMatchObject({
    previous: { assignee: null },
    changes: ["assignee"],
  });
  expect(new Set(events.map(({ actor }) => actor.metadata.change_id)).size).toBe(1);
  expect(new Set(events.map(({ event_id }) => event_id)).size).toBe(4);
});

test("an issue's way through its life is told step by step", async ({ api, receiver }) => {
  const issue = await api.createIssue({ assignee: "mina" });
  const steps: [Record<string, unknown>, string[]][] = [
    [{ assignee: "noor" }, ["issue.updated", "issue.assigned"]],
    [{ assignee: null }, ["issue.updated", "issue.unassigned"]],
    [{ status: "closed" }, ["issue.updated", "issue.status_changed", "issue.closed"]],
    [{ status: "review" }, ["issue.updated", "issue.status_changed", "issue.reopened"]],
    [{ due_date: "2027-01-31" }, ["issue.updated"]],
  ];
  for (const [fields, types] of steps) {
    const events = await eventsOfPatch({ api, receiver }, `/issues/${issue.id}`, fields);
    expect(typesOf(events), JSON.stringify(fields)).toEqual(types);
    for (const { data } of events) expect(data.current).toMatchObject(fields);
  }
  const versions = eventsOf(receiver, issue.id).map(({ entity_version }) => entity_version);
  expect(versions).toEqual([1, 1, 2, 2, 3, 3, 4, 4, 4, 5, 5, 5, 6]);

  expect((await api.delete(`/issues/${issue.id}`)).status).toBe(204);
  const { body } = await receiver.waitFor(({ body: { action } }) => action === "deleted");
  expect(body).toMatchObject({
    event_type: "issue.deleted",
    entity_id: issue.id,
    data: { current: { title: "Test Issue", status: "review", due_date: "2027-01-31" } },
    entity_version: 7,
  });
  expect((await api.get(`/issues/${issue.id}`)).status).toBe(404);
});

test("a project that is archived says so", async ({ api, receiver }) => {
  const project = await api.createProject();
  const fields = { status: "archived" };
  const events = await eventsOfPatch({ api, receiver }, `/projects/${project.id}`, fields);
  expect(typesOf(events)).toEqual([
    "project.updated",
    "project.status_changed",
    "project.archived",
  ]);
  for (const { data, context } of events) {
    expect(data.current).toMatchObject({ status: "archived", is_archived: true });
    expect(data.previous).toMatchObject({ status: "active" });
    expect(context.project_id).toBe(project.id);
  }
});

test("deleting a project deletes its issues, each with its own event", async ({
  api,
  receiver,
}) => {
  const project = await api.createProject({ name: "Doomed" });
  const issues = [
    await api.createIssue({ title: "one", project_id: project.id }),
    await api.createIssue({ title: "two", project_id: project.id }),
  ];
  const other = await api.createIssue({ title: "elsewhere" });
  expect((await api.delete(`/projects/${project.id}`)).status).toBe(204);
  const isDeleted = ({ body }: { body: EventBody }) => body.action === "deleted";
  const told = (await receiver.waitForAll(3, isDeleted)).map(({ body }) => body);
  expect(typesOf(told).toSorted()).toEqual(["issue.deleted", "issue.deleted", "project.deleted"]);
  expect(new Set(told.map(({ entity_id }) => entity_id))).toEqual(
    new Set([project.id, ...issues.map(({ id }) => id)]),
  );
  expect(new Set(told.map(({ actor }) => actor.metadata.change_id)).size).toBe(1);
  for (const { entity_type, context, data } of told) {
    if (entity_type !== "issue") continue;
    expect(context.project_id).toBe(project.id);
    expect(data.current).toMatchObject({ project_id: project.id });
  }
  for (const { id } of issues) expect((await api.get(`/issues/${id}`)).status).toBe(404);
  expect((await api.get(`/projects/${project.id}`)).status).toBe(404);
  expect((await api.get(`/issues/${other.id}`)).status).toBe(200);
});

test("a change of nothing tells nothing", async ({ api, receiver }) => {
  const issue = await api.createIssue({ title: "Same", priority: "low" });
  const same = await api.patch(`/issues/${issue.id}`, { title: "Same", priority: "low" });
  expect(same).toMatchObject({ status: 200, body: issue });
  expect(await api.patch(`/issues/${issue.id}`, {})).toMatchObject({ status: 200, body: issue });
  await expectAllTold(api, receiver);
  expect(typesOf(eventsOf(receiver, issue.id))).toEqual(["issue.created"]);
});

test("a webhook gets the types it asked for and no others", async ({
  api,
  receiver,
  secondReceiver,
}) => {
  await api.createWebhook(secondReceiver.url, {
    event_types: ["project.created", "issue.closed", "issue.deleted"],
  });
  const issue = await api.createIssue();
  await api.patch(`/issues/${issue.id}`, { status: "closed" });
  await api.delete(`/issues/${issue.id}`);
  await expectAllTold(api, secondReceiver);
  const types = secondReceiver.posts.map(({ body }) => body.event_type);
  expect(types.toSorted()).toEqual(["issue.closed", "issue.deleted", "project.created"]);

  const closed = receiver.posts.find(({ body }) => body.event_type === "issue.closed");
  const same = secondReceiver.posts.find(({ body }) => body.event_type === "issue.closed");
  expect(same?.headers["webhook-id"], "one event, two webhooks").toBe(
    closed?.headers["webhook-id"],
  );
  expect(same?.headers["x-turbo-delivery-id"]).not.toBe(closed?.headers["x-turbo-delivery-id"]);
});

test("a wildcard covers its entity, and the star everything", async ({
  api,
  receiver,
  secondReceiver,
}) => {
  const webhook = await api.createWebhook(secondReceiver.url, { event_types: ["issue.*"] });
  const project = await api.createProject();
  const issue = await api.createIssue({ project_id: project.id });
  await api.delete(`/issues/${issue.id}`);
  await receiver.waitForAll(3);
  await secondReceiver.waitForAll(2);
  const types = (await api.listDeliveries(webhook.id)).map(({ event_type }) => event_type);
  expect(types.toSorted()).toEqual(["issue.created", "issue.deleted"]);
});

test("a long text arrives character by character", async ({ api, receiver }) => {
  const description = `${'Überlänge 漢字 😀 \u2028 \\ " '.repeat(500)}\n`.slice(0, 10_000);
  const issue = await api.createIssue({ description });
  const { body } = await receiver.waitFor(({ body: { entity_id } }) => entity_id === issue.id);
  expect(body.data.current.description).toBe(description);
  const { body: stored } = await api.get<Entity>(`/issues/${issue.id}`);
  expect(stored.description).toBe(description);
});

test("an event over 256 KiB is posted thin, and its whole is at the URL it names", async ({
  api,
  receiver,
}) => {
  const webhook = await api.createWebhook(receiver.url, { event_types: ["project.created"] });
  const description = "漢".repeat(100_000);
  const project = await api.createProject({ description });
  const isOfIt = ({ body }: { body: EventBody }) => body.entity_id === project.id;
  const request = await receiver.waitFor(isOfIt);
  expect(request.raw.length).toBeLessThan(4 * 1024);
  expect(request.body).toMatchObject({ is_thin: true, data: { current: { id: project.id } } });
  await api.waitForDelivery(webhook, request.body.event_id, ({ status }) => status === "success");

  const { fetch_url: url } = JSON.parse(request.raw.toString("utf8"));
  const response = await fetch(String(url));
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({
    event_id: request.body.event_id,
    data: { current: { id: project.id, description }, previous: null },
  });
});
