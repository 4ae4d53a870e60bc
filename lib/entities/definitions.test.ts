import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { createTestDatabase } from "@/db/testing";
import type { Row } from "@/lib/events/changes";
import { newId } from "@/lib/id";
import { contextOn, recordingAfterCommit, useEnv } from "@/lib/testing";
import { entities, entityNamed } from "./definitions";
import { getEntity, listEntities } from "./read";
import { entityTables, refusalOf, takeEvents, verbsOn } from "./testing";

useEnv();
const database = await createTestDatabase();
const { sql } = database;
const ctx = contextOn(database, recordingAfterCommit());
const { make, makeProject, makeIssue, update, remove } = verbsOn(ctx);
let project_id = "";
let issue_id = "";

beforeEach(async () => {
  await sql.unsafe(`truncate events, ${entityTables} cascade`);
  project_id = await makeProject();
  issue_id = await makeIssue({ project_id });
  await sql`truncate events cascade`;
});
afterAll(() => database.close());

const long = (characters: number) => "x".repeat(characters);

type Case = {
  /** The least it takes, and all it may. */
  least: () => Row;
  whole: () => Row;
  /** What is filled in for the least. */
  defaults: () => Row;
  /** A change, and what its event calls it beside `updated`. */
  change: Row;
  told: string[];
  context: (id: string) => Row;
  refused: [Row, string, string][];
};

const texts = (field: string): [Row, string, string][] => [
  [{ [field]: undefined }, `/${field}`, "required"],
  [{ [field]: null }, `/${field}`, "wrong_type"],
  [{ [field]: 7 }, `/${field}`, "wrong_type"],
  [{ [field]: " \n" }, `/${field}`, "invalid"],
  [{ [field]: long(201) }, `/${field}`, "invalid"],
  [{ [field]: "a\u0000" }, `/${field}`, "invalid"],
  [{ [field]: "\u200b" }, `/${field}`, "invalid"],
  [{ [field]: "\ud800" }, `/${field}`, "invalid"],
];

const projects: [Row, string, string][] = [
  [{ project_id: "apollo" }, "/project_id", "invalid"],
  [{ project_id: 7 }, "/project_id", "wrong_type"],
  [{ project_id: newId() }, "/project_id", "unknown_reference"],
];

const dates = (field: string): [Row, string, string][] => [
  [{ [field]: "2026-02-30" }, `/${field}`, "invalid"],
  [{ [field]: "0000-01-01" }, `/${field}`, "invalid"],
  [{ [field]: "23.11.2026" }, `/${field}`, "invalid"],
  [{ [field]: "2026-11-23T10:00:00Z" }, `/${field}`, "invalid"],
];

const none = { project_id: null, milestone_id: null, initiative_id: null, issue_id: null };

