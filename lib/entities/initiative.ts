import { z } from "zod";
import { initiativeStatuses } from "@/db/schema";
import { define } from "./define";
import { closedShareOf, countOf } from "./derived";
import { day, name, optionalProjectId, statusWords, text } from "./fields";

export const initiative = define({
  name: "initiative",
  plural: "initiatives",
  summary: "What spans issues, within a project or across.",
  fields: {
    name,
    description: text,
    status: z.enum(initiativeStatuses).describe(statusWords),
    start_date: day,
    target_date: day,
    project_id: optionalProjectId,
  },
  defaults: { status: "planning" },
  derived: {
    issue_count: countOf("initiative_issues", "initiative_id"),
    completion_percentage: closedShareOf("initiative_issues", "initiative_id"),
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
