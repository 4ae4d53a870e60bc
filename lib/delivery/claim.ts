import type { Statements } from "@/db/client";
import type { AttemptTrigger, SealedSecret } from "@/db/schema";
import { clock } from "@/lib/clock";
import { claimWindowMs } from "@/lib/webhooks/test-delivery";

/** More interruptions than this, and the delivery has failed: something about it kills us. */
const mostInterruptions = 10;

export const interruptedMessage = "Interrupted: this service stopped before the result was known.";

/** A delivery whose next attempt is ours to make, with the terms under which it is made. */
export type Claim = {
  delivery_id: string;
  attempt: number;
  trigger: AttemptTrigger;
  steps_used: number;
  /** To the microsecond: which claim this is. */
  claimed_until: string;
  due_at: string;
  event_id: string;
  event_type: string;
  event_at: Date;
  body: string;
  webhook_id: string;
  webhook_name: string;
  url: string;
  secret_token: string;
  previous_secrets: SealedSecret[];
  terms: number;
};

/** What tells one claim of a delivery from every other. */
export type ClaimKey = Pick<Claim, "delivery_id" | "attempt" | "claimed_until">;

export const claimColumns = (sql: Statements) => sql`
  delivery.id as delivery_id, delivery.attempts as attempt, delivery.trigger, delivery.steps_used,
  delivery.claimed_until::text, delivery.next_attempt_at::text as due_at,
  event.id as event_id, event.type as event_type, event.created_at as event_at, event.body,
  webhook.id as webhook_id, webhook.name as webhook_name, webhook.url, webhook.secret_token,
  webhook.previous_secrets, webhook.terms`;

/** What a claim does to its deliveries. */
export const claiming = (sql: Statements, timeoutMs: number) => sql`
  attempts = attempts + 1,
  claimed_until = clock_timestamp() + ${claimWindowMs(timeoutMs)} * interval '1 ms'`;

export type Read = { read_at_ms: number };
export const readAt = (sql: Statements) =>
  sql`extract(epoch from clock_timestamp())::float8 * 1000 as read_at_ms`;

/** An attempt bears the database's time: what a claim says of it corrects a clock that went wrong. */
export function correctClock(claim: Read | undefined, askedAtMs: number): void {
  if (!claim) return;
  const tookMs = performance.now() - askedAtMs;
  clock().correct({ epochMs: claim.read_at_ms, askedAtMs, tookMs });
}

/** Where the last claim ended, so that the index entries of what is done are not walked again. */
export type Cursor = { dueAt: string; id: string };

/**
 * Claims up to `most` due deliveries of a lane, oldest first (or newest first), for its holder and
 * within its lease only: a claim that comes late, out of a server that stood still, takes nothing.
 * Committed to disk when it returns: no POST is made that a crash could forget.
 */
export async function claimDue(
  sql: Statements,
  input: {
    webhookId: string;
    holder: string;
    most: number;
    timeoutMs: number;
    after: Cursor | null;
    newestFirst: boolean;
  },
): Promise<Claim[]> {
  const order = input.newestFirst ? sql`next_attempt_at desc, id desc` : sql`next_attempt_at, id`;
  const after = input.after
    ? sql`and (next_attempt_at, id) > (${input.after.dueAt}::timestamptz, ${input.after.id}::uuid)`
    : sql``;
  const askedAtMs = performance.now();
  const claims = await sql<(Claim & Read)[]>`
    with due as (
      select id from webhook_deliveries
      where subscription_id = ${input.webhookId} and status = 'pending' and claimed_until is null
        and next_attempt_at <= now() ${after}
      order by ${order} limit ${input.most} for update skip locked
    )
    update webhook_deliveries delivery set ${claiming(sql, input.timeoutMs)}
    from due, events event, webhook_subscriptions webhook, webhook_lanes lane
    where delivery.id = due.id and event.id = delivery.event_id
      and webhook.id = ${input.webhookId} and webhook.state = 'active'
      and lane.webhook_id = webhook.id and lane.holder = ${input.holder} and lane.lease_until > now()
    returning ${claimColumns(sql)}, ${readAt(sql)}`;
  correctClock(claims[0], askedAtMs);
  return inOrder(claims);
}

/** The first due first; of those due at one moment, the one that was written first. */
export function inOrder<T extends Pick<Claim, "due_at" | "delivery_id">>(claims: T[]): T[] {
  return claims.toSorted((a, b) => (a.due_at + a.delivery_id < b.due_at + b.delivery_id ? -1 : 1));
}