const cases: Record<string, Case> = {
  projects: {
    least: () => ({ name: "Apollo" }),
    whole: () => ({ name: "A", description: "d", status: "on_hold", priority: "critical" }),
    defaults: () => ({
      description: null,
      status: "active",
      priority: "medium",
      is_archived: false,
      issue_count: 0,
      completion_percentage: 0,
      document_ids: [],
    }),
    change: { status: "archived" },
    told: ["status_changed", "archived"],
    context: (id) => ({ ...none, project_id: id }),
    refused: [
      ...texts("name"),
      [{ description: long(100_001) }, "/description", "invalid"],
      [{ status: "done" }, "/status", "not_allowed"],
      [{ priority: "urgent" }, "/priority", "not_allowed"],
      [{ is_archived: true }, "/is_archived", "unknown_field"],
      [{ completion_percentage: 50 }, "/completion_percentage", "unknown_field"],
    ],
  },
  issues: {
    least: () => ({ title: "Broken" }),
    whole: () => ({
      title: "A",
      description: "d",
      type: "bug",
      status: "review",
      priority: "low",
      assignee: "ada",
      due_date: "2026-11-23",
      created_by: "bob",
      project_id,
    }),
    defaults: () => ({
      description: null,
      type: "task",
      status: "open",
      priority: "medium",
      assignee: null,
      due_date: null,
      created_by: null,
      project_id: null,
      is_blocked: false,
      milestone_ids: [],
      initiative_ids: [],
      tag_ids: [],
      depends_on_ids: [],
      dependent_ids: [],
      document_ids: [],
    }),
    change: { priority: "critical", assignee: "eve" },
    told: ["assigned", "priority_changed"],
    context: (id) => ({ ...none, project_id, issue_id: id }),
    refused: [
      ...texts("title"),
      ...projects,
      ...dates("due_date"),
      [{ type: "epic" }, "/type", "not_allowed"],
      [{ assignee: long(201) }, "/assignee", "invalid"],
      [{ created_by: 7 }, "/created_by", "wrong_type"],
      [{ milestone_ids: [] }, "/milestone_ids", "unknown_field"],
      [{ due_told: 7 }, "/due_told", "unknown_field"],
    ],
  },
  milestones: {
    least: () => ({ name: "First", project_id }),
    whole: () => ({
      name: "A",
      description: "d",
      status: "in_progress",
      project_id,
      start_date: "2026-11-01",
      due_date: "2026-11-23",
    }),
    defaults: () => ({
      description: null,
      status: "planned",
      start_date: null,
      due_date: null,
      issue_count: 0,
      completion_percentage: 0,
      document_ids: [],
    }),
    change: { status: "completed" },
    told: ["status_changed", "completed"],
    context: (id) => ({ ...none, project_id, milestone_id: id }),
    refused: [
      ...texts("name"),
      ...projects,
      ...dates("start_date"),
      ...dates("due_date"),
      [{ project_id: undefined }, "/project_id", "required"],
      [{ project_id: null }, "/project_id", "wrong_type"],
      [{ status: "closed" }, "/status", "not_allowed"],
    ],
  },
  initiatives: {
    least: () => ({ name: "Fly" }),
    whole: () => ({
      name: "A",
      description: "d",
      status: "on_hold",
      project_id,
      start_date: "2026-11-01",
      target_date: "2026-11-23",
    }),
    defaults: () => ({
      description: null,
      status: "planning",
      start_date: null,
      target_date: null,
      project_id: null,
      issue_count: 0,
      completion_percentage: 0,
    }),
    change: { status: "completed" },
    told: ["status_changed", "completed"],
    context: (id) => ({ ...none, project_id, initiative_id: id }),
    refused: [
      ...texts("name"),
      ...projects,
      ...dates("target_date"),
      [{ status: "planned" }, "/status", "not_allowed"],
      [{ due_date: "2026-11-23" }, "/due_date", "unknown_field"],
    ],
  },
  documents: {
    least: () => ({ title: "How" }),
    whole: () => ({ title: "A", content: "c", type: "guide", project_id }),
    defaults: () => ({ content: "", type: "note", project_id: null, links: [] }),
    change: { content: "So." },
    told: [],
    context: () => ({ ...none, project_id }),
    refused: [
      ...texts("title"),
      ...projects,
      [{ content: long(500_001) }, "/content", "invalid"],
      [{ type: long(51) }, "/type", "invalid"],
      [{ links: [] }, "/links", "unknown_field"],
    ],
  },
  tags: {
    least: () => ({ name: "ui" }),
    whole: () => ({ name: "API", color: "#A1B2C3" }),
    defaults: () => ({ color: "#6b7280", issue_count: 0 }),
    change: { color: "#000000" },
    told: [],
    context: () => none,
    refused: [
      ...texts("name"),
      [{ name: long(51) }, "/name", "invalid"],
      [{ color: "red" }, "/color", "invalid"],
      [{ color: "#fff" }, "/color", "invalid"],
      [{ color: null }, "/color", "wrong_type"],
    ],
  },
  comments: {
    least: () => ({ entity_type: "issue", entity_id: issue_id, content: "Fine." }),
    whole: () => ({
      entity_type: "issue",
      entity_id: issue_id,
      content: "c",
      author_name: "ada",
      author_type: "ai",
    }),
    defaults: () => ({ author_name: "unknown", author_type: "user" }),
    change: { content: "Good." },
    told: [],
    context: () => ({ ...none, project_id, issue_id }),
    refused: [
      [{ content: undefined }, "/content", "required"],
      [{ content: long(50_001) }, "/content", "invalid"],
      [{ entity_type: "tag" }, "/entity_type", "not_allowed"],
      [{ entity_id: "one" }, "/entity_id", "invalid"],
      [{ entity_id: newId() }, "/entity_id", "unknown_reference"],
      [{ author_name: "" }, "/author_name", "invalid"],
      [{ author_type: "system" }, "/author_type", "not_allowed"],
      [{ place: {} }, "/place", "unknown_field"],
    ],
  },
};

it("knows no other entities than those tested here", () => {
  expect(Object.keys(cases).toSorted()).toEqual(Object.keys(entities).toSorted());
});

const whole = ({ whole }: Case) => {
  const given = whole();
  return typeof given.color === "string" ? { ...given, color: given.color.toLowerCase() } : given;
};

