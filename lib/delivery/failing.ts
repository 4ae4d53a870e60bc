import { eq } from "drizzle-orm";
import type { Statements } from "@/db/client";
import { webhook_subscriptions } from "@/db/schema";
import { clock } from "@/lib/clock";
import { systemActor, type SystemContext } from "@/lib/context";
import { commitChange } from "@/lib/events/record";
import { log } from "@/lib/log";
import { failingRule, type Streak } from "@/lib/webhooks/failing-rule";
import { selectWebhooks, type WebhookRow } from "@/lib/webhooks/show";
import { webhookEvent } from "@/lib/webhooks/webhook-event";

/**
 * Disables webhooks that have brought nothing but failures for too long, and tells of those that
 * are half way there, once for each streak. Several processes that decide at once decide once; a
 * success that is written down before the decision has ended the streak.
 */
export async function judgeFailing(ctx: SystemContext): Promise<void> {
  for (const { webhook_id, is_whole } of await findFailing(ctx.db.sql)) {
    const [before] = await selectWebhooks(ctx.db.orm).where(
      eq(webhook_subscriptions.id, webhook_id),
    );
    const action = is_whole ? "disabled" : "failing";
    if (before && (await (is_whole ? disable : tell)(ctx, before))) report(before, action);
  }
}

function findFailing(sql: Statements): Promise<{ webhook_id: string; is_whole: boolean }[]> {
  return sql`
    select failing.* from webhook_subscriptions webhook
    join lateral (
      select webhook_id, failing_told_at, (${isStreak(sql, failingRule.disable)}) as is_whole,
        (${isStreak(sql, failingRule.tell)}) as is_half_way
      from webhook_lanes lane where lane.webhook_id = webhook.id and failing_since is not null
    ) failing on is_whole or (is_half_way and failing_told_at is null)
    where webhook.state = 'active'`;
}

/**
 * Has the `lane` failed so long and so often, and does it still? It does if something waits for its
 * next try, or if what was made so late has failed for good; what waits because nobody was there to
 * try it is no sign of that.
 */
const isStreak = (sql: Statements, { afterMs, failures }: Streak) => sql`
  lane.failing_since <= now() - ${afterMs} * interval '1 ms' and lane.failures_in_row >= ${failures}
  and (
    exists (
      select 1 from webhook_deliveries
      where subscription_id = lane.webhook_id and status = 'pending' and attempts > 0
        and next_attempt_at > now())
    or coalesce(lane.failing_since + ${afterMs} * interval '1 ms' <= (
      select created_at from webhook_deliveries
      where subscription_id = lane.webhook_id and status = 'failed' and trigger <> 'test'
      order by id desc limit 1), false))`;

/** Asked again in the statement that acts on it, with the lane locked. */
const lockedStreak = (sql: Statements, { id }: WebhookRow, streak: Streak) => sql`
  select webhook_id, failing_told_at from webhook_lanes lane
  where webhook_id = ${id} and ${isStreak(sql, streak)} for update`;

/** False: it is not so any more. */
function disable(ctx: SystemContext, before: WebhookRow): Promise<boolean> {
  const { sql } = ctx.db;
  const at = clock().now();
  const changes = {
    state: "disabled",
    disabled_reason: "failing",
    disabled_at: at,
    updated_at: at,
  } as const;
  const write = sql`
    update webhook_subscriptions webhook set ${sql(changes)}, terms = terms + 1
    from (${lockedStreak(sql, before, failingRule.disable)}) lane
    where webhook.id = lane.webhook_id and state = 'active' and terms = ${before.terms}
    returning webhook.id`;
  const events = [webhookEvent("disabled", { before, changes, actor: systemActor, at })];
  return commitChange(ctx, { sql, writes: [write], expected: 1, events });
}

/** False: it is not so any more, or somebody else has told of it. */
function tell(ctx: SystemContext, before: WebhookRow): Promise<boolean> {
  const { sql } = ctx.db;
  const at = clock().now();
  const writes = [
    sql`
      update webhook_subscriptions webhook set terms = terms + 1
      from (${lockedStreak(sql, before, failingRule.tell)}) lane
      where webhook.id = lane.webhook_id and failing_told_at is null
        and state = 'active' and terms = ${before.terms}
      returning webhook.id`,
    sql`
      update webhook_lanes lane set failing_told_at = ${at}
      from write_0 where lane.webhook_id = write_0.id
      returning lane.webhook_id`,
  ];
  const events = [webhookEvent("failing", { before, changes: {}, actor: systemActor, at })];
  return commitChange(ctx, { sql, writes, expected: writes.length, events });
}

function report(
  { id, name, failing_since, failures_in_row }: WebhookRow,
  action: "failing" | "disabled",
): void {
  const since = failing_since?.toISOString();
  log.warn(`webhook "${name}" ${action}: ${failures_in_row} failures in a row since ${since}`, {
    webhook_id: id,
  });
}