/** Undoes claims under which no byte was sent: as due as they were, as if never claimed. */
export async function withdrawClaims(sql: Statements, claims: ClaimKey[]): Promise<void> {
  const ids = claims.map((claim) => claim.delivery_id);
  await sql`
    update webhook_deliveries delivery set attempts = attempts - 1, claimed_until = null,
      (status, next_attempt_at) = (
        select case when is_over then 'cancelled' else 'pending' end,
          case when not is_over then delivery.next_attempt_at end
        from webhook_subscriptions where id = delivery.subscription_id)
    from unnest(${ids}::uuid[], ${claims.map((claim) => claim.attempt)}::int[],
      ${claims.map((claim) => claim.claimed_until)}::text[]::timestamptz[]
    ) as claim (delivery_id, attempt, claimed_until)
    where delivery.id = any(${ids}::uuid[]) and delivery.id = claim.delivery_id
      and delivery.attempts = claim.attempt and delivery.claimed_until = claim.claimed_until`;
}

/** The claim of a test delivery, which is born claimed; null when it is settled or its webhook gone. */
export async function loadTestClaim(sql: Statements, deliveryId: string): Promise<Claim | null> {
  const askedAtMs = performance.now();
  const [claim] = await sql<(Claim & Read)[]>`
    select ${claimColumns(sql)}, ${readAt(sql)} from webhook_deliveries delivery
    join events event on event.id = delivery.event_id
    join webhook_subscriptions webhook on webhook.id = delivery.subscription_id
    where delivery.id = ${deliveryId} and delivery.status = 'pending'
      and delivery.claimed_until > clock_timestamp() and webhook.state <> 'deleted'`;
  correctClock(claim, askedAtMs);
  return claim ?? null;
}

/** Whose lost attempts: one lane's, those of all webhooks that are not active, or everyone's. */
type LostOf = { webhookId: string } | "stopped" | "all";

/**
 * Takes over attempts that nobody brings to an end any more: each is written down as interrupted
 * and its delivery is as due as it was, its step of the schedule not used up. They are those whose claim ran out, save
 * deliveries in `ours`, whose results this process still holds; of "all", which only a boot may
 * say that owns the database alone, every one.
 */
export async function interruptClaims(
  sql: Statements,
  { of, timeoutMs, ours }: { of: LostOf; timeoutMs: number; ours: string[] },
): Promise<number> {
  const lost =
    of === "all"
      ? sql`claimed_until is not null`
      : sql`claimed_until <= now() and id <> all(${ours}::uuid[]) and ${
          of === "stopped"
            ? sql`subscription_id in (select id from webhook_subscriptions where state <> 'active')`
            : sql`subscription_id = ${of.webhookId}`
        }`;
  const rows = await sql`
    with lost as (
      select id, attempts, trigger, claimed_until from webhook_deliveries
      where status = 'pending' and next_attempt_at <= now() and ${lost}
      for update skip locked
    ), freed as (
      update webhook_deliveries delivery set claimed_until = null,
        interruptions = interruptions + 1,
        next_attempt_at = case when interruptions + 1 < ${mostInterruptions} then next_attempt_at end,
        status = case when interruptions + 1 < ${mostInterruptions} then 'pending' else 'failed' end,
        error_message = ${interruptedMessage}
      from lost where delivery.id = lost.id
      returning delivery.id
    )
    insert into webhook_attempts
      (delivery_id, number, trigger, outcome, started_at, error_class, error_message)
    select lost.id, lost.attempts, lost.trigger, 'interrupted',
      lost.claimed_until - ${claimWindowMs(timeoutMs)} * interval '1 ms', 'interrupted', ${interruptedMessage}
    from lost join freed on freed.id = lost.id
    on conflict do nothing
    returning delivery_id`;
  return rows.length;
}

/** At boot of the only process family on this database: every old lease and claim is over. */
export async function endAllClaims(sql: Statements, timeoutMs: number): Promise<void> {
  await sql`
    update webhook_lanes set holder = null, lease_until = null, bell_at = null, alarm_at = null
    where holder is not null or bell_at is not null or alarm_at is not null`;
  await interruptClaims(sql, { of: "all", timeoutMs, ours: [] });
}

/**
 * Cancels what still waits for webhooks that are deleted or gone, the first due first: about `most`
 * rows, an equal share for each such webhook, so that none stands still behind another.
 */
export async function cancelOrphans(sql: Statements, most = 5_000): Promise<number> {
  const rows = await sql`
    with over as materialized (
      select webhook.id from webhook_subscriptions webhook cross join lateral (
        select 1 from webhook_deliveries
        where subscription_id = webhook.id and status = 'pending' and claimed_until is null limit 1
      ) waiting
      where is_over
    )
    update webhook_deliveries set status = 'cancelled', next_attempt_at = null
    where id in (
      select waiting.id from over cross join lateral (
        select id from webhook_deliveries
        where subscription_id = over.id and status = 'pending' and claimed_until is null
        order by next_attempt_at, id
        limit ceil(${most}::float8 / (select count(*) from over)) for update skip locked
      ) waiting)
    returning id`;
  return rows.length;
}
