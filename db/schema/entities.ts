import { boolean, date, index, integer, pgTable, text, uuid } from "drizzle-orm/pg-core";
import { created_at, id, updated_at } from "./columns";

// Keys are the column names, which are the API's names: a row is what the API shows.

const version = () => integer("version").notNull().default(1);

export const projects = pgTable("projects", {
  id: id(),
  name: text("name").notNull(),
  description: text("description"),
  status: text("status").notNull(),
  priority: text("priority").notNull(),
  is_archived: boolean("is_archived").notNull().default(false),
  version: version(),
  created_at: created_at(),
  updated_at: updated_at(),
});

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
    due_date: date("due_date", { mode: "string" }),
    created_by: text("created_by"),
    project_id: uuid("project_id").references(() => projects.id),
    version: version(),
    created_at: created_at(),
    updated_at: updated_at(),
  },
  (table) => [index("issues_project_id").on(table.project_id)],
);