describe.each(Object.entries(cases))("of %s,", (plural, one) => {
  const entity = entityNamed(plural);

  it("the least has its defaults, and is shown the same by create, get and list", async () => {
    const id = await make(plural, one.least());
    const row = await getEntity(ctx, entity, id);
    expect(row).toMatchObject({ ...one.least(), ...one.defaults(), id, version: 1 });
    const { rows } = await listEntities(ctx, entity, new URLSearchParams());
    expect(rows[0]).toEqual(row);
    expect(Object.keys(row)).toEqual(Object.keys(entity.shape.shape));
    expect(entity.shape.safeParse(JSON.parse(JSON.stringify(row))).error).toBeUndefined();
    const [event] = await takeEvents(sql);
    expect(JSON.stringify(event?.data.current)).toBe(JSON.stringify(row));
  });

  it("the whole is stored as given, with one created event", async () => {
    const id = await make(plural, one.whole());
    const row = await getEntity(ctx, entity, id);
    expect(row).toMatchObject(whole(one));
    const [event] = await takeEvents(sql);
    expect(event).toMatchObject({
      event_type: `${entity.name}.created`,
      entity_id: id,
      entity_version: 1,
      context: one.context(id),
      data: { previous: null, changes: [] },
    });
    expect(event?.data.current).toEqual(JSON.parse(JSON.stringify(row)));
  });

  it("a change is told as updated, and then as what it means", async () => {
    const id = await make(plural, one.whole());
    await sql`truncate events cascade`;
    const row = await update(plural, id, one.change);
    expect(await getEntity(ctx, entity, id)).toEqual(row);
    expect(row).toMatchObject({ ...whole(one), ...one.change, version: 2 });
    const events = await takeEvents(sql);
    expect(events.map(({ action }) => action)).toEqual(["updated", ...one.told]);
    for (const { entity_id, entity_version, data, context } of events) {
      expect({ entity_id, entity_version }).toEqual({ entity_id: id, entity_version: 2 });
      expect(data.current).toEqual(JSON.parse(JSON.stringify(row)));
      expect(context).toEqual(one.context(id));
    }
    expect(events[0]?.data.changes).toEqual(expect.arrayContaining(Object.keys(one.change)));
  });

  it("a change by nobody in particular is told as by an unknown user", async () => {
    const id = await make(plural, one.whole());
    await takeEvents(sql);
    await update(plural, id, one.change);
    await remove(plural, id);
    const actors = (await takeEvents(sql)).map(({ actor }) => `${actor.type}:${actor.name}`);
    expect([...new Set(actors)]).toEqual(["user:unknown"]);
  });

  it("the same again is no change", async () => {
    const id = await make(plural, one.whole());
    const before = await getEntity(ctx, entity, id);
    await sql`truncate events cascade`;
    const { fixed = [] } = entity;
    const same = Object.entries(one.whole()).filter(([name]) => !fixed.includes(name));
    expect(await update(plural, id, Object.fromEntries(same))).toEqual(before);
    expect(await takeEvents(sql)).toEqual([]);
  });

  it("one that is removed is told in its last state, and not found again", async () => {
    const id = await make(plural, one.whole());
    const row = await getEntity(ctx, entity, id);
    await sql`truncate events cascade`;
    await remove(plural, id);
    const [event, ...others] = await takeEvents(sql);
    expect(event).toMatchObject({
      event_type: `${entity.name}.deleted`,
      entity_id: id,
      entity_version: 2,
      context: one.context(id),
    });
    expect(event?.data.current).toEqual({ ...JSON.parse(JSON.stringify(row)), version: 2 });
    expect(others).toEqual([]);
    const works = [getEntity(ctx, entity, id), remove(plural, id), update(plural, id, {})];
    for (const refusal of await Promise.all(works.map(refusalOf))) {
      expect(refusal).toMatchObject({ code: "not_found" });
      expect(refusal.message).toContain(id);
    }
  });

  it.each(one.refused)("%o is refused at %s as %s, and nothing is stored", async (...given) => {
    const [input, pointer, code] = given;
    const before = await sql`select id from ${sql(plural)}`;
    const fields = Object.entries({ ...one.least(), ...input }).filter(
      ([, value]) => value !== undefined,
    );
    const refusal = await refusalOf(make(plural, Object.fromEntries(fields)));
    expect(refusal.fields.map((field) => [field.pointer, field.code])).toEqual([[pointer, code]]);
    expect(refusal.fields[0]?.message).toMatch(/^(must|is|no|invalid|expected|too|unrecognized)/);
    expect(await sql`select id from ${sql(plural)}`).toHaveLength(before.length);
    expect(await takeEvents(sql)).toEqual([]);
  });

  it("what is no object is refused whole", async () => {
    const id = await make(plural, one.least());
    for (const input of [null, [], "x", 7] as never[]) {
      const works = [make(plural, input), update(plural, id, input)];
      for (const { fields } of await Promise.all(works.map(refusalOf)))
        expect(fields).toMatchObject([{ pointer: "", code: "wrong_type" }]);
    }
  });

  it("what is no field cannot be changed", async () => {
    const id = await make(plural, one.least());
    for (const name of ["id", "version", "created_at", "entity", "__proto__"]) {
      const refusal = await refusalOf(update(plural, id, JSON.parse(`{"${name}":"x"}`)));
      expect(refusal.fields).toMatchObject([{ pointer: `/${name}`, code: "unknown_field" }]);
    }
  });

  it("a list is filtered exactly by each of its filters", async () => {
    const wanted = await make(plural, one.whole());
    if (plural !== "comments") await make(plural, one.least());
    const row = await getEntity(ctx, entity, wanted);
    const listed = async (query: URLSearchParams) =>
      (await listEntities(ctx, entity, query)).rows.map(({ id }) => id);
    const query = new URLSearchParams(entity.filters.map((name) => [name, String(row[name])]));
    expect(await listed(query)).toEqual([wanted]);
    for (const name of entity.filters)
      expect(await listed(new URLSearchParams({ [name]: String(row[name]) }))).toContain(wanted);
  });

  it("a filter that could match nothing is refused at its name", async () => {
    for (const name of entity.filters) {
      const refusal = await refusalOf(
        listEntities(ctx, entity, new URLSearchParams({ [name]: "a\u0000" })),
      );
      expect(refusal.fields.map(({ pointer }) => pointer)).toEqual([`/${name}`]);
    }
    const refusal = await refusalOf(listEntities(ctx, entity, new URLSearchParams({ sort: "up" })));
    expect(refusal.fields).toMatchObject([{ pointer: "/sort", code: "unknown_parameter" }]);
  });
});

