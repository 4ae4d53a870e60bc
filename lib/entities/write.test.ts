import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { createTestDatabase } from "@/db/testing";
import { AppError } from "@/lib/errors";
import { newId } from "@/lib/id";
import { addWebhook, contextOn, eventually, recordingPost, useEnv } from "@/lib/testing";
import { issue, project } from "./definitions";
import { getEntity } from "./read";
import { createEntity, removeEntity, updateEntity } from "./write";

useEnv();
const database = await createTestDatabase();
const { sql } = database;
let ctx = contextOn(database, recordingPost());

beforeEach(async () => {
  await sql`truncate webhook_subscriptions, events, projects, issues cascade`;
  ctx = contextOn(database, recordingPost());
});
afterAll(() => database.close());

type Body = {
  event_type: string;
  entity_id: string;
  entity_version: number;
  action: string;
  actor: { type: string; name: string; metadata: { change_id: string } };
  data: { current: Record<string, unknown>; previous: unknown; changes: string[] };
  context: Record<string, string | null>;
};

/** The bodies of all events so far, oldest first; those before are forgotten. */
async function takeEvents(): Promise<Body[]> {
  const rows = await sql<{ body: string }[]>`select body from events order by id`;
  await sql`truncate events cascade`;
  return rows.map(({ body }) => JSON.parse(body));
}

async function takeTypes(): Promise<string[]> {
  return (await takeEvents()).map(({ event_type }) => event_type);
}

/** An issue, or a project, whose own events are forgotten. */
async function given(entity: typeof issue, input: object): Promise<string> {
  const { id } = await createEntity(ctx, entity, input);
  await sql`truncate events cascade`;
  return id;
}

async function refusalOf(work: Promise<unknown>): Promise<AppError> {
  const outcome = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (outcome instanceof AppError) return outcome;
  throw new Error("it was not refused", { cause: outcome });
}

describe("createEntity", () => {
  it("stores the row with its defaults, and one created event that shows it whole", async () => {
    const row = await createEntity(ctx, issue, { title: " Broken ", assignee: "ada" });
    expect(row).toMatchObject({
      ...{ title: "Broken", description: null, type: "task", status: "open" },
      ...{ priority: "medium", assignee: "ada", due_date: null, project_id: null, version: 1 },
    });
    expect(await getEntity(ctx, issue, row.id)).toEqual(row);
    const [event, ...others] = await takeEvents();
    expect(others).toEqual([]);
    expect(event).toMatchObject({
      ...{ event_type: "issue.created", action: "created", entity_id: row.id, entity_version: 1 },
      ...{ context: { project_id: null, issue_id: row.id } },
    });
    expect(event?.data).toEqual({
      current: JSON.parse(JSON.stringify(row)),
      previous: null,
      changes: [],
    });
  });

  it("gives an issue the context of its project", async () => {
    const project_id = await given(project, { name: "Apollo" });
    const row = await createEntity(ctx, issue, { title: "Broken", project_id });
    expect((await takeEvents())[0]?.context).toEqual({
      ...{ project_id, issue_id: row.id },
      ...{ milestone_id: null, initiative_id: null },
    });
  });

  it("makes an archived project archived from the start, with a created event only", async () => {
    const row = await createEntity(ctx, project, { name: "Apollo", status: "archived" });
    expect(row.is_archived).toBe(true);
    expect(await takeTypes()).toEqual(["project.created"]);
  });

  it("keeps a due date the day it is", async () => {
    const row = await createEntity(ctx, issue, { title: "Broken", due_date: "2026-11-23" });
    expect((await getEntity(ctx, issue, row.id)).due_date).toBe("2026-11-23");
    expect((await takeEvents())[0]?.data.current.due_date).toBe("2026-11-23");
  });

  it("calls an unknown actor by created_by, and a known one by its name", async () => {
    await createEntity(ctx, issue, { title: "a", created_by: "ada" });
    const actor = { type: "ai" as const, name: "claude", metadata: {} };
    await createEntity({ ...ctx, actor }, issue, { title: "b", created_by: "ada" });
    await createEntity(ctx, issue, { title: "c" });
    expect((await takeEvents()).map(({ actor }) => [actor.type, actor.name])).toEqual([
      ["user", "ada"],
      ["ai", "claude"],
      ["user", "unknown"],
    ]);
  });

  it.each([
    [{}, "/title"],
    [{ title: "" }, "/title"],
    [{ title: "x".repeat(201) }, "/title"],
    [{ title: "a\u0000" }, "/title"],
    [{ title: "a", type: "epic" }, "/type"],
    [{ title: "a", status: null }, "/status"],
    [{ title: "a", due_date: "2026-02-30" }, "/due_date"],
    [{ title: "a", project_id: "apollo" }, "/project_id"],
    [{ title: "a", version: 5 }, "/version"],
    [{ title: "a", id: newId() }, "/id"],
  ])("refuses %j at %s, and stores nothing", async (input, pointer) => {
    const refusal = await refusalOf(createEntity(ctx, issue, input));
    expect(refusal.fields.map((field) => field.pointer)).toEqual([pointer]);
    expect(await takeTypes()).toEqual([]);
  });

  it("refuses a project that is not there, with 422 at its field, and stores nothing", async () => {
    const project_id = newId();
    const refusal = await refusalOf(createEntity(ctx, issue, { title: "a", project_id }));
    expect(refusal).toMatchObject({
      code: "validation_failed",
      fields: [{ pointer: "/project_id", code: "unknown_reference" }],
    });
    expect(refusal.message).toContain(project_id);
    expect(await sql`select id from issues`).toHaveLength(0);
    expect(await takeTypes()).toEqual([]);
  });
});

