import type { Statements } from "@/db/client";

/**
 * Since when the oldest delivery that is due waits to be begun; null: none does. Those of a receiver
 * that fails, or hangs, wait for it and not for us.
 */
export async function readOldestDueAt(sql: Statements): Promise<Date | null> {
  const [row] = await sql<{ at: Date | null }[]>`
    select min(first.next_attempt_at) as at
    from webhook_subscriptions webhook
    join webhook_lanes lane on lane.webhook_id = webhook.id
    cross join lateral (
      select next_attempt_at from webhook_deliveries
      where subscription_id = webhook.id and status = 'pending' and next_attempt_at <= now()
        and claimed_until is null
      order by next_attempt_at, id limit 1) first
    where webhook.state = 'active' and lane.failures_in_row = 0`;
  return row?.at ?? null;
}

/** When each active lane that has work next has something to begin, in milliseconds from now. */
export async function readNextDue(
  sql: Statements,
): Promise<{ webhookId: string; dueMs: number }[]> {
  return sql<{ webhookId: string; dueMs: number }[]>`
    select webhook.id as "webhookId",
      extract(epoch from first.next_attempt_at - clock_timestamp())::float8 * 1000 as "dueMs"
    from webhook_subscriptions webhook
    cross join lateral (
      select next_attempt_at from webhook_deliveries
      where subscription_id = webhook.id and status = 'pending' and claimed_until is null
      order by next_attempt_at, id limit 1) first
    where webhook.state = 'active'`;
}
