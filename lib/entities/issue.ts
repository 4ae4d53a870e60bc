import { z } from "zod";
import { issueStatuses, issueTypes, priorities } from "@/db/schema";
import { define, type Change, type Stored } from "./define";
import { linkedIds } from "./derived";
import { dueTold } from "./due-told";
import { day, optionalName, optionalReference, text, title } from "./fields";

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
    type: z.enum(issueTypes),
    status: z.enum(issueStatuses),
    priority: z.enum(priorities),
    assignee: optionalName,
    due_date: day,
    created_by: optionalName,
    project_id: optionalReference,
  },
  defaults: { type: "task", status: "open", priority: "medium" },
  fixed: ["created_by"],
  derived: {
    is_blocked: {
      shape: z.boolean(),
      fresh: false,
      select: `exists (
        select from issue_dependencies dependency join issues other on other.id = dependency.depends_on_id
        where dependency.issue_id = entity.id and other.status <> 'closed')`,
    },
    milestone_ids: linkedIds("milestone_issues", "milestone_id", "issue_id"),
    initiative_ids: linkedIds("initiative_issues", "initiative_id", "issue_id"),
    tag_ids: linkedIds("issue_tags", "tag_id", "issue_id"),
    depends_on_ids: linkedIds("issue_dependencies", "depends_on_id", "issue_id"),
    dependent_ids: linkedIds("issue_dependencies", "issue_id", "depends_on_id"),
    document_ids: linkedIds("document_links", "document_id", "issue_id"),
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
