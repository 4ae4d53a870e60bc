import { sql } from "drizzle-orm";
import {
  boolean,
  check,
  date,
  index,
  integer,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
  uuid,
} from "drizzle-orm/pg-core";
import { created_at, id, oneOf, updated_at, version } from "./columns";

// Keys are the column names, which are the API's names: a row is what the API shows.

export const priorities = ["low", "medium", "high", "critical"] as const;
export const projectStatuses = ["active", "on_hold", "completed", "archived"] as const;
export const issueTypes = ["bug", "feature", "enhancement", "task", "documentation"] as const;
export const issueStatuses = ["open", "in_progress", "review", "testing", "closed"] as const;
export const milestoneStatuses = ["planned", "in_progress", "completed", "cancelled"] as const;
export const initiativeStatuses = [
  "planning",
  "in_progress",
  "on_hold",
  "completed",
  "cancelled",
] as const;
export const authorTypes = ["user", "ai"] as const;

const day = (name: string) => date(name, { mode: "string" });
/** The fewest days that were left when it was last told that it is due; -1: that it is overdue. */
const due_told = () => integer("due_told");

export const projects = pgTable(
  "projects",
  {
    id: id(),
    name: text("name").notNull(),
    description: text("description"),
    status: text("status").notNull(),
    priority: text("priority").notNull(),
    is_archived: boolean("is_archived").notNull().default(false),
    version: version(),
    created_at: created_at(),
    updated_at: updated_at(),
  },
  (table) => [
    check("projects_status", oneOf(table.status, projectStatuses)),
    check("projects_priority", oneOf(table.priority, priorities)),
  ],
);

export const issues = pgTable(
  "issues",
  {
    id: id(),
    title: text("title").notNull(),
    description: text("description"),
    type: text("type").notNull(),
    status: text("status").notNull(),
    priority: text("priority").notNull(),
    assignee: text("assignee"),
    due_date: day("due_date"),
    due_told: due_told(),
    created_by: text("created_by"),
    project_id: uuid("project_id").references(() => projects.id),
    version: version(),
    created_at: created_at(),
    updated_at: updated_at(),
  },
  (table) => [
    index("issues_project_id").on(table.project_id, table.status),
    index("issues_due_date")
      .on(table.due_date)
      .where(sql`due_date is not null and status <> 'closed' and due_told is distinct from -1`),
    check("issues_type", oneOf(table.type, issueTypes)),
    check("issues_status", oneOf(table.status, issueStatuses)),
    check("issues_priority", oneOf(table.priority, priorities)),
  ],
);

export const milestones = pgTable(
  "milestones",
  {
    id: id(),
    name: text("name").notNull(),
    description: text("description"),
    status: text("status").notNull(),
    start_date: day("start_date"),
    due_date: day("due_date"),
    due_told: due_told(),
    project_id: uuid("project_id")
      .notNull()
      .references(() => projects.id),
    version: version(),
    created_at: created_at(),
    updated_at: updated_at(),
  },
  (table) => [
    index("milestones_project_id").on(table.project_id),
    index("milestones_due_date")
      .on(table.due_date)
      .where(
        sql`due_date is not null and status in ('planned', 'in_progress') and due_told is distinct from -1`,
      ),
    check("milestones_status", oneOf(table.status, milestoneStatuses)),
  ],
);

export const initiatives = pgTable(
  "initiatives",
  {
    id: id(),
    name: text("name").notNull(),
    description: text("description"),
    status: text("status").notNull(),
    start_date: day("start_date"),
    target_date: day("target_date"),
    project_id: uuid("project_id").references(() => projects.id),
    version: version(),
    created_at: created_at(),
    updated_at: updated_at(),
  },
  (table) => [
    index("initiatives_project_id").on(table.project_id),
    check("initiatives_status", oneOf(table.status, initiativeStatuses)),
  ],
);

export const documents = pgTable(
  "documents",
  {
    id: id(),
    title: text("title").notNull(),
    content: text("content").notNull(),
    type: text("type").notNull(),
    project_id: uuid("project_id").references(() => projects.id),
    version: version(),
    created_at: created_at(),
    updated_at: updated_at(),
  },
  (table) => [index("documents_project_id").on(table.project_id)],
);

export const tags = pgTable(
  "tags",
  {
    id: id(),
    name: text("name").notNull(),
    color: text("color").notNull(),
    version: version(),
    created_at: created_at(),
    updated_at: updated_at(),
  },
  (table) => [uniqueIndex("tags_name").on(sql`lower(${table.name})`)],
);

