import type postgres from "postgres";
import type { Statements } from "@/db/client";
import { sampleEntityIds } from "@/lib/event-types/samples";

type Fragment = postgres.PendingQuery<postgres.Row[]>;

/**
 * Whether the `webhook` of a statement, or a revision of it, is to have this event, a row of it whose
 * body is at hand as `event.document`: it is wanted, and the filter is fulfilled.
 */
export function matchesEvent(sql: Statements, event: Fragment): Fragment {
  return sql`${isWanted(sql, event)}
    and (webhook.filter_plan is null or ${mismatch(sql, event)} is null)`;
}

/**
 * Without the filter: whether the `webhook` names the type, itself or by a wildcard, is not what the
 * event speaks of, and is not spared it as its own doing.
 */
export function isWanted(sql: Statements, event: Fragment): Fragment {
  return sql`${namesType(sql, event)} and webhook.id <> ${event}.entity_id
    and ${isNotOfOwner(sql, event)}`;
}

export function namesType(sql: Statements, event: Fragment): Fragment {
  return sql`webhook.event_types && array[${event}.type, split_part(${event}.type, '.', 1) || '.*', '*']`;
}

/** False: the webhook is spared what the actor, or the key, that made it causes, and this is such. */
export function isNotOfOwner(sql: Statements, event: Fragment): Fragment {
  return sql`case webhook.skip_own
    when 'actor' then webhook.owner_actor is distinct from ${event}.actor
    when 'key' then webhook.owner_key is null or webhook.owner_key is distinct from ${event}.actor_key
    else true end`;
}

/** The pointer of the condition of the filter that keeps the event out; null: none does. */
export function mismatch(sql: Statements, event: Fragment): Fragment {
  return sql`turbo_mismatch(webhook.filter_plan, ${event}.document)`;
}

/** A test was for one webhook alone. */
export function isNoTest(sql: Statements, event: Fragment): Fragment {
  return sql`(${event}.type <> 'webhook.test' and ${event}.entity_id <> all(${sampleEntityIds}::uuid[]))`;
}

/** The events with their documents, which are read only where a filter asks for them. */
export function readableEvents(sql: Statements): Fragment {
  return sql`(select *, coalesce(whole_body, body)::jsonb as document from events)`;
}
