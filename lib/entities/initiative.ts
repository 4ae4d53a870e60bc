import { z } from "zod";
import { initiativeStatuses } from "@/db/schema";
import { define } from "./define";
import { count, day, optionalReference, percentage, text, title } from "./fields";

export const initiative = define({
  name: "initiative",
  plural: "initiatives",
  fields: {
    name: title,
    description: text,
    status: z.enum(initiativeStatuses),
    start_date: day,
    target_date: day,
    project_id: optionalReference,
  },
  defaults: { status: "planning" },
  derived: {
    issue_count: {
      shape: count,
      fresh: 0,
      select: `(select count(*)::int from initiative_issues where initiative_id = entity.id)`,
    },
    completion_percentage: {
      shape: percentage,
      fresh: 0,
      select: `(
        select coalesce(100 * count(*) filter (where issue.status = 'closed') / nullif(count(*), 0), 0)::int
        from initiative_issues link join issues issue on issue.id = link.issue_id
        where link.initiative_id = entity.id)`,
    },
  },
  filters: ["project_id", "status"],
  context: (row) => ({
    project_id: row.project_id as string | null,
    initiative_id: String(row.id),
  }),
  rules: [
    { action: "status_changed", field: "status" },
    { action: "completed", field: "status", when: ({ to }) => to === "completed" },
  ],
  children: [{ plural: "comments", column: "initiative_id" }],
  references: { project_id: { entity: "project" } },
});
