import type { Statements } from "@/db/client";
import type { SystemContext } from "@/lib/context";
import { readNote, setNote } from "./installation";
import { commitChange } from "./record";
import { systemEvent } from "./system-event";

export const reports = ["daily_digest", "weekly_report"] as const;
export type Report = (typeof reports)[number];

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** One ends every so often, counted from an end; the first Monday since 1970 was the 5th of January. */
const rhythms: Record<Report, { everyMs: number; fromMs: number }> = {
  daily_digest: { everyMs: dayMs, fromMs: 8 * hourMs },
  weekly_report: { everyMs: 7 * dayMs, fromMs: 4 * dayMs + 8 * hourMs },
};

/** The last 08:00 UTC of a day, or of a Monday, up to `now`. */
export function lastEnd(report: Report, now: Date): Date {
  const { everyMs, fromMs } = rhythms[report];
  return new Date(now.getTime() - ((now.getTime() - fromMs) % everyMs));
}

/**
 * Tells a report if its time has come and passed by at least `lateMs`, and answers whether it did:
 * of all that has happened since the last one, each time once, whoever else does so at the same
 * time. An installation that has told none begins with what happens from `now` on.
 */
export async function emitReport(
  ctx: SystemContext,
  { report, now, lateMs = 0 }: { report: Report; now: Date; lateMs?: number },
): Promise<boolean> {
  const { sql } = ctx.db;
  const before = await readNote(sql, report);
  const since = before === null ? null : new Date(before);
  // One that is yet to come was set by a clock that has been set back since.
  if (!since || since > now) {
    await setNote(sql, { key: report, before, value: now.toISOString() });
    return false;
  }
  const until = lastEnd(report, new Date(now.getTime() - lateMs));
  if (until <= since) return false;
  const more = {
    since: since.toISOString(),
    until: until.toISOString(),
    events: await countEvents(sql, { since, until }),
    ...(await countIssues(sql, now)),
  };
  return commitChange(ctx, {
    sql,
    writes: [setNote(sql, { key: report, before, value: more.until })],
    expected: 1,
    events: [await systemEvent(sql, { action: report, more, at: now })],
  });
}

/**
 * How many events of each type there were; hour by hour, so that no statement takes long. One that
 * bears a time before `until` and is committed only after this is in no report.
 */
async function countEvents(
  sql: Statements,
  { since, until }: { since: Date; until: Date },
): Promise<Record<string, number>> {
  const counts = new Map<string, number>();
  for (let from = since; from < until; from = new Date(from.getTime() + hourMs)) {
    const to = new Date(Math.min(from.getTime() + hourMs, until.getTime()));
    const rows = await sql<{ type: string; count: number }[]>`
      select type, count(*)::int from events
      where created_at >= ${from} and created_at < ${to} group by type`;
    for (const { type, count } of rows) counts.set(type, (counts.get(type) ?? 0) + count);
  }
  return Object.fromEntries([...counts].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

async function countIssues(
  sql: Statements,
  now: Date,
): Promise<{ open_issues: number; overdue_issues: number }> {
  const today = now.toISOString().slice(0, 10);
  const [row] = await sql<{ open_issues: number; overdue_issues: number }[]>`
    select count(*)::int as open_issues,
      (count(*) filter (where due_date < ${today}))::int as overdue_issues
    from issues where status <> 'closed'`;
  return row ?? { open_issues: 0, overdue_issues: 0 };
}
