import { db } from "@/db/client";
import { audit } from "@/lib/delivery/audit";
import { readOldestDueAt } from "@/lib/delivery/backlog";
import { cancelOrphans, interruptClaims } from "@/lib/delivery/claim";
import { judgeFailing } from "@/lib/delivery/failing";
import { overdueLanes } from "@/lib/delivery/lane";
import { clock } from "@/lib/clock";
import { emitDueDates } from "@/lib/entities/emit-due-dates";
import { env } from "@/lib/env";
import { noteBacklog } from "@/lib/events/health-events";
import { reports, emitReport } from "@/lib/events/reports";
import { pruneIdempotencyKeys } from "@/lib/idempotency";
import { log, reasonOf } from "@/lib/log";
import { asSystem } from "./after-commit";
import { ring } from "./bells";
import { ringStalledRecoveries } from "./recovery-bells";
import { deliverer } from "./process";

const mostSteps = 10;
const auditsApartMs = 25_000;
const prunesApartMs = 5_000;
/** What a cron has not told by then, the sweep tells: a server may be a little late. */
const cronLateMs = { embedded: 2_000, server: 60_000 };
const minuteMs = 60_000;
/** How long a lost bell, or whatever else a sweep repairs, may hold a lane up at most. */
const patienceMs = { embedded: 60_000, server: 120_000 };

/*
 * Two clocks drive what nobody asks for, and each is the other's spare. Where a process of ours stays
 * up, its timer sweeps every 5 s and the minutely cron `sweep-lanes` is the spare; elsewhere that cron
 * is all there is. Due dates and reports are told by their crons, and the sweep is the spare: it tells
 * what a cron is late with, as the embedded engine has no memory of ticks that nobody was there for.
 */

/**
 * Rings the lanes whose work is overdue and whom no bell or holder is looking after, whatever
 * crash or lost event left them so; recoveries likewise. Of webhooks that nobody drains it frees
 * lost attempts, and cancels what waits for those that are gone. It judges the webhooks that only fail,
 * tells the due dates and reports that no cron has told, forgets old Idempotency-Keys, and now and
 * then has a look at whether all this is enough.
 */
export async function sweep(): Promise<{ rung: number; cancelled: number }> {
  const { sql } = db();
  const { enabled, timeoutMs } = env().webhook;
  try {
    const lanes = enabled ? await overdueLanes(sql) : [];
    await ring(lanes);
    await ringStalledRecoveries();
    const ours = deliverer().deliveriesUnderWay();
    await interruptClaims(sql, { of: "stopped", timeoutMs, ours });
    const cancelled = await cancelMostOrphans();
    if (enabled) await asSystem("sweep", judgeFailing);
    await emitLate();
    if (await markSweep("pruned_at", prunesApartMs)) await pruneIdempotencyKeys(sql);
    return { rung: lanes.length, cancelled };
  } finally {
    // All the more when something of it fails.
    if (await markSweep("audit_at", auditsApartMs)) {
      await audit(sql, { isEnabled: enabled, patienceMs: patienceMs[env().inngest.engine] });
      if (enabled) await lookForBacklog();
    }
  }
}

/** In steps; whatever is left of very many waits for the next sweep. */
async function cancelMostOrphans(): Promise<number> {
  let all = 0;
  for (let step = 0; step < mostSteps; step++) {
    const cancelled = await cancelOrphans(db().sql);
    if (cancelled === 0) break;
    all += cancelled;
  }
  return all;
}

/** Whatever becomes of one, the others are told and lanes are swept. */
async function emitLate(): Promise<void> {
  const lateMs = cronLateMs[env().inngest.engine];
  const now = clock().now();
  const works = [
    {
      what: "due dates",
      work: async () => {
        if (await markSweep("due_dates_at", minuteMs + lateMs)) await emitDue("sweep");
      },
    },
    ...reports.map((report) => ({
      what: report,
      work: () => asSystem("sweep", (ctx) => emitReport(ctx, { report, now, lateMs })),
    })),
  ];
  for (const { what, work } of works) {
    try {
      await work();
    } catch (error) {
      log.warn("not told by the sweep; it will be tried again", { what, reason: reasonOf(error) });
    }
  }
}

async function emitDue(requestId: string): Promise<number> {
  const today = clock().now().toISOString().slice(0, 10);
  return asSystem(requestId, (ctx) => emitDueDates(ctx, today));
}

/** The cron's turn to tell due dates: the sweep need not. */
export async function emitDueByCron(): Promise<number> {
  await markSweep("due_dates_at", 0);
  return emitDue("emit-due-dates");
}

async function lookForBacklog(): Promise<void> {
  const oldestDueAt = await readOldestDueAt(db().sql);
  await asSystem("sweep", (ctx) => noteBacklog(ctx, { oldestDueAt, now: clock().now() }));
}

type Mark = "timer_sweep_at" | "cron_sweep_at" | "due_dates_at" | "audit_at" | "pruned_at";

/**
 * Notes that a sweep happens now, unless one of its kind did less than `apartMs` ago. One that is
 * yet to come was noted by a clock that has been set back since.
 */
export async function markSweep(mark: Mark, apartMs: number): Promise<boolean> {
  const rows = await db().sql`
    insert into installation (key, value) values (${mark}, clock_timestamp()::text)
    on conflict (key) do update set value = excluded.value
    where installation.value::timestamptz
      not between clock_timestamp() - ${apartMs} * interval '1 ms' and clock_timestamp()
    returning key`;
  return rows.length > 0;
}

/** How long ago the engine's cron last swept, in milliseconds; Infinity: never. */
export async function msSinceCronSweep(): Promise<number> {
  const mark: Mark = "cron_sweep_at";
  const [row] = await db().sql<{ age: number }[]>`
    select extract(epoch from clock_timestamp() - value::timestamptz)::float8 * 1000 as age
    from installation where key = ${mark}`;
  return row?.age ?? Infinity;
}
