import { pgTable, text } from "drizzle-orm/pg-core";

/** What this installation knows of itself: key check values, when the sweep was last seen. */
export const installation = pgTable("installation", {
  key: text("key").primaryKey(),
  value: text("value").notNull(),
});
