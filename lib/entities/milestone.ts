import { z } from "zod";
import { milestoneStatuses } from "@/db/schema";
import { define, type SpecificEvent, type Stored } from "./define";
import { closedShareOf, countOf, linkedIds, tenthReached } from "./derived";
import { dueTold } from "./due";
import { day, name, projectId, statusWords, text } from "./fields";

export const milestone = define({
  name: "milestone",
  plural: "milestones",
  summary: "What a project reaches by a day; its progress follows from its issues.",
  fields: {
    name,
    description: text,
    status: z.enum(milestoneStatuses).describe(statusWords),
    start_date: day,
    due_date: day,
    project_id: projectId,
  },
  defaults: { status: "planned" },
  derived: {
    issue_count: countOf("milestone_issues", "milestone_id"),
    completion_percentage: closedShareOf("milestone_issues", "milestone_id"),
    document_ids: linkedIds("Documents that are linked to it.", {
      table: "document_links",
      column: "document_id",
      by: "milestone_id",
    }),
  },
  complete: dueTold,
  filters: ["project_id", "status"],
  context: (row) => ({ project_id: String(row.project_id), milestone_id: String(row.id) }),
  rules: [
    { action: "status_changed", field: "status" },
    { action: "completed", field: "status", when: ({ to }) => to === "completed" },
  ],
  whenDerivedChanges: (before, after) => {
    const threshold = tenthReached(before, after);
    const progress: SpecificEvent = {
      action: "progress_updated",
      fields: ["completion_percentage"],
      more: { threshold },
    };
    return [
      ...(threshold === null ? [] : [progress]),
      ...(isDoneByItsIssues(before, after)
        ? [{ action: "completed", fields: ["completion_percentage"] }]
        : []),
    ];
  },
  children: [{ plural: "comments", column: "milestone_id" }],
  references: { project_id: { entity: "project" } },
});

/** Its last open issue was closed: not taken off it, nor removed. */
function isDoneByItsIssues(before: Stored, after: Stored): boolean {
  return (
    after.issue_count === before.issue_count &&
    Number(before.completion_percentage) < 100 &&
    after.completion_percentage === 100 &&
    (after.status === "planned" || after.status === "in_progress")
  );
}