describe("updateEntity", () => {
  const full = {
    ...{ title: "Broken", description: "d", type: "bug", status: "open", priority: "low" },
    ...{ assignee: "ada", due_date: "2026-01-01", created_by: "ada" },
  };

  it.each([
    [{ title: "New" }, []],
    [{ assignee: "bob" }, ["assigned"]],
    [{ assignee: null }, ["unassigned"]],
    [{ status: "review" }, ["status_changed"]],
    [{ priority: "high" }, ["priority_changed"]],
    [{ status: "closed" }, ["status_changed", "closed"]],
    [
      { title: "New", assignee: "bob", status: "closed", priority: "high" },
      ["assigned", "status_changed", "priority_changed", "closed"],
    ],
  ])("emits, for an issue and %j, updated and then %j", async (input, more) => {
    const id = await given(issue, full);
    await updateEntity(ctx, issue, { id, input });
    const expected = ["issue.updated", ...more.map((action) => `issue.${action}`)];
    expect(await takeTypes()).toEqual(expected);
  });

  it("emits reopened when an issue leaves closed", async () => {
    const id = await given(issue, { ...full, status: "closed" });
    await updateEntity(ctx, issue, { id, input: { status: "testing" } });
    const expected = ["issue.updated", "issue.status_changed", "issue.reopened"];
    expect(await takeTypes()).toEqual(expected);
  });

  it.each([
    [{ name: "New" }, ["project.updated"]],
    [{ status: "on_hold" }, ["project.updated", "project.status_changed"]],
    [{ status: "archived" }, ["project.updated", "project.status_changed", "project.archived"]],
  ])("emits, for a project and %j, %j", async (input, types) => {
    const id = await given(project, { name: "Apollo" });
    await updateEntity(ctx, project, { id, input });
    expect(await takeTypes()).toEqual(types);
  });

  it("lets is_archived follow the status, there and back", async () => {
    const id = await given(project, { name: "Apollo" });
    await updateEntity(ctx, project, { id, input: { status: "archived" } });
    const [archived] = await takeEvents();
    expect(archived?.data).toMatchObject({
      previous: { status: "active", is_archived: false },
      changes: ["status", "is_archived"],
    });
    const row = await updateEntity(ctx, project, { id, input: { status: "active" } });
    expect(row.is_archived).toBe(false);
    expect((await getEntity(ctx, project, id)).is_archived).toBe(false);
  });

  it("shows the new state whole, the old values of what changed, and the change's one id", async () => {
    const id = await given(issue, full);
    const row = await updateEntity(ctx, issue, { id, input: { title: "New", status: "closed" } });
    const events = await takeEvents();
    const shown = events.map(({ data }) => ({ previous: data.previous, changes: data.changes }));
    expect(shown).toEqual([
      { previous: { title: "Broken", status: "open" }, changes: ["title", "status"] },
      { previous: { status: "open" }, changes: ["status"] },
      { previous: { status: "open" }, changes: ["status"] },
    ]);
    for (const { data, entity_version } of events) {
      expect(data.current).toEqual(JSON.parse(JSON.stringify(row)));
      expect(entity_version).toBe(2);
    }
    expect(new Set(events.map(({ actor }) => actor.metadata.change_id)).size).toBe(1);
  });

  it("writes and tells nothing when nothing changes", async () => {
    const id = await given(issue, full);
    const before = await getEntity(ctx, issue, id);
    for (const input of [{}, { title: "Broken" }, { due_date: "2026-01-01", assignee: "ada" }])
      expect(await updateEntity(ctx, issue, { id, input })).toEqual(before);
    expect(await getEntity(ctx, issue, id)).toEqual(before);
    expect(await takeTypes()).toEqual([]);
  });

  it("leaves absent fields alone, and clears what is null", async () => {
    const project_id = await given(project, { name: "Apollo" });
    const id = await given(issue, { ...full, project_id });
    const touched = await updateEntity(ctx, issue, { id, input: { title: "New" } });
    expect(touched).toMatchObject({ ...full, title: "New", project_id });
    const nothing = { description: null, assignee: null, due_date: null, project_id: null };
    await updateEntity(ctx, issue, { id, input: nothing });
    expect(await getEntity(ctx, issue, id)).toMatchObject({ ...nothing, title: "New" });
  });

  it.each([
    [{ title: null }, "/title"],
    [{ status: "done" }, "/status"],
    [{ created_by: "bob" }, "/created_by"],
    [{ is_archived: true }, "/is_archived"],
    [null, ""],
  ])("refuses %j at %j", async (input, pointer) => {
    const id = await given(issue, full);
    const refusal = await refusalOf(updateEntity(ctx, issue, { id, input }));
    expect(refusal.fields.map((field) => field.pointer)).toEqual([pointer]);
  });

  it("refuses a project that is not there, and keeps the issue as it was", async () => {
    const id = await given(issue, full);
    const input = { title: "New", project_id: newId() };
    const refusal = await refusalOf(updateEntity(ctx, issue, { id, input }));
    expect(refusal.fields[0]).toMatchObject({ pointer: "/project_id", code: "unknown_reference" });
    expect(await getEntity(ctx, issue, id)).toMatchObject({ title: "Broken", version: 1 });
    expect(await takeTypes()).toEqual([]);
  });

  it.each([newId(), "nonsense", ""])("finds no issue with the id %j", async (id) => {
    const refusal = await refusalOf(updateEntity(ctx, issue, { id, input: { title: "New" } }));
    expect(refusal.code).toBe("not_found");
    expect(refusal.message).toContain(id);
  });
});