describe("a list", () => {
  it("pages from the newest to the oldest, and new ones do not move it", async () => {
    const made = [];
    for (const title of ["a", "b", "c", "d", "e"]) made.push(await makeIssue({ title }));
    const seen: string[] = [];
    let cursor = "";
    for (let page = 0; page < 3; page += 1) {
      const query = new URLSearchParams({ limit: "2", ...(cursor ? { cursor } : {}) });
      const { rows } = await listEntities(ctx, entityNamed("issues"), query);
      expect(rows).toHaveLength(page < 2 ? 3 : 2);
      seen.push(...rows.slice(0, 2).map(({ id }) => id));
      cursor = Buffer.from(seen.at(-1) ?? "").toString("base64url");
      await makeIssue({ title: "late" });
    }
    expect(seen).toEqual([...made.toReversed(), issue_id]);
  });
});

describe("a tag's name", () => {
  it("is taken in any case, for a new one and for a change", async () => {
    await make("tags", { name: "Änderung" });
    const other = await make("tags", { name: "other" });
    await sql`truncate events cascade`;
    const works = [make("tags", { name: "äNDERUNG" }), update("tags", other, { name: "änderung" })];
    for (const { fields } of await Promise.all(works.map(refusalOf)))
      expect(fields).toMatchObject([{ pointer: "/name", code: "taken" }]);
    expect(await takeEvents(sql)).toEqual([]);
  });

  it("can be given another case, and is free again when the tag is removed", async () => {
    const id = await make("tags", { name: "ui" });
    expect(await update("tags", id, { name: "UI" })).toMatchObject({ name: "UI", version: 2 });
    await remove("tags", id);
    await make("tags", { name: "ui" });
  });

  it("goes to one of several who want it at once", async () => {
    const outcomes = await Promise.allSettled(
      ["ui", "UI", "Ui", "uI"].map((name) => make("tags", { name })),
    );
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const outcome of outcomes)
      if (outcome.status === "rejected")
        expect(outcome.reason).toMatchObject({ fields: [{ pointer: "/name", code: "taken" }] });
  });
});

describe("If-Match", () => {
  it("lets a change or a removal happen only to the version it names", async () => {
    const id = await makeIssue();
    const tagged = (ifMatch: string) => verbsOn({ ...ctx, ifMatch });
    await tagged('"v1-abc", "v7-abc"').update("issues", id, { title: "b" });
    for (const tag of ['"v1-abc"', 'W/"v3-abc"', "v2", ""]) {
      const { update, remove } = tagged(tag);
      const works = [update("issues", id, { title: "c" }), remove("issues", id)];
      for (const refusal of await Promise.all(works.map(refusalOf)))
        expect(refusal).toMatchObject({ code: "precondition_failed" });
    }
    expect(await getEntity(ctx, entityNamed("issues"), id)).toMatchObject({
      title: "b",
      version: 2,
    });
    await tagged("*").update("issues", id, { title: "c" });
    await tagged('"v3-abc"').remove("issues", id);
  });

  it("is refused even for a change of nothing", async () => {
    const id = await makeIssue();
    const { update } = verbsOn({ ...ctx, ifMatch: '"v2-abc"' });
    expect((await refusalOf(update("issues", id, {}))).code).toBe("precondition_failed");
  });
});
