import { db } from "@/db/client";
import { cancelOrphans, interruptClaims } from "@/lib/delivery/claim";
import { overdueLanes } from "@/lib/delivery/lane";
import { env } from "@/lib/env";
import { deliverer } from "./deliverer";
import { ring } from "./post-office";

/**
 * Rings the lanes whose work is overdue and whom no bell or holder is looking after, whatever
 * crash or lost event left them so. Of webhooks that nobody drains it frees lost attempts, and
 * cancels what waits for those that are gone.
 */
export async function sweep(): Promise<{ rung: number; cancelled: number }> {
  const { sql } = db();
  const { enabled, timeoutMs } = env().webhook;
  const lanes = enabled ? await overdueLanes(sql) : [];
  await ring(lanes);
  await interruptClaims(sql, { of: "stopped", timeoutMs, ours: deliverer().deliveriesUnderWay() });
  return { rung: lanes.length, cancelled: await cancelOrphans(sql) };
}

type Mark = "timer_sweep_at" | "cron_sweep_at";

/** Notes that a sweep happens now, unless one of its kind did less than `apartMs` ago. */
export async function markSweep(mark: Mark, apartMs: number): Promise<boolean> {
  const rows = await db().sql`
    insert into installation (key, value) values (${mark}, clock_timestamp()::text)
    on conflict (key) do update set value = excluded.value
    where installation.value::timestamptz <= clock_timestamp() - ${apartMs} * interval '1 ms'
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
