import { index, integer, pgTable, text, uuid } from "drizzle-orm/pg-core";
import { id, instant } from "./columns";

export const events = pgTable(
  "events",
  {
    id: id(),
    type: text("type").notNull(),
    entity_type: text("entity_type").notNull(),
    entity_id: uuid("entity_id").notNull(),
    entity_version: integer("entity_version").notNull(),
    // The bytes that are signed and posted: text, because jsonb reorders keys and rewrites numbers.
    body: text("body").notNull(),
    // Of a thin event: the whole one, which `fetch_url` answers with.
    whole_body: text("whole_body"),
    created_at: instant("created_at").notNull(),
  },
  (table) => [
    index("events_entity").on(table.entity_id, table.id),
    index("events_created_at").on(table.created_at),
  ],
);
