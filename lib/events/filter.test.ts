import { describe, expect, it } from "vitest";
import { AppError, type FieldError } from "@/lib/errors";
import type { EventType } from "@/lib/event-types/catalogue";
import { planFilters } from "./filter";
import type { SubscribedTypes } from "./filter-fields";
import { pathText } from "./filter-plan";

const id = "0190A5C0-0000-7000-8000-00000000000A";
const plan = (filters: object, types: SubscribedTypes = null) =>
  planFilters(filters as Record<string, unknown>, types);

function errorsOf(filters: object, types: SubscribedTypes = null): FieldError[] {
  try {
    plan(filters, types);
  } catch (error) {
    if (error instanceof AppError && error.code === "validation_failed") return error.fields;
    throw error;
  }
  throw new Error("it was not refused");
}

const pointersOf = (errors: FieldError[]) => errors.map(({ pointer }) => pointer);
const current = (field: string) => pathText(["data", "current", field]);
const actorType = pathText(["actor", "type"]);
const actorName = pathText(["actor", "name"]);

/** So many filters, each within a `not` of the one around it. */
function nest(depth: number): object {
  return depth === 0 ? { priority: "high" } : { not: nest(depth - 1) };
}

describe("the plan of a filter", () => {
  it("is none of an empty one", () => {
    expect(plan({})).toBeNull();
  });

  it.each(["project_id", "issue_id"])("looks for %s in the context, in lower case", (key) => {
    const at = `/filters/${key}`;
    const path = pathText(["context", key]);
    const value = id.toLowerCase();
    expect(plan({ [key]: id })).toEqual({ path, op: "eq", value, at });
    expect(plan({ [key]: [id, null] })).toEqual({ path, op: "in", value: [value, null], at });
  });

  it.each(["milestone_id", "initiative_id"])("looks for %s in the list of an issue too", (key) => {
    const leaves = (op: string, at: string) =>
      [pathText(["context", key]), current(`${key}s`)].map((path) => {
        return { path, op, value: id.toLowerCase(), at };
      });
    const at = `/filters/${key}`;
    expect(plan({ [key]: id })).toEqual({ any: leaves("eq", at), at });
    const ne = `${at}/ne`;
    expect(plan({ [key]: { ne: id } })).toEqual({ all: leaves("ne", ne), at: ne });
  });

  it.each([
    ["priority", ["data", "current", "priority"]],
    ["status", ["data", "current", "status"]],
    ["current.labels.0", ["data", "current", "labels", "0"]],
    ["previous.assignee", ["data", "previous", "assignee"]],
    ["changes", ["data", "changes"]],
    ["data.current.title", ["data", "current", "title"]],
    ["context.project_id", ["context", "project_id"]],
    ["actor.metadata.key", ["actor", "metadata", "key"]],
    ["action", ["action"]],
    ["entity_version", ["entity_version"]],
  ])("finds %s at %j", (key, path) => {
    expect(plan({ [key]: "x" })).toEqual({
      path: pathText(path),
      op: "eq",
      value: "x",
      at: `/filters/${key}`,
    });
  });

  it.each<[unknown, string, object]>([
    ["claude", "", { path: actorName, op: "eq", value: "claude" }],
    ["a:b", "", { path: actorName, op: "eq", value: "a:b" }],
    [{ starts_with: "cl" }, "/starts_with", { path: actorName, op: "starts_with", value: "cl" }],
    [["ada", "bob"], "", { path: actorName, op: "in", value: ["ada", "bob"] }],
  ])("takes the actor %j by the name alone", (condition, place, leaf) => {
    expect(plan({ actor: condition })).toEqual({ ...leaf, at: `/filters/actor${place}` });
  });

  it.each<[unknown, string, string, unknown]>([
    ["ai:claude", "", "eq", "claude"],
    ["ai:a:b", "", "eq", "a:b"],
    [{ starts_with: "ai:cl" }, "/starts_with", "starts_with", "cl"],
    [["ai:claude", "ai:gpt"], "", "in", ["claude", "gpt"]],
  ])("takes the actor %j by type and name", (condition, place, op, value) => {
    const at = `/filters/actor${place}`;
    expect(plan({ actor: condition })).toEqual({
      all: [
        { path: actorType, op: "eq", value: "ai", at },
        { path: actorName, op, value, at },
      ],
      at,
    });
  });

  it("takes a list of actors apart, and denies it whole", () => {
    const whole = (at: string) => ({
      any: [
        { path: actorName, op: "in", value: ["ada"], at },
        {
          all: [
            { path: actorType, op: "eq", value: "ai", at },
            { path: actorName, op: "in", value: ["claude"], at },
          ],
          at,
        },
      ],
      at,
    });
    const at = "/filters/actor";
    expect(plan({ actor: ["ada", "ai:claude"] })).toEqual(whole(at));
    const nin = `${at}/nin`;
    const filters = { actor: { nin: ["ada", "ai:claude"] } };
    expect(plan(filters)).toEqual({ not: whole(nin), at: nin });
  });

  it("holds all keys and operators, in their order", () => {
    const filters = {
      "current.status": "closed",
      changes: "status",
      "current.n": { gt: 1, lt: 9 },
    };
    expect(plan(filters)).toEqual({
      all: [
        { path: current("status"), op: "eq", value: "closed", at: "/filters/current.status" },
        { path: pathText(["data", "changes"]), op: "eq", value: "status", at: "/filters/changes" },
        {
          all: [
            { path: current("n"), op: "gt", value: 1, at: "/filters/current.n/gt" },
            { path: current("n"), op: "lt", value: 9, at: "/filters/current.n/lt" },
          ],
          at: "/filters/current.n",
        },
      ],
      at: "/filters",
    });
  });

  it("nests and, or and not", () => {
    const leaf = (at: string, value: string) => ({
      path: pathText(["action"]),
      op: "eq",
      value,
      at: `/filters/${at}/action`,
    });
    const filters = { and: [{ or: [{ action: "a" }, { action: "b" }] }, { not: { action: "c" } }] };
    expect(plan(filters)).toEqual({
      all: [
        { any: [leaf("and/0/or/0", "a"), leaf("and/0/or/1", "b")], at: "/filters/and/0/or" },
        { not: leaf("and/1/not", "c"), at: "/filters/and/1/not" },
      ],
      at: "/filters/and",
    });
  });

  it("escapes keys in pointers", () => {
    expect(plan({ "current.a/b~c": 1 })).toMatchObject({ at: "/filters/current.a~1b~0c" });
  });

  it.each([
    ["ten nested filters", nest(10)],
    ["a hundred conditions", { and: Array.from({ length: 100 }, () => ({ action: "a" })) }],
    ["a list of a hundred", { action: Array.from({ length: 100 }, () => "a") }],
    ["16 KiB", { action: "x".repeat(16 * 1024 - 13) }],
    ["any scalars", { action: ["a", 1, true, null, -1.5e-7] }],
  ])("may be of %s", (_, filters) => {
    expect(plan(filters)).not.toBeNull();
  });
});

