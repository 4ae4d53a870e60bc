import type postgres from "postgres";
import type { Statements } from "@/db/client";
import type { RecoveryStatus } from "@/db/schema";
import { readableEvents } from "@/lib/events/matching";
import { log } from "@/lib/log";
import { isFailed, isMissing, type Recoverable } from "@/lib/webhooks/recover-scope";

type Fragment = postgres.PendingQuery<postgres.Row[]>;
/** What is still to do: all behind the cursor. */
type Rest = Recoverable & { cursor: string | null; is_quick: boolean };

/** A step makes due what a lane does in so many rounds of its slots, and never more than so much. */
const rounds = 10;
const mostAStep = 300;
/** It may have more rounds while the lane does those of a step within a second. */
const quickRounds = 30;
/** A step looks at so many events for what is missing among them, so that none takes long. */
const mostExamined = 5_000;
const firstLookMs = 50;
const leastWaitMs = 20;
const slowDown = 1.25;
/** Without a step for so long, a recovery is looked at by the sweep alone. */
const patienceMs = 60_000;
const noId = "00000000-0000-0000-0000-000000000000";

export type RecoveryStep = {
  webhookId: string;
  status: RecoveryStatus;
  /** Deliveries made due by this look; 0: the lane has enough to do, or nothing is left. */
  made: number;
  /** When something was last dealt with, and what time it is, by the database's clock. */
  steppedAtMs: number;
  nowMs: number;
};

/**
 * The next step of a recovery, in one statement: makes a chunk due, moves the cursor behind it and
 * counts it, or nothing of all that. It waits while the lane has more due than two rounds and a half.
 * Null: it is over, or somebody else is at it.
 */
export async function stepRecovery(
  sql: Statements,
  { recoveryId, parallelism }: { recoveryId: string; parallelism: number },
): Promise<RecoveryStep | null> {
  const [rest] = await sql<Rest[]>`
    select webhook_id, scope, since, until, cursor,
      cursor is not null and stepped_at > clock_timestamp() - interval '1 second' as is_quick
    from webhook_recoveries
    where id = ${recoveryId} and status = 'running'`;
  if (!rest) return null;
  const inRounds = (count: number) => Math.min(count * parallelism, mostAStep);
  const most = inRounds(rest.is_quick ? quickRounds : rounds);
  const fewDue = Math.ceil(inRounds(rounds) / 4);
  const [step] = await sql<RecoveryStep[]>`
    with recovery as (
      select recovery.id, not webhook.is_over as is_wanted
      from webhook_recoveries recovery
      join webhook_subscriptions webhook on webhook.id = recovery.webhook_id
      where recovery.id = ${recoveryId} and recovery.status = 'running'
        and recovery.cursor is not distinct from ${rest.cursor}
      for update of recovery skip locked
    ), room as (
      select id from recovery
      where is_wanted and ${countDue(sql, rest.webhook_id, fewDue + 1)} <= ${fewDue}
    ), ${(rest.scope === "failed" ? failedChunk : missingChunk)(sql, rest, most)}, verdict as (
      select case when not recovery.is_wanted then 'cancelled'
        when seen.is_last then 'done' else 'running' end as status
      from recovery left join (select seen.is_last from room, seen) seen on true
    )
    update webhook_recoveries recovery set
      cursor = coalesce(seen.cursor, recovery.cursor),
      recovered = recovery.recovered + (select count(*) from made),
      stepped_at = case when seen.cursor is null then recovery.stepped_at else now() end,
      status = verdict.status,
      finished_at = case when verdict.status <> 'running' then now() end
    from recovery locked, seen, verdict
    where recovery.id = locked.id
    returning recovery.webhook_id as "webhookId", recovery.status,
      (select count(*)::int from made) as made,
      extract(epoch from recovery.stepped_at)::float8 * 1000 as "steppedAtMs",
      extract(epoch from clock_timestamp())::float8 * 1000 as "nowMs"`;
  if (step && step.status !== "running") {
    const fields = { recovery_id: recoveryId, webhook_id: step.webhookId };
    log.info(`webhook recovery ${step.status}`, fields);
  }
  return step ?? null;
}

