import type { Statements } from "@/db/client";
import {
  claimColumns,
  claiming,
  correctClock,
  inOrder,
  readAt,
  type Claim,
  type Read,
} from "./claim";
import { suspectAfter } from "./slots";

/** How long a lane stays with its holder without a renewal. */
export const leaseMs = 10_000;
export const renewEveryMs = 2_000;

/** A bell older than this did not lead to a drain: it may be rung again. */
const bellPatience = "10 seconds";

type Hold = { webhookId: string; holder: string };

// Times of deliveries are compared with now(): only what stands still within a statement is looked
// up in an index; clock_timestamp() would read every row of the lane that is pending.

// Lane and bell bookkeeping may be lost in a crash, the sweep repairs it: these need not wait for the disk.
const relaxed = (sql: Statements) => sql`set_config('synchronous_commit', 'off', true)`;

export type Taken = {
  isTaken: boolean;
  /** The newest terms of the webhook that this holder's attempts cannot be older than. */
  terms: number;
  hasExpiredClaims: boolean;
  /** Attempts that other runs of this lane still have under way. */
  liveClaims: number;
  timeoutsInRow: number;
  /** Since when it is this holder's, in epoch ms of the database's clock: longer if it had it already. */
  heldSinceMs: number;
  /** What is due, claimed with the lane: its first slots full. */
  claims: Claim[];
  /** In so many ms what is not due yet will be; null: nothing waits. */
  nextDueMs: number | null;
};

type TakenRow = {
  is_taken: boolean;
  terms_seen: number;
  timeouts_in_row: number;
  expired: number;
  live: number;
  held_since_ms: number;
  next_due_ms: number | null;
};

/** Beside a lane of which nothing was claimed there is no claim. */
type ClaimedRow = Claim | { [Column in keyof Claim]: null };

function isClaim<Row extends ClaimedRow>(row: Row): row is Row & Claim {
  return row.delivery_id !== null;
}

/** How many attempts the first claim may begin, and how long each may take; absent: it claims nothing. */
type FirstClaim = { parallelism: number; timeoutMs: number };

const notTaken: Taken = {
  isTaken: false,
  terms: 0,
  hasExpiredClaims: false,
  liveClaims: 0,
  timeoutsInRow: 0,
  heldSinceMs: 0,
  claims: [],
  nextDueMs: null,
};

/**
 * Takes the lane if nobody else holds it, and claims what is due, in one commit to disk. Either way
 * the bell that led here is used up, in the same statement: a holder that is about to release then
 * sees that no bell is out any more.
 *
 * The lock on the webhook makes a change of its terms come before, and be read here, or after, and
 * find this holder, which does not know them yet.
 */
export async function takeLane(
  sql: Statements,
  { webhookId, holder }: Hold,
  { parallelism, timeoutMs }: FirstClaim = { parallelism: 0, timeoutMs: 0 },
): Promise<Taken> {
  const askedAtMs = performance.now();
  const rows = await sql<(TakenRow & ClaimedRow & Read)[]>`
    with ${taking(sql, { webhookId, holder })}, due as (
      select id from webhook_deliveries
      where subscription_id = ${webhookId} and status = 'pending' and claimed_until is null
        and next_attempt_at <= now()
      order by next_attempt_at, id limit (
        select case when not is_taken then 0
          when timeouts_in_row >= ${suspectAfter} then least(1, ${parallelism}::int)
          else greatest(0, ${parallelism}::int - live) end
        from taken) for update skip locked
    ), claimed as (
      update webhook_deliveries delivery set ${claiming(sql, timeoutMs)}
      from due, events event, webhook
      where delivery.id = due.id and event.id = delivery.event_id and webhook.state = 'active'
      returning ${claimColumns(sql)}
    )
    select taken.*, claimed.*, ${readAt(sql)},
      case when claimed.delivery_id is null then ${relaxed(sql)} end as disk
    from taken left join claimed on true`;
  const [lane] = rows;
  if (!lane) return notTaken;
  correctClock(lane, askedAtMs);
  return {
    isTaken: lane.is_taken,
    terms: lane.terms_seen,
    hasExpiredClaims: lane.expired > 0,
    liveClaims: lane.live,
    timeoutsInRow: lane.timeouts_in_row,
    heldSinceMs: lane.held_since_ms,
    claims: inOrder(rows.filter(isClaim)),
    nextDueMs: lane.next_due_ms,
  };
}

