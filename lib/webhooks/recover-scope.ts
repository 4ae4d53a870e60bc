import type postgres from "postgres";
import type { Sql } from "@/db/client";
import type { RecoveryStatus } from "@/db/schema";
import { matchesEvent } from "@/lib/events/matching";
import { sampleEntityIds } from "@/lib/events/samples";
import { leastIdAt } from "@/lib/id";

type Fragment = postgres.PendingQuery<postgres.Row[]>;

/** What a recovery is about. */
export type Scope = { webhook_id: string; status: RecoveryStatus; since: Date; until: Date };

/** Is this `delivery` of the webhook a failed one of that time? A test is tried once. */
export function isFailed(sql: Sql, { webhook_id, since, until }: Scope): Fragment {
  // Ids bear the time they were made at: what is older by far need not be read.
  return sql`delivery.subscription_id = ${webhook_id} and delivery.status = 'failed'
    and delivery.id > ${leastIdAt(since)}
    and delivery.created_at >= ${since} and delivery.created_at < ${until}
    and delivery.trigger <> 'test'`;
}

/** Should the `webhook` have got this `event`, and never did? A test was for one webhook alone. */
export function isMissing(sql: Sql): Fragment {
  // Not "=": on tables not yet analyzed it would read all of the webhook's deliveries for each event.
  return sql`${matchesEvent(sql, sql`event`)}
    and event.type <> 'webhook.test' and event.entity_id <> all(${sampleEntityIds}::uuid[])
    and not exists (
      select 1 from webhook_deliveries delivery
      where delivery.event_id = event.id
        and delivery.subscription_id is not distinct from webhook.id)`;
}

/** How many deliveries, or events, a recovery would begin with. */
export async function countRecoverable(sql: Sql, scope: Scope): Promise<number> {
  const { webhook_id, status, since, until } = scope;
  const [row] =
    status === "failed"
      ? await sql<{ count: number }[]>`
          select count(*)::int from webhook_deliveries delivery where ${isFailed(sql, scope)}`
      : await sql<{ count: number }[]>`
          select count(*)::int from events event
          join webhook_subscriptions webhook on webhook.id = ${webhook_id}
          where event.created_at >= ${since} and event.created_at < ${until} and ${isMissing(sql)}`;
  return row?.count ?? 0;
}