describe("a filter is refused", () => {
  it.each<[object, string, string]>([
    [{ prioritty: "high" }, "/prioritty", "did you mean priority?"],
    [{ projectid: id }, "/projectid", "did you mean project_id?"],
    [{ title: "x" }, "/title", "did you mean current.title?"],
    [{ "curent.title": "x" }, "/curent.title", "did you mean current.title?"],
    [{ nothing: "x" }, "/nothing", "it begins with one of project_id,"],
    [{ "a/b~": "x" }, "/a~1b~0", "is no field"],
    [{ "": "x" }, "/", "is not a path"],
    [{ "current.": "x" }, "/current.", "is not a path"],
    [{ "current..a": "x" }, "/current..a", "is not a path"],
    [JSON.parse('{"__proto__":{"a":1}}'), "/__proto__", "is not a path"],
    [{ "current.__proto__.a": "x" }, "/current.__proto__.a", "is not a path"],
    [{ constructor: "x" }, "/constructor", "is not a path"],
    [{ toString: "x" }, "/toString", "is no field"],
    [{ "current.\0": "x" }, "/current.\0", "NUL"],
    [{ $and: [{ action: "a" }] }, "/$and", "did you mean and?"],
    [{ action: { $eq: "x" } }, "/action/$eq", "did you mean eq?"],
    [{ action: { toString: "x" } }, "/action/toString", "is not an operator"],
    [{ current: { status: "closed" } }, "/current/status", 'is written "current.status"'],
    [{ action: {} }, "/action", "must have an operator"],
    [{ action: [] }, "/action", "must not be empty"],
    [{ action: { in: [] } }, "/action/in", "must not be empty"],
    [{ action: { nin: [] } }, "/action/nin", "must not be empty"],
    [{ action: { in: "a" } }, "/action/in", "must be a list"],
    [{ action: { eq: ["a"] } }, "/action/eq", "must be a text, a number"],
    [{ action: ["a", { b: 1 }] }, "/action/1", "must be a text, a number"],
    [{ action: { in: ["a", ["b"]] } }, "/action/in/1", "must be a text, a number"],
    [{ "current.n": Infinity }, "/current.n", "must be a text, a number"],
    [{ action: { exists: "yes" } }, "/action/exists", "must be true or false"],
    [{ action: { gt: null } }, "/action/gt", "must be a number or a text"],
    [{ action: { lte: true } }, "/action/lte", "must be a number or a text"],
    [{ action: { starts_with: 1 } }, "/action/starts_with", "must be a text"],
    [{ action: "a\0" }, "/action", "NUL"],
    [{ action: ["a", "\ud800"] }, "/action/1", "half a surrogate"],
    [{ project_id: "x" }, "/project_id", "must be a UUID"],
    [{ issue_id: [id, 7] }, "/issue_id/1", "must be a UUID"],
    [{ milestone_id: { starts_with: "0190" } }, "/milestone_id/starts_with", "not for an id"],
    [{ actor: 7 }, "/actor", "ai:claude"],
    [{ actor: { gt: "a" } }, "/actor/gt", "is not for an actor"],
    [{ actor: ["ada", null] }, "/actor/1", "ai:claude"],
    [{ and: [] }, "/and", "must not be empty"],
    [{ or: {} }, "/or", "must be a list of filters"],
    [{ or: [{ action: "a" }, "b"] }, "/or/1", "must be an object"],
    [{ or: [{}] }, "/or/0", "must have a condition"],
    [{ not: [{ action: "a" }] }, "/not", "must be an object"],
    [{ not: {} }, "/not", "must have a condition"],
    [nest(11), "/not".repeat(11), "10 deep already"],
    [{ action: Array.from({ length: 101 }, () => "a") }, "/action", "at most 100 entries"],
    [{ or: Array.from({ length: 101 }, () => ({ action: "a" })) }, "/or", "at most 100 entries"],
    [{ action: "x".repeat(16 * 1024 - 12) }, "", "16 KiB"],
  ])("as %o is, at %s: %s", (filters, pointer, message) => {
    const errors = errorsOf(filters);
    expect(pointersOf(errors)).toEqual([`/filters${pointer}`]);
    expect(errors[0]?.message).toContain(message);
  });

  it("for more than a hundred conditions", () => {
    const part = { action: { ne: "a", nin: ["b"] } };
    const errors = errorsOf({ and: Array.from({ length: 51 }, () => part) });
    expect(errors).toMatchObject([{ pointer: "/filters", code: "too_large" }]);
  });

  it("at every fault, up to twenty", () => {
    expect(pointersOf(errorsOf({ a: 1, or: [{ b: 1 }, { action: { in: 1 } }] }))).toEqual([
      "/filters/a",
      "/filters/or/0/b",
      "/filters/or/1/action/in",
    ]);
    const many = Object.fromEntries(Array.from({ length: 100_000 }, (_, n) => [`x${n}`, 1]));
    expect(errorsOf(many)).toHaveLength(20);
  });

  it("however deep it is", () => {
    const text = `${'{"not":'.repeat(100_000)}{}${"}".repeat(100_000)}`;
    expect(errorsOf(JSON.parse(text))).toHaveLength(1);
    const list = `{"action":${"[".repeat(100_000)}${"]".repeat(100_000)}}`;
    expect(pointersOf(errorsOf(JSON.parse(list)))).toEqual(["/filters/action/0"]);
  });
});

