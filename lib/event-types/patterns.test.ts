import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestDatabase } from "@/db/testing";
import { AppError } from "@/lib/errors";
import { subscribableTypes } from "./catalogue";
import { checkPatterns } from "./patterns";

const database = await createTestDatabase();
const { sql } = database;
const check = (patterns: string[]) => checkPatterns(sql, patterns);

beforeAll(
  () => sql`
    insert into event_types (name, schema, sample)
    select name, '{}', '{}' from unnest(array['literature.paper_added', 'issue.escalated']) as name`,
);
afterAll(() => database.close());

async function refusalOf(patterns: string[]): Promise<AppError> {
  const outcome = await check(patterns).catch((error: unknown) => error);
  if (outcome instanceof AppError) return outcome;
  throw new Error("they were not refused");
}

describe("checkPatterns", () => {
  it.each([
    [["issue.created"], ["issue.created"]],
    [
      ["tag.deleted", "issue.created"],
      ["issue.created", "tag.deleted"],
    ],
    [["tag.*"], ["tag.created", "tag.updated", "tag.applied", "tag.removed", "tag.deleted"]],
  ])("answers which types %o match", async (patterns, types) => {
    expect(await check(patterns)).toEqual(types);
  });

  it.each([
    [["*"]],
    [["tag.created", "*"]],
    [["literature.paper_added"]],
    [["literature.*"]],
    [["issue.*"]],
    [["system.*"]],
    [["system.backup_completed"]],
  ])("answers null when %o match what others fill", async (patterns) => {
    expect(await check(patterns)).toBeNull();
  });

  it("knows every type of the catalogue but the test, and every wildcard", async () => {
    const wildcards = subscribableTypes.map((type) => type.replace(/\..*/, ".*"));
    expect(await check([...subscribableTypes, ...wildcards])).toBeNull();
    expect((await refusalOf(["webhook.test"])).code).toBe("validation_failed");
  });

  it.each([
    ["issue.create", "did you mean issue.created?"],
    ["isue.*", "did you mean issue.*?"],
    ["literature.paper_aded", "did you mean literature.paper_added?"],
    ["literatur.*", "did you mean literature.*?"],
    ["calendar.day_came", "a wildcard such as issue.*, or *"],
    ["issue", "did you mean issue.*?"],
    ["*.created", "a wildcard"],
    ["toString", "a wildcard"],
    ["", "a wildcard"],
  ])("refuses %j and says %j", async (pattern, hint) => {
    const { code, fields } = await refusalOf(["issue.created", pattern]);
    expect(code).toBe("validation_failed");
    expect(fields).toMatchObject([{ pointer: "/event_types/1", code: "not_allowed" }]);
    expect(fields[0]?.message).toContain(hint);
  });

  it("points at each that it refuses", async () => {
    const { fields } = await refusalOf(["no.such", "issue.*", "nor.this"]);
    expect(fields.map(({ pointer }) => pointer)).toEqual(["/event_types/0", "/event_types/2"]);
  });
});
