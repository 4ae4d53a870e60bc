import { sql } from "drizzle-orm";
import { index, integer, pgTable, text, unique, uuid } from "drizzle-orm/pg-core";
import { created_at, id, instant } from "./columns";

export const runStatuses = ["queued", "running", "completed", "failed"] as const;
export type RunStatus = (typeof runStatuses)[number];

/** One execution of one function for one event; a retry is the same run, its attempt one higher. */
export const engine_runs = pgTable(
  "engine_runs",
  {
    id: id(),
    function_id: text("function_id").notNull(),
    event_id: text("event_id").notNull(),
    // The event as it was accepted: JSON text {id, name, data, ts}.
    event: text("event").notNull(),
    status: text("status").$type<RunStatus>().notNull(),
    attempt: integer("attempt").notNull().default(0),
    // How often a process that died, or was thought dead, left it behind.
    take_overs: integer("take_overs").notNull().default(0),
    run_at: instant("run_at").notNull(),
    holder: uuid("holder"),
    lease_until: instant("lease_until"),
    error: text("error"),
    created_at: created_at(),
    ended_at: instant("ended_at"),
  },
  (table) => [
    unique("engine_runs_once").on(table.function_id, table.event_id),
    index("engine_runs_due")
      .on(table.run_at)
      .where(sql`status = 'queued'`),
    index("engine_runs_leased")
      .on(table.lease_until)
      .where(sql`status = 'running'`),
    index("engine_runs_ended")
      .on(table.ended_at)
      .where(sql`ended_at is not null`),
  ],
);
