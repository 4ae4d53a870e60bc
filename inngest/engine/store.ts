import type { Sql } from "@/db/client";

/** A run to insert; `notBeforeMs` is epoch ms, null is at once. */
export type NewRun = {
  id: string;
  functionId: string;
  eventId: string;
  event: string;
  notBeforeMs: number | null;
};

/** A run that is this process's to call, until its lease ends. */
export type HeldRun = {
  id: string;
  functionId: string;
  event: string;
  attempt: number;
  /** Made anew for each claim, so that a result is written only by the claim it came from. */
  holder: string;
};

/** What became of one attempt; a retry is due after `delayMs` or at `atMs`, never past a day. */
export type Ending = {
  run: HeldRun;
  status: "completed" | "failed" | "queued";
  error: string | null;
  delayMs: number | null;
  atMs: number | null;
};

type Lease = { holder: string; leaseMs: number };

/**
 * Inserts runs that are not there yet, in one commit. The first `free` of those that are due begin
 * as running under this lease. Answers what was inserted; `waitMs` is the time until it is due.
 */
export async function insertRuns(
  sql: Sql,
  runs: NewRun[],
  { free, holder, leaseMs }: Lease & { free: number },
): Promise<{ id: string; status: "queued" | "running"; waitMs: number }[]> {
  return await sql<{ id: string; status: "queued" | "running"; waitMs: number }[]>`
    with asked as (
      select id, function_id, event_id, event, position,
        greatest(now(), timestamptz 'epoch' + not_before_ms * interval '1 millisecond') as run_at
      from unnest(
        ${runs.map((run) => run.id)}::uuid[],
        ${runs.map((run) => run.functionId)}::text[],
        ${runs.map((run) => run.eventId)}::text[],
        ${runs.map((run) => run.event)}::text[],
        ${runs.map((run) => run.notBeforeMs)}::float8[]
      ) with ordinality as given(id, function_id, event_id, event, not_before_ms, position)
    ), planned as (
      select *, run_at <= now()
        and row_number() over (order by run_at <= now() desc, position) <= ${free}::int8 as begins
      from asked
    )
    insert into engine_runs
      (id, function_id, event_id, event, status, run_at, holder, lease_until)
    select id, function_id, event_id, event, case when begins then 'running' else 'queued' end, run_at,
      case when begins then ${holder}::uuid end,
      case when begins then now() + ${leaseMs}::float8 * interval '1 millisecond' end
    from planned
    order by function_id, event_id, position -- one order for all writers: no deadlocks
    on conflict (function_id, event_id) do nothing
    returning id, status,
      ceil(extract(epoch from run_at - clock_timestamp()) * 1000)::float8 as "waitMs"`;
}

/** Takes up to `limit` due runs of these functions, the longest due first. */
export async function claimRuns(
  sql: Sql,
  functionIds: string[],
  { limit, holder, leaseMs }: Lease & { limit: number },
): Promise<HeldRun[]> {
  return await sql<HeldRun[]>`
    with due as (
      select id from engine_runs
      where status = 'queued' and run_at <= now() and function_id = any(${functionIds}::text[])
      order by run_at
      limit ${limit}
      for update skip locked
    )
    update engine_runs r set status = 'running', holder = ${holder},
      lease_until = now() + ${leaseMs}::float8 * interval '1 millisecond'
    from due
    where r.id = due.id
    returning r.id, r.function_id as "functionId", r.event, r.attempt, r.holder`;
}

/** ms until the next run of these functions is due and until the next lease of anybody ends. */
export async function readHorizon(
  sql: Sql,
  functionIds: string[],
): Promise<{ dueMs: number | null; leaseMs: number | null }> {
  const [row] = await sql<{ dueMs: number | null; leaseMs: number | null }[]>`
    select
      ceil(extract(epoch from (
        select min(run_at) from engine_runs
        where status = 'queued' and function_id = any(${functionIds}::text[])
      ) - clock_timestamp()) * 1000)::float8 as "dueMs",
      ceil(extract(epoch from (
        select min(lease_until) from engine_runs where status = 'running'
      ) - clock_timestamp()) * 1000)::float8 as "leaseMs"`;
  return row ?? { dueMs: null, leaseMs: null };
}

