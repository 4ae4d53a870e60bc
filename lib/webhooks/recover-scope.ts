import type postgres from "postgres";
import type { Statements } from "@/db/client";
import type { RecoveryScope } from "@/db/schema";
import { isNoTest, matchesEvent, readableEvents } from "@/lib/events/matching";
import { leastIdAt } from "@/lib/id";
import { leastChunk, nextChunk } from "./chunk-size";

type Fragment = postgres.PendingQuery<postgres.Row[]>;

/** What a recovery is about. */
export type Recoverable = { webhook_id: string; scope: RecoveryScope; since: Date; until: Date };

/** Is this `delivery` of the webhook a failed one of that time? A test is tried once. */
export function isFailed(sql: Statements, { webhook_id, since, until }: Recoverable): Fragment {
  // Ids bear the time they were made at: what is older by far need not be read.
  return sql`delivery.subscription_id = ${webhook_id} and delivery.status = 'failed'
    and delivery.id > ${leastIdAt(since)}
    and delivery.created_at >= ${since} and delivery.created_at < ${until}
    and delivery.trigger <> 'test'`;
}

/** Should the `webhook` have got this `event`, and never did? */
export function isMissing(sql: Statements): Fragment {
  // Not "=": on tables not yet analyzed it would read all of the webhook's deliveries for each event.
  return sql`${matchesEvent(sql, sql`event`)}
    and ${isNoTest(sql, sql`event`)}
    and not exists (
      select 1 from webhook_deliveries delivery
      where delivery.event_id = event.id
        and delivery.subscription_id is not distinct from webhook.id)`;
}

/** How many deliveries, or events, a recovery would begin with. */
export async function countRecoverable(sql: Statements, asked: Recoverable): Promise<number> {
  if (asked.scope === "missing") return countMissing(sql, asked);
  const [row] = await sql<{ count: number }[]>`
    select count(*)::int from webhook_deliveries delivery where ${isFailed(sql, asked)}`;
  return row?.count ?? 0;
}

type Chunk = { size: number; missing: number; last: string | null };

/** In chunks: to read many events for a filter takes longer than a statement may. */
async function countMissing(
  sql: Statements,
  { webhook_id, since, until }: Recoverable,
): Promise<number> {
  let count = 0;
  let last: string | null = null;
  for (let limit = leastChunk; ;) {
    const startedAtMs = performance.now();
    const behind: Fragment = last
      ? sql`and (event.created_at, event.id) > (
          (select created_at from events where id = ${last}), ${last}::uuid)`
      : sql``;
    const [chunk]: Chunk[] = await sql<Chunk[]>`
      with examined as materialized (
        select event.id, event.created_at, (${isMissing(sql)}) as is_missing
        from webhook_subscriptions webhook, ${readableEvents(sql)} event
        where webhook.id = ${webhook_id}
          and event.created_at >= ${since} and event.created_at < ${until} ${behind}
        order by event.created_at, event.id limit ${limit}
      )
      select count(*)::int as size, (count(*) filter (where is_missing))::int as missing,
        (select id from examined order by created_at desc, id desc limit 1) as last
      from examined`;
    count += chunk?.missing ?? 0;
    if (!chunk || chunk.size < limit) return count;
    last = chunk.last;
    limit = nextChunk(limit, performance.now() - startedAtMs);
  }
}
