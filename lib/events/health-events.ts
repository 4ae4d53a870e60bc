import type { SystemContext } from "@/lib/context";
import { readNote, setNote } from "./installation";
import { commitChange } from "./record";
import { systemEvent } from "./system-event";

/** When this service calls itself unhealthy. */
export const healthRule = {
  /** The database could not be reached for at least so long. */
  databaseAwayMs: 5_000,
  /** Outages that ended within so long of each other are told as one. */
  outagesApartMs: 60_000,
  /** The oldest due delivery waits for longer than this, and so one does so much later still. */
  backlogMs: 5 * 60_000,
  backlogSeenMs: 60_000,
  /** It is the same backlog until the oldest waits for less than this. */
  backlogOverMs: 60_000,
} as const;

const action = "health_check_failed";

/**
 * Tells that the database was away and is back; answers whether it did: of several processes that
 * have seen the same outage one does.
 */
export async function emitDatabaseAway(
  ctx: SystemContext,
  { since, until }: { since: Date; until: Date },
): Promise<boolean> {
  const { sql } = ctx.db;
  const { outagesApartMs } = healthRule;
  const sameFrom = new Date(Math.min(since.getTime(), until.getTime() - outagesApartMs));
  const sameUntil = new Date(until.getTime() + outagesApartMs);
  const mark = sql`
    insert into installation (key, value) values ('database_away', ${until.toISOString()})
    on conflict (key) do update set value = excluded.value
    where installation.value::timestamptz not between ${sameFrom} and ${sameUntil}
    returning key`;
  const more = {
    reason: "database_away",
    since: since.toISOString(),
    until: until.toISOString(),
    detail: `The database could not be reached for ${seconds(since, until)} s.`,
  };
  const events = [await systemEvent(sql, { action, more, at: until })];
  return commitChange(ctx, { sql, writes: [mark], expected: 1, events });
}

const backlogKey = "backlog";

/** A backlog: when it was first seen to be old, and whether it was told. */
type Backlog = { seen_at: string; is_told: boolean };

/**
 * Takes note of since when the oldest due delivery waits (null: none does). Tells of a backlog once,
 * when it is old a while after it was first seen to be: what was held before, or became due while
 * nobody ran, is worked off by then. Answers whether it told.
 */
export async function noteBacklog(
  ctx: SystemContext,
  { oldestDueAt, now }: { oldestDueAt: Date | null; now: Date },
): Promise<boolean> {
  const { sql } = ctx.db;
  const { backlogMs, backlogSeenMs, backlogOverMs } = healthRule;
  const before = await readNote(sql, backlogKey);
  const mark = (value: Backlog) =>
    setNote(sql, { key: backlogKey, before, value: JSON.stringify(value) });
  const ageMs = oldestDueAt ? now.getTime() - oldestDueAt.getTime() : 0;
  if (!oldestDueAt || ageMs < backlogOverMs) {
    if (before) await sql`delete from installation where key = ${backlogKey}`;
    return false;
  }
  if (ageMs <= backlogMs) return false;
  const seen: Backlog = before
    ? JSON.parse(before)
    : { seen_at: now.toISOString(), is_told: false };
  if (!before) await mark(seen);
  if (seen.is_told || now.getTime() - Date.parse(seen.seen_at) < backlogSeenMs) return false;
  const more = {
    reason: "backlog",
    since: oldestDueAt.toISOString(),
    until: null,
    detail: `The oldest due delivery waits for ${seconds(oldestDueAt, now)} s.`,
  };
  return commitChange(ctx, {
    sql,
    writes: [mark({ ...seen, is_told: true })],
    expected: 1,
    events: [await systemEvent(sql, { action, more, at: now })],
  });
}

function seconds(from: Date, to: Date): number {
  return Math.round((to.getTime() - from.getTime()) / 1_000);
}
