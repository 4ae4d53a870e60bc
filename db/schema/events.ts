import { sql } from "drizzle-orm";
import { index, integer, pgTable, text, uuid } from "drizzle-orm/pg-core";
import { created_at, id, instant, json, snapshot, updated_at } from "./columns";

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
    // Who caused it, as "ai:claude", and by which key.
    actor: text("actor").notNull().default("user:unknown"),
    actor_key: text("actor_key"),
    // The event it was caused by, the first of that chain, and how many lie between: 0 has no cause.
    cause_id: uuid("cause_id"),
    root_id: uuid("root_id"),
    depth: integer("depth").notNull().default(0),
    // What its statement could see: which revision of each webhook it was matched against.
    seen: snapshot("seen"),
  },
  (table) => [
    index("events_entity").on(table.entity_id, table.id),
    index("events_created_at").on(table.created_at),
    index("events_loops")
      .on(table.root_id)
      .where(sql`type = 'system.loop_detected'`),
  ],
);

/** The types that users have registered, beside those of the catalogue. */
export const event_types = pgTable("event_types", {
  name: text("name").primaryKey(),
  description: text("description"),
  // JSON Schema of `data.current`, and a `data.current` that it accepts.
  schema: json("schema").notNull(),
  sample: json("sample").notNull(),
  created_at: created_at(),
  updated_at: updated_at(),
});
