import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestDatabase } from "@/db/testing";
import { newId } from "@/lib/id";
import { contextOn, recordingAfterCommit, useEnv } from "@/lib/testing";
import { listEvents } from "./list-events";
import { originOf, toEventRow } from "./envelope";
import { recordEvents } from "./record";
import { refusalOf } from "./testing";

useEnv();
const database = await createTestDatabase();
const { sql } = database;
const ctx = contextOn(database, recordingAfterCommit());
afterAll(() => database.close());

const at = (day: number) => new Date(Date.UTC(2026, 0, day));
const [issue, cause] = [newId(), newId()];
const told = [
  { type: "issue.created", actor: "ada", day: 1 },
  { type: "issue.updated", actor: "ada", day: 2 },
  { type: "project.created", actor: "bob", day: 3, entity_id: newId() },
  { type: "issue_box.opened", actor: "bob", day: 4, entity_id: newId(), isCaused: true },
];

beforeAll(async () => {
  for (const { type, actor, day, entity_id = issue, isCaused } of told) {
    const draft = {
      type,
      entity_type: type.split(".")[0] ?? "",
      entity_id,
      entity_version: 1,
      current: {},
      previous: null,
      changes: [],
      context: {},
    };
    const origin = {
      actor: { type: "user" as const, name: actor, metadata: {} },
      cause: isCaused ? { id: cause, rootId: cause, depth: 1 } : null,
    };
    const events = [toEventRow(draft, originOf(origin, at(day)))];
    await recordEvents(ctx, { sql, events });
  }
});

async function list(query = ""): Promise<string[]> {
  const { rows } = await listEvents(ctx, new URLSearchParams(query));
  return rows.map(({ body }) => JSON.parse(body).event_type);
}

describe("listEvents", () => {
  it("shows the events as they were told, newest first", async () => {
    expect(await list()).toEqual(told.map(({ type }) => type).toReversed());
  });

  it.each([
    ["event_type=issue.created", ["issue.created"]],
    ["event_type=issue.*", ["issue.updated", "issue.created"]],
    ["event_type=tag.*", []],
    ["entity_type=project", ["project.created"]],
    [`entity_id=${issue}`, ["issue.updated", "issue.created"]],
    ["actor=user:ada", ["issue.updated", "issue.created"]],
    ["since=2026-01-03T00:00:00Z", ["issue_box.opened", "project.created"]],
    ["until=2026-01-03T01:00:00%2B01:00", ["issue.updated", "issue.created"]],
    [`cause_id=${cause}`, ["issue_box.opened"]],
    ["event_type=issue.*&since=2026-01-02T00:00:00Z", ["issue.updated"]],
  ])("is narrowed by %s", async (query, expected) => {
    expect(await list(query)).toEqual(expected);
  });

  it("goes on behind a cursor", async () => {
    const { rows, page } = await listEvents(ctx, new URLSearchParams("limit=2"));
    expect([rows.length, page.limit]).toEqual([3, 2]);
    const cursor = Buffer.from(rows[1]?.id ?? "").toString("base64url");
    expect(await list(`limit=2&cursor=${cursor}`)).toEqual(["issue.updated", "issue.created"]);
  });

  it.each([
    ["entity_id=5", "/entity_id invalid"],
    ["since=yesterday", "/since invalid"],
    ["until=0000-01-01T00:00:00Z", "/until invalid"],
    ["actor=%00", "/actor invalid"],
    ["event_type=", "/event_type invalid"],
    ["colour=red", "/colour unknown_parameter"],
  ])("refuses %s", async (query, refusal) => {
    const asked = list(query);
    expect(await refusalOf(asked)).toBe(`validation_failed ${refusal}`);
  });
});
