import type postgres from "postgres";
import type { Statements } from "@/db/client";
import type { SystemContext } from "@/lib/context";
import { log } from "@/lib/log";
import type { EventRow } from "./envelope";
import { insertEvents } from "./insert-events";
import { isWanted } from "./matching";

type Fragment = postgres.PendingQuery<postgres.Row[]>;
type Emitted = { event_id: string; webhook_ids: string[] };

/**
 * Commits a change together with its events and one delivery for each webhook that wants one:
 * a single statement, so either all of it happened or none. `writes` are statements that return
 * one row for each row they wrote; unless they return `expected` rows in all, nothing is recorded.
 * They are `write_0`, `write_1`, …: one that must not happen without another builds on its rows.
 * Returns whether they did, so that a caller who lost a race can read again.
 */
export async function commitChange(
  ctx: SystemContext,
  {
    sql,
    writes,
    expected,
    events,
  }: { sql: Statements; writes: Fragment[]; expected: number; events: EventRow[] },
): Promise<boolean> {
  const steps = writes.map((write, index) => sql`${sql(`write_${index}`)} as (${write})`);
  const counts = writes.map((_, index) => sql`(select count(*) from ${sql(`write_${index}`)})`);
  const [row] = await sql<{ written: number; emitted: Emitted[] }[]>`
    with ${join(sql, steps, sql`, `)},
    written as (select (${join(sql, counts, sql` + `)})::int as rows),
    ${insertEvents(sql, events, sql`(select rows from written) = ${expected}`)},
    ${insertDeliveries(sql)}
    select (select rows from written) as written, ${emittedSummary(sql)} as emitted`;
  if (row?.written !== expected) return false;
  announce(ctx, events, row.emitted);
  return true;
}

/**
 * Records events of what has been written before in the same transaction, or of what is no row of
 * ours, each with its deliveries, in one statement.
 */
export async function recordEvents(
  ctx: SystemContext,
  { sql, events }: { sql: Statements; events: EventRow[] },
): Promise<void> {
  const [row] = await sql<{ emitted: Emitted[] }[]>`
    with ${insertEvents(sql, events, sql`true`)},
    ${insertDeliveries(sql)}
    select ${emittedSummary(sql)} as emitted`;
  announce(ctx, events, row?.emitted ?? []);
}

/**
 * A paused or failing webhook gets its deliveries too: they are held until it goes on. What filters
 * look at is read only for those that name the type, and once for all of them.
 */
function insertDeliveries(sql: Statements): Fragment {
  const event = sql`recorded`;
  return sql`wanted as materialized (
    select recorded.id, recorded.type, webhook.id as webhook_id, webhook.filter_plan
    from recorded join webhook_subscriptions webhook
      on ${isWanted(sql, event)}
      and not webhook.is_over
  ), readable as materialized (
    select id, text::jsonb as document from recorded
    where id in (select id from wanted where filter_plan is not null)
  ), delivered as (
    insert into webhook_deliveries (id, subscription_id, event_id, event_type, next_attempt_at)
    select turbo_uuid_v7(), webhook_id, id, type, clock_timestamp()
    from wanted left join readable using (id)
    where filter_plan is null or turbo_mismatch(filter_plan, document) is null
    returning event_id, subscription_id)`;
}

function emittedSummary(sql: Statements): Fragment {
  return sql`coalesce((
    select jsonb_agg(jsonb_build_object('event_id', event_id, 'webhook_ids', webhook_ids))
    from (select event_id, jsonb_agg(subscription_id) as webhook_ids from delivered group by event_id) each
  ), '[]')`;
}

function join(sql: Statements, parts: Fragment[], separator: Fragment): Fragment {
  return parts.reduce((all, part) => sql`${all}${separator}${part}`);
}

function announce(ctx: SystemContext, events: EventRow[], emitted: Emitted[]): void {
  const webhooksOf = new Map(emitted.map((entry) => [entry.event_id, entry.webhook_ids]));
  for (const event of events) {
    const count = webhooksOf.get(event.id)?.length ?? 0;
    log.info(
      `emitted ${event.type} for ${event.entity_type}:${event.entity_id} to ${count} webhooks`,
      {
        request_id: ctx.requestId,
        event_id: event.id,
      },
    );
  }
  const touched = new Set(emitted.flatMap((entry) => entry.webhook_ids));
  if (touched.size > 0) ctx.afterCommit.ring([...touched].toSorted());
}
