import { z } from "zod";
import { AppError } from "@/lib/errors";
import { longText, plainText } from "@/lib/text";
import type { Entity } from "./define";

const text = longText(100_000).transform((given) => given ?? null);
const optionalName = longText(200).transform((given) => given?.trim() || null);
const priority = z.enum(["low", "medium", "high", "critical"]);
const day = z.iso
  .date("must be a date such as 2026-11-23")
  .nullish()
  .transform((given) => given ?? null);
const reference = z
  .uuid("must be a UUID")
  .nullish()
  .transform((given) => given?.toLowerCase() ?? null);

const projectFields = {
  name: plainText(200),
  description: text,
  status: z.enum(["active", "on_hold", "completed", "archived"]),
  priority,
};

export const project: Entity = {
  name: "project",
  plural: "projects",
  fields: Object.keys(projectFields),
  create: z.strictObject({
    ...projectFields,
    status: projectFields.status.default("active"),
    priority: priority.default("medium"),
  }),
  update: z.strictObject(projectFields).partial(),
  derive: (row) => ({ is_archived: row.status === "archived" }),
  filters: ["status", "priority"],
  context: (row) => ({ project_id: String(row.id) }),
  rules: [
    { action: "status_changed", field: "status" },
    { action: "archived", field: "status", when: ({ to }) => to === "archived" },
  ],
  children: [{ entity: () => issue, column: "project_id" }],
  references: {},
};

const issueFields = {
  title: plainText(200),
  description: text,
  type: z.enum(["bug", "feature", "enhancement", "task", "documentation"]),
  status: z.enum(["open", "in_progress", "review", "testing", "closed"]),
  priority,
  assignee: optionalName,
  due_date: day,
  created_by: optionalName,
  project_id: reference,
};

export const issue: Entity = {
  name: "issue",
  plural: "issues",
  fields: Object.keys(issueFields),
  create: z.strictObject({
    ...issueFields,
    type: issueFields.type.default("task"),
    status: issueFields.status.default("open"),
    priority: priority.default("medium"),
  }),
  update: z.strictObject(issueFields).partial().omit({ created_by: true }),
  filters: ["project_id", "status", "priority", "type", "assignee"],
  context: (row) => ({ project_id: row.project_id as string | null, issue_id: String(row.id) }),
  rules: [
    { action: "assigned", field: "assignee", when: ({ to }) => to !== null },
    { action: "unassigned", field: "assignee", when: ({ to }) => to === null },
    { action: "status_changed", field: "status" },
    { action: "priority_changed", field: "priority" },
    { action: "closed", field: "status", when: ({ to }) => to === "closed" },
    { action: "reopened", field: "status", when: ({ from }) => from === "closed" },
  ],
  children: [],
  references: { project_id: "project" },
};

/** Every entity, by the name its URL bears. An entity added here has its endpoints and its events. */
export const entities: Record<string, Entity> = { projects: project, issues: issue };

/** The entity a URL names; `not_found` for any other word. */
export function entityOf(plural: string): Entity {
  const entity = Object.hasOwn(entities, plural) ? entities[plural] : undefined;
  if (!entity) throw new AppError("not_found", `There is no /api/v1/${plural} here.`);
  return entity;
}
