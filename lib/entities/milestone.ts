import { z } from "zod";
import { milestoneStatuses } from "@/db/schema";
import { define, type Meaning, type Stored } from "./define";
import { dueTold } from "./due-told";
import { count, day, ids, percentage, reference, text, title } from "./fields";
import { tenthReached } from "./progress";

export const milestone = define({
  name: "milestone",
  plural: "milestones",
  fields: {
    name: title,
    description: text,
    status: z.enum(milestoneStatuses),
    start_date: day,
    due_date: day,
    project_id: reference,
  },
  defaults: { status: "planned" },
  derived: {
    issue_count: {
      shape: count,
      fresh: 0,
      select: `(select count(*)::int from milestone_issues where milestone_id = entity.id)`,
    },
    completion_percentage: {
      shape: percentage,
      fresh: 0,
      select: `(
        select coalesce(100 * count(*) filter (where issue.status = 'closed') / nullif(count(*), 0), 0)::int
        from milestone_issues link join issues issue on issue.id = link.issue_id
        where link.milestone_id = entity.id)`,
    },
    document_ids: {
      shape: ids,
      fresh: [],
      select: `array(
        select document_id from document_links where milestone_id = entity.id
        order by created_at, document_id)`,
    },
  },
  complete: dueTold,
  filters: ["project_id", "status"],
  context: (row) => ({ project_id: String(row.project_id), milestone_id: String(row.id) }),
  rules: [
    { action: "status_changed", field: "status" },
    { action: "completed", field: "status", when: ({ to }) => to === "completed" },
  ],
  echoes: (before, after) => {
    const threshold = tenthReached(before, after);
    const progress: Meaning = {
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