/** The lane before, its webhook, and whether it is `taken`; the lane is locked before its webhook. */
const taking = (sql: Statements, { webhookId, holder }: Hold) => sql`
  before as materialized (
      select *, lease_until is null or lease_until <= now() or lane.holder = ${holder} as is_free
      from webhook_lanes lane where webhook_id = ${webhookId} for update
    ), webhook as materialized (
      select webhook.* from webhook_subscriptions webhook
      where id = (select webhook_id from before) for share
    ), taken as (
      update webhook_lanes lane set
        holder = case when is_free then ${holder} else lane.holder end,
        lease_until = case when is_free
          then clock_timestamp() + ${leaseMs} * interval '1 ms' else lane.lease_until end,
        terms_seen = case when is_free then webhook.terms else lane.terms_seen end,
        bell_at = null,
        alarm_at = case when lane.alarm_at > now() + interval '1 second' then lane.alarm_at end
      from before, webhook where lane.webhook_id = before.webhook_id
      returning is_free as is_taken, lane.terms_seen, lane.timeouts_in_row,
        (${claims(sql, webhookId)} and claimed_until <= now()))::int as expired,
        (${claims(sql, webhookId)} and claimed_until > now()))::int as live,
        extract(epoch from case when before.holder = ${holder}
          then before.lease_until - ${leaseMs} * interval '1 ms' else clock_timestamp() end)::float8 * 1000 as held_since_ms,
        (select extract(epoch from next_attempt_at - now())::float8 * 1000 from webhook_deliveries
          where subscription_id = ${webhookId} and status = 'pending' and next_attempt_at > now()
          order by next_attempt_at limit 1) as next_due_ms)`;

const claims = (sql: Statements, webhookId: string) => sql`
  (select count(*) from webhook_deliveries where subscription_id = ${webhookId} and status = 'pending'
    and next_attempt_at <= now() and claimed_until is not null`;

/** How many attempts of this lane are under way, those of the deliveries `ours` left out. */
export async function countForeignClaims(
  sql: Statements,
  webhookId: string,
  ours: string[],
): Promise<number> {
  const [row] = await sql<{ live: number }[]>`
    select (${claims(sql, webhookId)} and claimed_until > now() and id <> all(${ours}::uuid[])))::int as live`;
  return row?.live ?? 0;
}

/** Extends the lease: the webhook's terms, or null when somebody else has the lane by now. */
export async function renewLane(
  sql: Statements,
  { webhookId, holder, timeoutsInRow }: Hold & { timeoutsInRow: number },
): Promise<{ terms: number } | null> {
  const [row] = await sql<{ terms: number }[]>`
    update webhook_lanes lane set
      lease_until = clock_timestamp() + ${leaseMs} * interval '1 ms',
      timeouts_in_row = ${timeoutsInRow}
    where lane.webhook_id = ${webhookId} and lane.holder = ${holder}
    returning (select terms from webhook_subscriptions where id = lane.webhook_id), ${relaxed(sql)}`;
  return row ?? null;
}

export async function releaseLane(
  sql: Statements,
  { webhookId, holder, timeoutsInRow }: Hold & { timeoutsInRow: number },
): Promise<void> {
  await sql`
    update webhook_lanes set holder = null, lease_until = null, timeouts_in_row = ${timeoutsInRow}
    where webhook_id = ${webhookId} and holder = ${holder}
    returning ${relaxed(sql)}`;
}

/**
 * When the lane next has something to do, in milliseconds from now (0: at once), null: never.
 * A claim of an attempt under way counts from the moment it runs out.
 */
export async function nextDueMs(sql: Statements, webhookId: string): Promise<number | null> {
  const [row] = await sql<{ due_ms: number | null }[]>`
    select extract(epoch from least(
      (select next_attempt_at from webhook_deliveries
        where subscription_id = ${webhookId} and status = 'pending' and claimed_until is null
        order by next_attempt_at, id limit 1),
      (select min(claimed_until) from webhook_deliveries
        where subscription_id = ${webhookId} and status = 'pending'
        and next_attempt_at <= now() and claimed_until is not null)
    ) - clock_timestamp())::float8 * 1000 as due_ms
    from webhook_subscriptions where id = ${webhookId} and state = 'active'`;
  if (row?.due_ms === null || row?.due_ms === undefined) return null;
  return Math.max(0, row.due_ms);
}

