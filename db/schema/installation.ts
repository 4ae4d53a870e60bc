import { index, pgTable, text } from "drizzle-orm/pg-core";
import { created_at } from "./columns";

/** What this installation knows of itself: its id, key check values, when it last did what it does by the clock. */
export const installation = pgTable("installation", {
  key: text("key").primaryKey(),
  value: text("value").notNull(),
});

/** Answers that were given, for whoever asks the same with the same Idempotency-Key again. */
export const idempotency_keys = pgTable(
  "idempotency_keys",
  {
    // A hash of the key and of who sent it, and one of what was asked.
    key_hash: text("key_hash").primaryKey(),
    fingerprint: text("fingerprint").notNull(),
    // Sealed: an answer may hold a secret.
    answer: text("answer").notNull(),
    created_at: created_at(),
  },
  (table) => [index("idempotency_keys_created_at").on(table.created_at)],
);