/** Of columns `project_id`, `issue_id`, … one is not null: which, its value, and the rule. */
function pointsTo(targets: readonly string[]) {
  const columns = targets.map((target) => `${target}_id`).join(", ");
  const whens = targets.map((target) => `when ${target}_id is not null then '${target}'`);
  return {
    type: sql.raw(`case ${whens.join(" ")} end`),
    id: sql.raw(`coalesce(${columns})`),
    rule: sql.raw(`num_nonnulls(${columns}) = 1`),
  };
}

/** Beside one of these entities: a comment is of exactly one, and the database holds it to that. */
export const commentTargets = ["project", "issue", "milestone", "initiative", "document"] as const;

export const comments = pgTable(
  "comments",
  {
    id: id(),
    entity_type: text("entity_type").notNull().generatedAlwaysAs(pointsTo(commentTargets).type),
    entity_id: uuid("entity_id").notNull().generatedAlwaysAs(pointsTo(commentTargets).id),
    project_id: uuid("project_id").references(() => projects.id),
    issue_id: uuid("issue_id").references(() => issues.id),
    milestone_id: uuid("milestone_id").references(() => milestones.id),
    initiative_id: uuid("initiative_id").references(() => initiatives.id),
    document_id: uuid("document_id").references(() => documents.id),
    content: text("content").notNull(),
    author_name: text("author_name").notNull(),
    author_type: text("author_type").notNull(),
    version: version(),
    created_at: created_at(),
    updated_at: updated_at(),
  },
  (table) => [
    index("comments_entity").on(table.entity_id, table.id),
    index("comments_project_id").on(table.project_id),
    index("comments_issue_id").on(table.issue_id),
    index("comments_milestone_id").on(table.milestone_id),
    index("comments_initiative_id").on(table.initiative_id),
    index("comments_document_id").on(table.document_id),
    check("comments_target", pointsTo(commentTargets).rule),
    check("comments_author_type", oneOf(table.author_type, authorTypes)),
  ],
);

export const milestone_issues = pgTable(
  "milestone_issues",
  {
    milestone_id: uuid("milestone_id")
      .notNull()
      .references(() => milestones.id),
    issue_id: uuid("issue_id")
      .notNull()
      .references(() => issues.id),
    created_at: created_at(),
  },
  (table) => [
    primaryKey({ columns: [table.milestone_id, table.issue_id] }),
    index("milestone_issues_issue_id").on(table.issue_id),
  ],
);

export const initiative_issues = pgTable(
  "initiative_issues",
  {
    initiative_id: uuid("initiative_id")
      .notNull()
      .references(() => initiatives.id),
    issue_id: uuid("issue_id")
      .notNull()
      .references(() => issues.id),
    created_at: created_at(),
  },
  (table) => [
    primaryKey({ columns: [table.initiative_id, table.issue_id] }),
    index("initiative_issues_issue_id").on(table.issue_id),
  ],
);

export const issue_tags = pgTable(
  "issue_tags",
  {
    issue_id: uuid("issue_id")
      .notNull()
      .references(() => issues.id),
    tag_id: uuid("tag_id")
      .notNull()
      .references(() => tags.id),
    created_at: created_at(),
  },
  (table) => [
    primaryKey({ columns: [table.issue_id, table.tag_id] }),
    index("issue_tags_tag_id").on(table.tag_id),
  ],
);

/** `issue_id` cannot be finished before `depends_on_id` is. */
export const issue_dependencies = pgTable(
  "issue_dependencies",
  {
    issue_id: uuid("issue_id")
      .notNull()
      .references(() => issues.id),
    depends_on_id: uuid("depends_on_id")
      .notNull()
      .references(() => issues.id),
    created_at: created_at(),
  },
  (table) => [
    primaryKey({ columns: [table.issue_id, table.depends_on_id] }),
    index("issue_dependencies_depends_on_id").on(table.depends_on_id),
    check("issue_dependencies_other", sql`${table.issue_id} <> ${table.depends_on_id}`),
  ],
);

export const documentTargets = ["project", "issue", "milestone"] as const;

export const document_links = pgTable(
  "document_links",
  {
    document_id: uuid("document_id")
      .notNull()
      .references(() => documents.id),
    project_id: uuid("project_id").references(() => projects.id),
    issue_id: uuid("issue_id").references(() => issues.id),
    milestone_id: uuid("milestone_id").references(() => milestones.id),
    created_at: created_at(),
  },
  (table) => [
    uniqueIndex("document_links_project_id").on(table.project_id, table.document_id),
    uniqueIndex("document_links_issue_id").on(table.issue_id, table.document_id),
    uniqueIndex("document_links_milestone_id").on(table.milestone_id, table.document_id),
    index("document_links_document_id").on(table.document_id),
    check("document_links_target", pointsTo(documentTargets).rule),
  ],
);