/** How much of the lane is due and not yet begun; no more than `most` is counted. */
function countDue(sql: Statements, webhookId: string, most: number): Fragment {
  return sql`(
    select count(*) from (
      select 1 from webhook_deliveries delivery
      where delivery.subscription_id = ${webhookId} and delivery.status = 'pending'
        and delivery.claimed_until is null and delivery.next_attempt_at <= now()
      limit ${most}) due)`;
}

/** Failed deliveries behind the cursor, by their ids; on failure they go back on the schedule. */
function failedChunk(sql: Statements, rest: Rest, most: number): Fragment {
  return sql`taken as (
      select delivery.id from room, webhook_deliveries delivery
      where ${isFailed(sql, rest)} and delivery.id > ${rest.cursor ?? noId}
      order by delivery.id limit ${most} for update of delivery
    ), made as (
      update webhook_deliveries delivery set status = 'pending', trigger = 'recover',
        next_attempt_at = now(), interruptions = 0, steps_used = 0
      from taken where delivery.id = taken.id
      returning delivery.id
    ), seen as (
      select (select id from taken order by id desc limit 1) as cursor,
        (select count(*) from taken) < ${most} as is_last
    )`;
}

/**
 * Deliveries for events behind the cursor, by their time, that have none. Whoever writes an event
 * writes its deliveries with it, and a recovery is in one hand at a time: no event gets a second.
 */
function missingChunk(sql: Statements, rest: Rest, most: number): Fragment {
  const { webhook_id, since, until, cursor } = rest;
  return sql`examined as (
      select event.id, event.type, event.created_at, (${isMissing(sql)}) as is_missing
      from room, webhook_subscriptions webhook, ${readableEvents(sql)} event
      where webhook.id = ${webhook_id}
        and event.created_at >= ${since} and event.created_at < ${until}
        and (event.created_at, event.id) > (
          coalesce((select created_at from events where id = ${cursor}), ${since}),
          ${cursor ?? noId}::uuid)
      order by event.created_at, event.id limit ${mostExamined}
    ), taken as (
      select id, type, created_at from examined where is_missing
      order by created_at, id limit ${most}
    ), made as (
      insert into webhook_deliveries
        (id, subscription_id, event_id, event_type, trigger, next_attempt_at)
      select turbo_uuid_v7(), ${webhook_id}, id, type, 'recover', now()
      from taken order by created_at, id
      returning id
    ), seen as (
      select case when (select count(*) from taken) = ${most}
          then (select id from taken order by created_at desc, id desc limit 1)
          else (select id from examined order by created_at desc, id desc limit 1) end as cursor,
        (select count(*) from taken) < ${most}
          and (select count(*) from examined) < ${mostExamined} as is_last
    )`;
}

/**
 * When to look again, in the database's time: soon after a step, then ever less often; null: when
 * the sweep does. Counted from the last step alone, so whoever looks at one time looks next at one.
 */
export function nextLookAt(
  { steppedAtMs, nowMs }: Pick<RecoveryStep, "steppedAtMs" | "nowMs">,
  marginMs: number,
): number | null {
  for (let afterMs = firstLookMs; afterMs <= patienceMs; afterMs *= slowDown) {
    const atMs = Math.ceil(steppedAtMs + afterMs);
    if (atMs >= nowMs + leastWaitMs + marginMs) return atMs;
  }
  return null;
}

/**
 * Recoveries that made no step for `idleMs`: their lane is slow or held, or their bell was lost. A
 * step that is yet to come was made before the clock was set back.
 */
export async function stalledRecoveries(sql: Statements, idleMs: number): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    select id from webhook_recoveries
    where status = 'running'
      and stepped_at not between now() - ${idleMs} * interval '1 ms' and now()`;
  return rows.map(({ id }) => id);
}
