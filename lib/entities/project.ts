import { z } from "zod";
import { priorities, projectStatuses } from "@/db/schema";
import { define } from "./define";
import { closedShare, countOf, linkedIds, thresholdsCrossed } from "./derived";
import { name, priorityWords, statusWords, text } from "./fields";

const quarters = [25, 50, 75, 100];

export const project = define({
  name: "project",
  plural: "projects",
  summary: "What issues, milestones, initiatives and documents belong to.",
  fields: {
    name,
    description: text,
    status: z.enum(projectStatuses).describe(statusWords),
    priority: z.enum(priorities).describe(priorityWords),
  },
  defaults: { status: "active", priority: "medium" },
  stored: { is_archived: z.boolean().describe("Its status is `archived`.") },
  derived: {
    issue_count: countOf("issues", "project_id"),
    completion_percentage: closedShare("issues issue where issue.project_id = entity.id"),
    document_ids: linkedIds("Documents that are linked to it.", {
      table: "document_links",
      column: "document_id",
      by: "project_id",
    }),
  },
  complete: ({ row }) => ({ is_archived: row.status === "archived" }),
  filters: ["status", "priority"],
  context: (row) => ({ project_id: String(row.id) }),
  rules: [
    { action: "status_changed", field: "status" },
    { action: "archived", field: "status", when: ({ to }) => to === "archived" },
  ],
  whenDerivedChanges: (before, after) =>
    thresholdsCrossed(before, after, quarters).map((threshold) => ({
      action: "completion_milestone",
      fields: ["completion_percentage"],
      more: { threshold },
    })),
  children: [
    { plural: "comments", column: "project_id" },
    { plural: "issues", column: "project_id" },
    { plural: "milestones", column: "project_id" },
    { plural: "initiatives", column: "project_id" },
    { plural: "documents", column: "project_id" },
  ],
  references: {},
});