export type Bell = { webhookId: string; seq: number };

/**
 * Decides for each lane whether it needs a bell now, and notes that it has one. A lane with a live
 * holder needs none: `held` names those, for a hint to their process.
 */
export async function setBells(
  sql: Statements,
  webhookIds: string[],
): Promise<{ bells: Bell[]; held: string[] }> {
  const rows = await sql<{ webhook_id: string; bell_seq: number | null; is_held: boolean }[]>`
    with locked as (
      select lane.webhook_id, coalesce(lane.lease_until > clock_timestamp(), false) as is_held,
        coalesce(lane.bell_at > clock_timestamp() - interval '${sql.unsafe(bellPatience)}', false) as is_rung
      from webhook_lanes lane join webhook_subscriptions webhook on webhook.id = lane.webhook_id
      where lane.webhook_id = any(${webhookIds}::uuid[]) and webhook.state = 'active'
      order by lane.webhook_id for update of lane
    ), rung as (
      update webhook_lanes lane set bell_seq = bell_seq + 1, bell_at = clock_timestamp()
      from locked
      where lane.webhook_id = locked.webhook_id and not locked.is_held and not locked.is_rung
      returning lane.webhook_id, lane.bell_seq, ${relaxed(sql)}
    )
    select locked.webhook_id, rung.bell_seq, locked.is_held
    from locked left join rung on rung.webhook_id = locked.webhook_id`;
  return {
    bells: rows.flatMap((row) =>
      row.bell_seq === null ? [] : [{ webhookId: row.webhook_id, seq: row.bell_seq }],
    ),
    held: rows.filter((row) => row.is_held).map((row) => row.webhook_id),
  };
}

/** Notes an alarm `dueMs` from now, unless one as early is out; `atMs` is in the database's time. */
export async function setAlarm(
  sql: Statements,
  { webhookId, dueMs }: { webhookId: string; dueMs: number },
): Promise<(Bell & { atMs: number }) | null> {
  const [row] = await sql<{ bell_seq: number; at_ms: number }[]>`
    update webhook_lanes set bell_seq = bell_seq + 1,
      alarm_at = clock_timestamp() + ${dueMs} * interval '1 ms'
    where webhook_id = ${webhookId} and (
      alarm_at is null
      or alarm_at > clock_timestamp() + ${dueMs + 1000} * interval '1 ms'
      or alarm_at < clock_timestamp() - interval '${sql.unsafe(bellPatience)}')
    returning bell_seq, extract(epoch from alarm_at)::float8 * 1000 as at_ms, ${relaxed(sql)}`;
  return row ? { webhookId, seq: row.bell_seq, atMs: Math.ceil(row.at_ms) } : null;
}

/** Takes back bells and alarms that could not be sent, so that the next ring tries again. */
export async function clearBells(sql: Statements, webhookIds: string[]): Promise<void> {
  await sql`
    update webhook_lanes set bell_at = null, alarm_at = null
    where webhook_id = any(${webhookIds}::uuid[])`;
}

/** Takes back every bell and alarm that is out: whom they were given to may have forgotten them. */
export async function clearAllBells(sql: Statements): Promise<void> {
  await sql`
    update webhook_lanes set bell_at = null, alarm_at = null
    where webhook_id in (
      select webhook_id from webhook_lanes
      where bell_at is not null or alarm_at is not null
      order by webhook_id for update)`;
}

/** Active lanes with overdue work that nobody holds and no bell is out for. */
export async function overdueLanes(sql: Statements): Promise<string[]> {
  const rows = await sql<{ webhook_id: string }[]>`
    select lane.webhook_id from webhook_lanes lane
    join webhook_subscriptions webhook on webhook.id = lane.webhook_id
    where webhook.state = 'active'
      and (lane.lease_until is null or lane.lease_until <= clock_timestamp())
      and (lane.bell_at is null or lane.bell_at <= clock_timestamp() - interval '${sql.unsafe(bellPatience)}')
      and exists (
        select 1 from webhook_deliveries
        where subscription_id = lane.webhook_id and status = 'pending'
          and next_attempt_at <= now() - interval '1 second'
          and (claimed_until is null or claimed_until <= now()))`;
  return rows.map((row) => row.webhook_id);
}
