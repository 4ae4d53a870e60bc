import type { Statements } from "@/db/client";
import { log } from "@/lib/log";

/**
 * What may be wrong with a lane:
 * - `unattended`: something is due, nobody holds the lane, and no bell has led to that;
 * - `lost_claim`: an attempt is over, or ends when none can, and nobody has taken it over;
 * - `orphaned`: something waits for a webhook that is deleted or gone.
 * That a delivery has ended or is scheduled needs no look: constraints of its table hold it.
 */
const kinds = ["unattended", "lost_claim", "orphaned"] as const;
type Kind = (typeof kinds)[number];

/** How many lanes should have moved by now and have not, in all and by kind. */
export type Audit = { checked_at: string; mismatches: number; kinds: Record<Kind, number> };

/** What looks wrong with a lane: `mark` is the delivery it shows by, and its attempt. */
type Finding = { kind: Kind; webhook_id: string; mark: string };
type Known = Finding & { since: string; is_mismatch: boolean };
type Look<Found> = { checked_at: string; findings: Found[] };

/**
 * Looks for lanes that stand still. Any lane may look so for a moment, so a mismatch is what every
 * look for `patienceMs` has found exactly so. Cheap however much is stored: of each lane it reads
 * the first entries of the index of what is pending.
 */
export async function audit(
  sql: Statements,
  { isEnabled, patienceMs }: { isEnabled: boolean; patienceMs: number },
): Promise<Audit> {
  const { checked_at, findings } = await look(sql, isEnabled);
  const before = await readLook(sql);
  const ageMs = (at: string) => Date.parse(checked_at) - Date.parse(at);
  // After a longer pause, of this service or of the database, nobody knows what was so meanwhile.
  const pauseMs = before ? ageMs(before.checked_at) : Infinity;
  const known = before && pauseMs >= 0 && pauseMs < 2 * patienceMs ? before.findings : [];
  const found = findings.map((finding): Known => {
    const since = known.find((one) => isSame(one, finding))?.since ?? checked_at;
    return { ...finding, since, is_mismatch: ageMs(since) >= patienceMs };
  });
  const news = found.filter(
    (one) => one.is_mismatch && !known.some((old) => old.is_mismatch && isSame(old, one)),
  );
  if (news.length > 0) report(news);
  const seen = { checked_at, findings: found };
  await sql`
    insert into installation (key, value) values ('audit', ${JSON.stringify(seen)})
    on conflict (key) do update set value = excluded.value`;
  return summarize(seen);
}

/** What the last audit found; null: there was none yet. */
export async function readAudit(sql: Statements): Promise<Audit | null> {
  const seen = await readLook(sql);
  return seen && summarize(seen);
}

async function readLook(sql: Statements): Promise<Look<Known> | null> {
  const [row] = await sql<{ value: string }[]>`
    select value from installation where key = 'audit'`;
  return row ? JSON.parse(row.value) : null;
}

function summarize({ checked_at, findings }: Look<Known>): Audit {
  const wrong = findings.filter((one) => one.is_mismatch);
  const count = (kind: Kind) => wrong.filter((one) => one.kind === kind).length;
  return {
    checked_at,
    mismatches: wrong.length,
    kinds: {
      unattended: count("unattended"),
      lost_claim: count("lost_claim"),
      orphaned: count("orphaned"),
    },
  };
}

function isSame(a: Finding, b: Finding): boolean {
  return a.kind === b.kind && a.webhook_id === b.webhook_id && a.mark === b.mark;
}

const mostNamed = 20;

function report(news: Finding[]): void {
  for (const kind of kinds) {
    const lanes = news.filter((one) => one.kind === kind).map((one) => one.webhook_id);
    if (lanes.length === 0) continue;
    const named = lanes.slice(0, mostNamed).join(" ");
    log.error(`webhook lanes stand still: ${kind}`, { count: lanes.length, lanes: named });
  }
}

async function look(sql: Statements, isEnabled: boolean): Promise<Look<Finding>> {
  const [row] = await sql<{ checked_at: Date; findings: Finding[] }[]>`
    with webhook as (
      select webhook.id, state, is_over,
        coalesce(lease_until > clock_timestamp(), false) as is_held
      from webhook_subscriptions webhook left join webhook_lanes on webhook_id = webhook.id
    ), found as (
      select 'unattended' as kind, webhook.id as webhook_id, first.mark
      from webhook cross join lateral (
        select ${mark(sql)} from webhook_deliveries
        where subscription_id = webhook.id and status = 'pending' and next_attempt_at <= now()
          and claimed_until is null
        order by next_attempt_at, id limit 1) first
      where ${isEnabled} and state = 'active' and not is_held
      union all
      select 'lost_claim', webhook.id, lost.mark
      from webhook cross join lateral (
        select mark from (
          select ${mark(sql)}, claimed_until from webhook_deliveries
          where subscription_id = webhook.id and status = 'pending' and next_attempt_at <= now()
          order by next_attempt_at, id limit ${claimsLookedAt}) front
        where claimed_until not between now() and now() + ${longestClaim}::interval
        limit 1) lost
      union all
      select 'orphaned', webhook.id, first.mark
      from webhook cross join lateral (
        select ${mark(sql)} from webhook_deliveries
        where subscription_id = webhook.id and status = 'pending' and claimed_until is null
        order by next_attempt_at, id limit 1) first
      where is_over
    )
    select now() as checked_at, coalesce(jsonb_agg(found), '[]') as findings from found`;
  if (!row) throw new Error("An aggregate without a row.");
  return { checked_at: row.checked_at.toISOString(), findings: row.findings };
}

const mark = (sql: Statements) => sql`id || ':' || attempts as mark`;

/** Attempts are claimed from the front of a lane, so those that were lost lie there. */
const claimsLookedAt = 1_000;
/** No attempt lasts longer, whatever its time-out. */
const longestClaim = "10 minutes";
