import { z } from "zod";
import { issueStatuses, issueTypes, priorities } from "@/db/schema";
import { define, type Change, type Stored } from "./define";
import { linkedIds } from "./derived";
import { dueTold } from "./due";
import {
  day,
  optionalName,
  optionalProjectId,
  priorityWords,
  statusWords,
  text,
  title,
} from "./fields";

const isClosed = (row: Stored | null) => row?.status === "closed";

/** A new open issue can only lower a share of closed issues, which has no event: one statement is enough. */
function movesOthers({ before, after }: Change): boolean {
  if (!before) return isClosed(after);
  if (!after) return true;
  return isClosed(before) !== isClosed(after) || before.project_id !== after.project_id;
}

export const issue = define({
  name: "issue",
  plural: "issues",
  summary: "What is to be done, with tags, comments and dependencies on other issues.",
  fields: {
    title,
    description: text,
    type: z.enum(issueTypes).describe("What kind it is."),
    status: z.enum(issueStatuses).describe(statusWords),
    priority: z.enum(priorities).describe(priorityWords),
    assignee: optionalName.describe("Who does it; null: nobody yet."),
    due_date: day,
    created_by: optionalName.describe("Who made it."),
    project_id: optionalProjectId,
  },
  defaults: { type: "task", status: "open", priority: "medium" },
  fixed: ["created_by"],
  derived: {
    is_blocked: {
      shape: z.boolean().describe("An issue it depends on is not closed."),
      fresh: false,
      select: `exists (
        select from issue_dependencies dependency join issues other on other.id = dependency.depends_on_id
        where dependency.issue_id = entity.id and other.status <> 'closed')`,
    },
    milestone_ids: linkedIds("The milestones it is linked to.", {
      table: "milestone_issues",
      column: "milestone_id",
      by: "issue_id",
    }),
    initiative_ids: linkedIds("The initiatives it is linked to.", {
      table: "initiative_issues",
      column: "initiative_id",
      by: "issue_id",
    }),
    tag_ids: linkedIds("Its tags.", { table: "issue_tags", column: "tag_id", by: "issue_id" }),
    depends_on_ids: linkedIds("Issues that must be closed first.", {
      table: "issue_dependencies",
      column: "depends_on_id",
      by: "issue_id",
    }),
    dependent_ids: linkedIds("Issues that wait for it.", {
      table: "issue_dependencies",
      column: "issue_id",
      by: "depends_on_id",
    }),
    document_ids: linkedIds("Documents that are linked to it.", {
      table: "document_links",
      column: "document_id",
      by: "issue_id",
    }),
  },
  complete: dueTold,
  filters: ["project_id", "status", "priority", "type", "assignee"],
  context: (row) => ({
    project_id: row.project_id as string | null,
    milestone_id: (row.milestone_ids as string[])[0] ?? null,
    initiative_id: (row.initiative_ids as string[])[0] ?? null,
    issue_id: String(row.id),
  }),
  authorOf: (row) => (typeof row.created_by === "string" ? { name: row.created_by } : {}),
  rules: [
    { action: "assigned", field: "assignee", when: ({ to }) => to !== null },
    { action: "unassigned", field: "assignee", when: ({ to }) => to === null },
    { action: "status_changed", field: "status" },
    { action: "priority_changed", field: "priority" },
    { action: "closed", field: "status", when: ({ to }) => to === "closed" },
    { action: "reopened", field: "status", when: ({ from }) => from === "closed" },
  ],
  whenDerivedChanges: (before, after) =>
    before.is_blocked && !after.is_blocked ? [{ action: "unblocked", fields: ["is_blocked"] }] : [],
  affects: {
    reaches: movesOthers,
    find: (sql, issueIds) => sql`
      select 'milestones' as entity, milestone_id as id from milestone_issues
      where issue_id = any(${issueIds}::uuid[])
      union select 'issues', issue_id from issue_dependencies
      where depends_on_id = any(${issueIds}::uuid[]) order by entity desc, id`,
    fromColumns: ({ project_id }) =>
      typeof project_id === "string" ? [{ entity: "projects", id: project_id }] : [],
  },
  children: [{ plural: "comments", column: "issue_id" }],
  references: { project_id: { entity: "project" } },
});