describe("updates at the same time", () => {
  it("chain: each starts from what the other wrote, and none is lost", async () => {
    const id = await given(issue, { title: "a" });
    await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        updateEntity(ctx, issue, { id, input: { title: `title ${index}` } }),
      ),
    );
    const events = (await takeEvents()).toSorted((a, b) => a.entity_version - b.entity_version);
    expect(events.map(({ entity_version }) => entity_version)).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
    let title: unknown = "a";
    for (const { data } of events) {
      expect(data.previous).toEqual({ title });
      title = data.current.title;
    }
    expect(await getEntity(ctx, issue, id)).toMatchObject({ title, version: 9 });
  });

  it("keep the fields that only the other one changed", async () => {
    const id = await given(issue, { title: "a" });
    const inputs = [{ title: "b" }, { assignee: "ada" }, { priority: "high" }, { type: "bug" }];
    await Promise.all(inputs.map((input) => updateEntity(ctx, issue, { id, input })));
    const merged = { title: "b", assignee: "ada", priority: "high", type: "bug", version: 5 };
    expect(await getEntity(ctx, issue, id)).toMatchObject(merged);
  });

  it("tell the loser of a race nothing twice when both wanted the same", async () => {
    const id = await given(issue, { title: "a" });
    const input = { status: "closed" };
    await Promise.all([1, 2, 3].map(() => updateEntity(ctx, issue, { id, input })));
    const expected = ["issue.updated", "issue.status_changed", "issue.closed"];
    expect(await takeTypes()).toEqual(expected);
  });

  it("find nothing to change when the row was removed meanwhile", async () => {
    const id = await given(issue, { title: "a" });
    const [update] = await Promise.allSettled([
      updateEntity(ctx, issue, { id, input: { title: "b" } }),
      removeEntity(ctx, issue, id),
    ]);
    const types = await takeTypes();
    expect(types.at(-1)).toBe("issue.deleted");
    expect(types.length).toBe(update.status === "fulfilled" ? 2 : 1);
    if (update.status === "rejected") expect(update.reason).toMatchObject({ code: "not_found" });
  });
});