describe("with the types known", () => {
  const issue: EventType[] = ["issue.updated", "issue.closed"];

  it.each<[object, EventType[]]>([
    [{ "current.title": "x" }, issue],
    [{ "previous.assignee": null }, issue],
    [{ "data.current.due_date": { gt: "2026-01-01" } }, issue],
    [{ "current.comment.content": "x" }, ["issue.closed", "issue.commented"]],
    [{ status: ["open", "planned"] }, ["issue.closed", "milestone.created"]],
    [{ priority: "critical", changes: ["priority", "status"] }, issue],
    [{ "current.type": "anything" }, ["issue.created", "document.created"]],
    [{ status: { gt: "b", starts_with: "clo" } }, issue],
    [{ "context.nothing": { exists: false } }, issue],
  ])("takes %j for %j", (filters, types) => {
    expect(plan(filters, types)).not.toBeNull();
  });

  it.each<[object, EventType[], string, string]>([
    [{ "current.titel": "x" }, issue, "/current.titel", "did you mean current.title?"],
    [{ "previous.titel.a": "x" }, issue, "/previous.titel.a", "did you mean previous.title.a?"],
    [{ "data.current.foo": "x" }, issue, "/data.current.foo", 'the field "foo"'],
    [{ "current.comment.content": "x" }, issue, "/current.comment.content", "comment"],
    [{ priority: "high" }, ["tag.created"], "/priority", 'the field "priority"'],
    [{ status: "closd" }, issue, "/status", 'did you mean "closed"?'],
    [{ status: "planned" }, issue, "/status", "there are open, in_progress,"],
    [{ status: ["closed", "done"] }, issue, "/status/1", "there are open"],
    [{ "previous.status": { ne: "done" } }, issue, "/previous.status/ne", "there are open"],
    [{ priority: { nin: ["urgent"] } }, issue, "/priority/nin/0", "there are low, medium"],
    [{ priority: null }, issue, "/priority", "there are low, medium"],
    [{ "current.type": "story" }, ["issue.created"], "/current.type", "there are bug"],
    [{ changes: "stauts" }, issue, "/changes", 'did you mean "status"?'],
  ])("refuses %j for %j at %s: %s", (filters, types, pointer, message) => {
    const errors = errorsOf(filters, types);
    expect(pointersOf(errors)).toEqual([`/filters${pointer}`]);
    expect(errors[0]?.message).toContain(message);
  });
});
