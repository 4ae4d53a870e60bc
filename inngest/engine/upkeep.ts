import type { Sql } from "@/db/client";
import { newId } from "@/lib/id";

const chunk = 1_000;

/**
 * Deletes runs that ended over a day ago, the window in which an event id is known, and answers
 * whether there may be more. A function's last cron tick stays.
 */
export async function pruneRuns(sql: Sql): Promise<boolean> {
  const { count } = await sql`
    delete from engine_runs where id in (
      select id from engine_runs r
      where ended_at < now() - interval '24 hours'
        and (not starts_with(event_id, 'cron:') or exists (
          select from engine_runs later
          where later.function_id = r.function_id and later.event_id > r.event_id
            and starts_with(later.event_id, 'cron:')
        ))
      limit ${chunk}
      for update skip locked
    )`;
  return count === chunk;
}

/** Fails runs that nobody had a function for in a day. */
export async function failStrayRuns(sql: Sql, functionIds: string[]): Promise<void> {
  await sql`
    update engine_runs
    set status = 'failed', ended_at = now(), error = 'no process has this function'
    where id in (
      select id from engine_runs
      where status = 'queued' and run_at < now() - interval '24 hours'
        and not function_id = any(${functionIds}::text[])
      limit ${chunk}
      for update skip locked
    )`;
}

/** The database's clock, epoch ms. */
export async function readClockMs(sql: Sql): Promise<number> {
  const [row] = await sql<{ nowMs: number }[]>`
    select floor(extract(epoch from clock_timestamp()) * 1000)::float8 as "nowMs"`;
  return row?.nowMs ?? Number.NaN;
}

/** The greatest event id of this function that begins with `prefix`, or null. */
export async function readLastTickId(
  sql: Sql,
  functionId: string,
  prefix: string,
): Promise<string | null> {
  const [row] = await sql<{ id: string | null }[]>`
    select max(event_id) as id from engine_runs
    where function_id = ${functionId} and starts_with(event_id, ${prefix})`;
  return row?.id ?? null;
}

/** Writes a tick down as if it had run: where the ticks of a function that is new begin. */
export async function insertFirstTick(
  sql: Sql,
  tick: { functionId: string; eventId: string; event: string },
): Promise<void> {
  await sql`
    insert into engine_runs (id, function_id, event_id, event, status, run_at, ended_at)
    values (${newId()}, ${tick.functionId}, ${tick.eventId}, ${tick.event}, 'completed', now(), now())
    on conflict (function_id, event_id) do nothing`;
}

/** How many runs wait, and for how many ms the oldest of those that are due has been. */
export async function readBacklog(
  sql: Sql,
): Promise<{ queued: number; oldestDueAgeMs: number | null }> {
  const [row] = await sql<{ queued: number; oldestDueAgeMs: number | null }[]>`
    select count(*)::int as queued,
      floor(extract(epoch from now() - min(run_at) filter (where run_at <= now())) * 1000)::float8
        as "oldestDueAgeMs"
    from engine_runs where status = 'queued'`;
  return row ?? { queued: 0, oldestDueAgeMs: null };
}
