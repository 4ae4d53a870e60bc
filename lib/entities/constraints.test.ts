import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestDatabase } from "@/db/testing";
import { newId } from "@/lib/id";
import { violationOf } from "./constraints";

// What the database holds to by itself, whoever writes to it.

const database = await createTestDatabase();
const { sql } = database;
const id = newId();
const none = newId();
const named = { id, name: "a" };
const titled = { id, title: "a" };

const rows: Record<string, Record<string, unknown>> = {
  projects: { ...named, status: "active", priority: "low" },
  issues: { ...titled, type: "bug", status: "open", priority: "low", project_id: id },
  milestones: { ...named, status: "planned", project_id: id },
  initiatives: { ...named, status: "planning", project_id: id },
  documents: { ...titled, content: "", type: "note", project_id: id },
  tags: { ...named, color: "#000000" },
  comments: { id, issue_id: id, content: "a", author_name: "ada", author_type: "user" },
  milestone_issues: { milestone_id: id, issue_id: id },
  initiative_issues: { initiative_id: id, issue_id: id },
  issue_tags: { issue_id: id, tag_id: id },
  document_links: { document_id: id, issue_id: id },
};

beforeAll(async () => {
  for (const [table, row] of Object.entries(rows)) await sql`insert into ${sql(table)} ${sql(row)}`;
});
afterAll(() => database.close());

async function refusedBy(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  return violationOf(error).constraint || violationOf(error).code;
}

const insert = (table: string, row: Record<string, unknown>) => {
  const fresh = "id" in (rows[table] ?? {}) ? { id: newId() } : {};
  return sql`insert into ${sql(table)} ${sql({ ...rows[table], ...fresh, ...row })}`;
};

const notNull = "23502";

it.each([
  ["projects", { status: "done" }, "projects_status"],
  ["projects", { priority: "urgent" }, "projects_priority"],
  ["projects", { name: null }, notNull],
  ["issues", { type: "epic" }, "issues_type"],
  ["issues", { status: "done" }, "issues_status"],
  ["issues", { priority: "urgent" }, "issues_priority"],
  ["issues", { title: null }, notNull],
  ["issues", { project_id: none }, "issues_project_id_projects_id_fk"],
  ["milestones", { status: "closed" }, "milestones_status"],
  ["milestones", { project_id: null }, notNull],
  ["milestones", { project_id: none }, "milestones_project_id_projects_id_fk"],
  ["initiatives", { status: "planned" }, "initiatives_status"],
  ["initiatives", { project_id: none }, "initiatives_project_id_projects_id_fk"],
  ["documents", { content: null }, notNull],
  ["documents", { project_id: none }, "documents_project_id_projects_id_fk"],
  ["tags", { name: "A" }, "tags_name"],
  ["comments", { author_type: "system" }, "comments_author_type"],
  ["comments", { issue_id: null }, notNull],
  ["comments", { project_id: id }, "comments_target"],
  ["comments", { issue_id: none }, "comments_issue_id_issues_id_fk"],
  ["milestone_issues", { issue_id: none }, "milestone_issues_issue_id_issues_id_fk"],
  ["milestone_issues", {}, "milestone_issues_milestone_id_issue_id_pk"],
  ["initiative_issues", {}, "initiative_issues_initiative_id_issue_id_pk"],
  ["issue_tags", { tag_id: none }, "issue_tags_tag_id_tags_id_fk"],
  ["issue_tags", {}, "issue_tags_issue_id_tag_id_pk"],
  ["document_links", {}, "document_links_issue_id"],
  ["document_links", { issue_id: null }, "document_links_target"],
  ["document_links", { milestone_id: id }, "document_links_target"],
  [
    "document_links",
    { issue_id: null, project_id: none },
    "document_links_project_id_projects_id_fk",
  ],
])("%s with %j is refused by %s", async (table, row, constraint) => {
  expect(await refusedBy(insert(table, row))).toBe(constraint);
});

describe("an issue", () => {
  it("depends neither on itself nor twice on another", async () => {
    expect(await refusedBy(depend(id, id))).toBe("issue_dependencies_other");
    const other = newId();
    await insert("issues", { id: other });
    await depend(id, other);
    expect(await refusedBy(depend(id, other))).toBe("issue_dependencies_issue_id_depends_on_id_pk");
  });
});

const depend = (issue_id: string, depends_on_id: string) =>
  sql`insert into issue_dependencies ${sql({ issue_id, depends_on_id })}`;

it.each(["projects", "issues", "milestones", "initiatives", "documents", "tags"])(
  "one of %s does not vanish while anything names it",
  async (table) => {
    const refused = await refusedBy(sql`delete from ${sql(table)} where id = ${id}`);
    expect(refused).toMatch(/_fk$/);
  },
);

it("a comment says itself what it is of", async () => {
  const columns = { entity_type: "project", entity_id: none };
  const generatedAlways = "428C9";
  expect(await refusedBy(insert("comments", columns))).toBe(generatedAlways);
  const [row] = await sql`select entity_type, entity_id from comments where id = ${id}`;
  expect(row).toEqual({ entity_type: "issue", entity_id: id });
});
