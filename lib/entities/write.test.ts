import postgres from "postgres";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { clientOptions } from "@/db/client";
import { createTestDatabase } from "@/db/testing";
import type { Context } from "@/lib/context";
import { newId } from "@/lib/id";
import { addWebhook, contextOn, recordingAfterCommit, useEnv } from "@/lib/testing";
import { initiative } from "./initiative";
import { issue } from "./issue";
import { project } from "./project";
import { getEntity } from "./read";
import { removeEntity } from "./remove";
import { refusalOf, takeEvents, takeTypes } from "./testing";
import { createEntity, updateEntity } from "./write";

useEnv();
const database = await createTestDatabase();
const { sql } = database;
let ctx = contextOn(database, recordingAfterCommit());

beforeEach(async () => {
  await sql`truncate webhook_subscriptions, events, projects, issues cascade`;
  ctx = contextOn(database, recordingAfterCommit());
});
afterAll(() => database.close());

/** An issue, or a project, whose own events are forgotten. */
async function given(entity: typeof issue, input: object): Promise<string> {
  const { id } = await createEntity(ctx, entity, input);
  await sql`truncate events cascade`;
  return id;
}

describe("createEntity", () => {
  it("stores the row with its defaults, and one created event that shows it whole", async () => {
    const row = await createEntity(ctx, issue, { title: " Broken ", created_by: "ada" });
    expect(row).toMatchObject({
      title: "Broken",
      description: null,
      type: "task",
      status: "open",
      priority: "medium",
      created_by: "ada",
      due_date: null,
      project_id: null,
      version: 1,
    });
    expect(await getEntity(ctx, issue, row.id)).toEqual(row);
    const [event, ...others] = await takeEvents(sql);
    expect(others).toEqual([]);
    expect(event).toMatchObject({
      event_type: "issue.created",
      action: "created",
      entity_id: row.id,
      entity_version: 1,
      context: { project_id: null, issue_id: row.id },
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
    expect((await takeEvents(sql))[0]?.context).toEqual({
      project_id,
      issue_id: row.id,
      milestone_id: null,
      initiative_id: null,
    });
  });

  it("makes an archived project archived from the start", async () => {
    const row = await createEntity(ctx, project, { name: "Apollo", status: "archived" });
    expect(row.is_archived).toBe(true);
    expect(await takeTypes(sql)).toEqual(["project.created", "project.archived"]);
  });

  it.each([
    [issue, { title: "a", assignee: "ada" }, ["issue.created", "issue.assigned"]],
    [issue, { title: "a", status: "closed" }, ["issue.created", "issue.closed"]],
    [issue, { title: "a", status: "review", priority: "low" }, ["issue.created"]],
    [
      initiative,
      { name: "a", status: "completed" },
      ["initiative.created", "initiative.completed"],
    ],
  ])("tells of %# what it was created with by the specific types", async (entity, input, types) => {
    const row = await createEntity(ctx, entity, input);
    const events = await takeEvents(sql);
    expect(events.map(({ event_type }) => event_type)).toEqual(types);
    for (const { entity_version, data } of events) {
      expect(entity_version).toBe(1);
      expect(data.current).toEqual(JSON.parse(JSON.stringify(row)));
      expect(data.previous).toBeNull();
    }
  });

  it("keeps a due date the day it is", async () => {
    const row = await createEntity(ctx, issue, { title: "Broken", due_date: "2026-11-23" });
    expect((await getEntity(ctx, issue, row.id)).due_date).toBe("2026-11-23");
    expect((await takeEvents(sql))[0]?.data.current.due_date).toBe("2026-11-23");
  });

  it("calls an unknown actor by created_by, and a known one by its name", async () => {
    await createEntity(ctx, issue, { title: "a", created_by: "ada" });
    const actor = { type: "ai" as const, name: "claude", metadata: {} };
    await createEntity({ ...ctx, actor }, issue, { title: "b", created_by: "ada" });
    await createEntity(ctx, issue, { title: "c" });
    expect((await takeEvents(sql)).map(({ actor }) => [actor.type, actor.name])).toEqual([
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
    [{ title: "a", due_date: "0000-01-01" }, "/due_date"],
    [{ title: "\u200B" }, "/title"],
    [{ title: "a\r\nb" }, "/title"],
    [{ title: "a", assignee: "a\u202Eda" }, "/assignee"],
    [{ title: "a", project_id: "apollo" }, "/project_id"],
    [{ title: "a", version: 5 }, "/version"],
    [{ title: "a", id: newId() }, "/id"],
  ])("refuses %j at %s, and stores nothing", async (input, pointer) => {
    const refusal = await refusalOf(createEntity(ctx, issue, input));
    expect(refusal.fields.map((field) => field.pointer)).toEqual([pointer]);
    expect(await takeTypes(sql)).toEqual([]);
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
    expect(await takeTypes(sql)).toEqual([]);
  });
});

describe("updateEntity", () => {
  const full = {
    title: "Broken",
    description: "d",
    type: "bug",
    status: "open",
    priority: "low",
    assignee: "ada",
    due_date: "2026-01-01",
    created_by: "ada",
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
    expect(await takeTypes(sql)).toEqual(expected);
  });

  it("emits reopened when an issue leaves closed", async () => {
    const id = await given(issue, { ...full, status: "closed" });
    await updateEntity(ctx, issue, { id, input: { status: "testing" } });
    const expected = ["issue.updated", "issue.status_changed", "issue.reopened"];
    expect(await takeTypes(sql)).toEqual(expected);
  });

  it.each([
    [{ name: "New" }, ["project.updated"]],
    [{ status: "on_hold" }, ["project.updated", "project.status_changed"]],
    [{ status: "archived" }, ["project.updated", "project.status_changed", "project.archived"]],
  ])("emits, for a project and %j, %j", async (input, types) => {
    const id = await given(project, { name: "Apollo" });
    await updateEntity(ctx, project, { id, input });
    expect(await takeTypes(sql)).toEqual(types);
  });

  it("lets is_archived follow the status, there and back", async () => {
    const id = await given(project, { name: "Apollo" });
    await updateEntity(ctx, project, { id, input: { status: "archived" } });
    const [archived] = await takeEvents(sql);
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
    const events = await takeEvents(sql);
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
    expect(await takeTypes(sql)).toEqual([]);
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
    expect(await takeTypes(sql)).toEqual([]);
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
    const events = (await takeEvents(sql)).toSorted((a, b) => a.entity_version - b.entity_version);
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
    expect(await takeTypes(sql)).toEqual(expected);
  });

  it("find nothing to change when the row was removed meanwhile", async () => {
    const id = await given(issue, { title: "a" });
    const [update] = await Promise.allSettled([
      updateEntity(ctx, issue, { id, input: { title: "b" } }),
      removeEntity(ctx, issue, id),
    ]);
    const types = await takeTypes(sql);
    expect(types.at(-1)).toBe("issue.deleted");
    expect(types.length).toBe(update.status === "fulfilled" ? 2 : 1);
    if (update.status === "rejected") expect(update.reason).toMatchObject({ code: "not_found" });
  });
});

describe("what leaves everything else as it is", () => {
  const countStatements = async (work: (ctx: Context) => Promise<unknown>) => {
    let count = 0;
    const counting = { ...clientOptions({ max: 1 }), debug: () => void (count += 1) };
    const client = postgres(database.url, counting);
    // A new connection asks for the types there are.
    await client`select`;
    count = 0;
    await work({ ...ctx, db: { ...database, sql: client } });
    await client.end();
    return count;
  };

  it("is written, with its events and their deliveries, in one statement", async () => {
    await addWebhook(sql);
    const project_id = await given(project, { name: "Apollo" });
    let id = "";
    const forCreation = await countStatements(async (ctx) => {
      ({ id } = await createEntity(ctx, issue, { title: "a", project_id }));
    });
    expect(forCreation).toBe(1);
    const readAndWrite = await countStatements((ctx) =>
      updateEntity(ctx, issue, { id, input: { title: "b", priority: "high" } }),
    );
    expect(readAndWrite).toBe(2);
    expect(await sql`select id from webhook_deliveries`).toHaveLength(3);
  });
});