describe("removeEntity", () => {
  it("removes the row and tells its last state, one version on", async () => {
    const id = await given(issue, { title: "a", assignee: "ada" });
    await removeEntity(ctx, issue, id);
    expect(await sql`select id from issues`).toHaveLength(0);
    const [event] = await takeEvents();
    expect(event).toMatchObject({
      ...{ event_type: "issue.deleted", entity_id: id, entity_version: 2 },
      data: { current: { title: "a", assignee: "ada", version: 2 }, previous: null, changes: [] },
    });
  });

  it("removes a project's issues with it, each with its own event, the project last", async () => {
    const project_id = await given(project, { name: "Apollo" });
    const ids = [];
    for (const title of ["a", "b", "c"]) ids.push(await given(issue, { title, project_id }));
    const bystander = await given(issue, { title: "other" });
    const webhook = await addWebhook(sql);
    await removeEntity(ctx, project, project_id);
    const events = await takeEvents();
    expect(events.map(({ event_type, entity_id }) => [event_type, entity_id])).toEqual([
      ...ids.map((id) => ["issue.deleted", id]),
      ["project.deleted", project_id],
    ]);
    expect(new Set(events.map(({ actor }) => actor.metadata.change_id)).size).toBe(1);
    expect((await sql`select id from issues`).map(({ id }) => id)).toEqual([bystander]);
    expect(ctx.post.rings).toEqual([[webhook]]);
  });

  it("rings only when the removal is committed", async () => {
    const id = await given(issue, { title: "a" });
    await addWebhook(sql);
    const left: Promise<unknown[]>[] = [];
    const ring = () => void left.push(Promise.resolve(sql`select id from issues`));
    await removeEntity({ ...ctx, post: { ...ctx.post, ring } }, issue, id);
    expect(left).toHaveLength(1);
    expect(await left[0]).toEqual([]);
  });

  it("removes 1,000 dependents, and refuses with 409 to remove more", async () => {
    const project_id = await given(project, { name: "Apollo" });
    const addIssues = (count: number) => sql`
      insert into issues (id, title, type, status, priority, project_id)
      select gen_random_uuid(), 'a', 'task', 'open', 'low', ${project_id}
      from generate_series(1, ${count})`;
    await addIssues(1001);
    const refusal = await refusalOf(removeEntity(ctx, project, project_id));
    expect(refusal.code).toBe("conflict");
    expect(refusal.message).toContain("1000");
    expect(await sql`select id from issues`).toHaveLength(1001);
    expect(await takeTypes()).toEqual([]);
    await sql`delete from issues where id = (select id from issues limit 1)`;
    await removeEntity(ctx, project, project_id);
    expect(await takeTypes()).toHaveLength(1001);
    expect(await sql`select id from issues`).toHaveLength(0);
  });

  it("leaves no issue behind that is created in the project meanwhile", async () => {
    const project_id = await given(project, { name: "Apollo" });
    const blocker = await sql.reserve();
    await blocker`begin`;
    await blocker`select id from projects where id = ${project_id} for update`;
    const removal = removeEntity(ctx, project, project_id);
    await eventually(async () => (await waitingFor()) === 1);
    const creation = refusalOf(createEntity(ctx, issue, { title: "late", project_id }));
    await eventually(async () => (await waitingFor()) === 2);
    await blocker`commit`;
    blocker.release();
    await removal;
    expect((await creation).fields[0]).toMatchObject({ pointer: "/project_id" });
    expect(await takeTypes()).toEqual(["project.deleted"]);
    expect(await sql`select id from issues`).toHaveLength(0);
  });

  it.each([newId(), "nonsense"])("finds nothing with the id %j", async (id) => {
    expect((await refusalOf(removeEntity(ctx, project, id))).code).toBe("not_found");
  });
});

/** How many sessions wait for a lock in this database. */
async function waitingFor(): Promise<number> {
  const [row] = await sql<{ count: number }[]>`
    select count(*)::int from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'`;
  return row?.count ?? 0;
}