/**
 * Writes endings, each only if its run is still held by the claim it came from.
 * Answers the ms until the first of the runs to try again is due, or null.
 */
export async function settleRuns(sql: Sql, endings: Ending[]): Promise<number | null> {
  const [row] = await sql<{ waitMs: number | null }[]>`
    with ending as (
      select r.id, given.status, given.error, greatest(now(), least(
        now() + interval '24 hours',
        now() + given.delay_ms * interval '1 millisecond',
        timestamptz 'epoch' + given.at_ms * interval '1 millisecond'
      )) as run_at
      from unnest(
        ${endings.map(({ run }) => run.id)}::uuid[],
        ${endings.map(({ run }) => run.holder)}::uuid[],
        ${endings.map(({ status }) => status)}::text[],
        ${endings.map(({ error }) => error)}::text[],
        ${endings.map(({ delayMs }) => delayMs)}::float8[],
        ${endings.map(({ atMs }) => atMs)}::float8[]
      ) as given(id, holder, status, error, delay_ms, at_ms)
      join engine_runs r on r.id = given.id and r.holder = given.holder and r.status = 'running'
      order by r.id
      for update of r
    ), settled as (
      update engine_runs r set status = ending.status, error = ending.error,
        attempt = r.attempt + (ending.status = 'queued')::int,
        run_at = case when ending.status = 'queued' then ending.run_at else r.run_at end,
        ended_at = case when ending.status <> 'queued' then now() end,
        holder = null, lease_until = null
      from ending
      where r.id = ending.id
      returning r.status, r.run_at
    )
    select ceil(extract(epoch from min(run_at) - clock_timestamp()) * 1000)::float8 as "waitMs"
    from settled where status = 'queued'`;
  return row?.waitMs ?? null;
}

/** Makes the leases of these runs last `leaseMs` from now. */
export async function extendLeases(sql: Sql, runs: HeldRun[], leaseMs: number): Promise<void> {
  await sql`
    with mine as (
      select r.id
      from unnest(${runs.map((run) => run.id)}::uuid[], ${runs.map((run) => run.holder)}::uuid[])
        as given(id, holder)
      join engine_runs r on r.id = given.id and r.holder = given.holder and r.status = 'running'
      for update of r skip locked -- a locked one is being settled
    )
    update engine_runs r set lease_until = now() + ${leaseMs}::float8 * interval '1 millisecond'
    from mine
    where r.id = mine.id`;
}

/** Makes runs that these claims still hold due at once, for anybody. */
export async function giveBack(sql: Sql, holders: string[]): Promise<void> {
  await sql`
    with mine as (
      select id from engine_runs
      where status = 'running' and holder = any(${holders}::uuid[])
      order by id
      for update
    )
    update engine_runs r set status = 'queued', holder = null, lease_until = null
    from mine
    where r.id = mine.id`;
}

const tooOften = "taken over too often: the processes that ran it did not live to see its end";

/**
 * Makes runs whose lease ended (or `all` running ones) due at once, at the same attempt; those
 * taken over more than `maxTakeOvers` times fail. Answers how many of each.
 */
export async function takeOver(
  sql: Sql,
  { maxTakeOvers, all }: { maxTakeOvers: number; all: boolean },
): Promise<{ queued: number; failed: number }> {
  const [row] = await sql<{ queued: number; failed: number }[]>`
    with orphan as (
      select id, take_overs >= ${maxTakeOvers}::int as is_last from engine_runs
      where status = 'running' and (${all} or lease_until <= now())
      for update skip locked
    ), freed as (
      update engine_runs r set holder = null, lease_until = null, take_overs = r.take_overs + 1,
        status = case when is_last then 'failed' else 'queued' end,
        error = case when is_last then ${tooOften} else r.error end,
        ended_at = case when is_last then now() end
      from orphan
      where r.id = orphan.id
      returning r.status
    )
    select count(*) filter (where status = 'queued')::int as queued,
      count(*) filter (where status = 'failed')::int as failed
    from freed`;
  return row ?? { queued: 0, failed: 0 };
}
