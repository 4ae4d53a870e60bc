import type postgres from "postgres";
import type { Statements } from "@/db/client";

type Fragment = postgres.PendingQuery<postgres.Row[]>;

/**
 * Whether the `webhook` of a statement is to have this event, a row of it: it names the type, itself
 * or by a wildcard, and is not what the event speaks of.
 */
export function matchesEvent(sql: Statements, event: Fragment): Fragment {
  return sql`
    webhook.event_types && array[${event}.type, split_part(${event}.type, '.', 1) || '.*', '*']
    and webhook.id <> ${event}.entity_id`;
}
