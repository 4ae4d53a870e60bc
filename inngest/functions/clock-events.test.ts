import { serve } from "inngest/edge";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { createTestDatabase } from "@/db/testing";
import { newId } from "@/lib/id";
import { eventually, useDatabase, useEnv } from "@/lib/testing";
import { makeClient } from "@/inngest/client";
import { createEngine, type Engine } from "@/inngest/engine/engine";
import { setParts } from "@/inngest/process";
import { functionsOf } from "./index";

useEnv();
const database = await createTestDatabase();
const { sql } = database;
useDatabase(database);
const engines: Engine[] = [];

beforeEach(async () => {
  await sql`truncate engine_runs, events, issues cascade`;
  await sql`delete from installation where key in ('daily_digest', 'weekly_report')`;
});
afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.stop(5_000);
});
afterAll(() => database.close());

/** A process with all functions and nothing but the engine. */
async function startEngine(): Promise<void> {
  const client = makeClient();
  const engine = createEngine({ sql, handler: serve({ client, functions: functionsOf(client) }) });
  setParts({ turboEngine: engine });
  engines.push(engine);
  await engine.start();
}

/** The last tick of a function was so long ago: those since were missed. */
async function leaveTick(functionId: string, ago: string): Promise<void> {
  await sql`
    insert into engine_runs (id, function_id, event_id, event, status, run_at, ended_at)
    select ${newId()}, ${functionId}, 'cron:' || ${functionId} || ':' ||
      to_char(now() at time zone 'utc' - ${ago}::interval, 'YYYY-MM-DD"T"HH24:MI:00.000"Z"'),
      '{}', 'completed', now(), now()`;
}

const setNote = (report: string, ago: string) => sql`
  insert into installation (key, value) values (${report}, (now() - ${ago}::interval)::text)`;

async function countEvents(type: string): Promise<number> {
  const rows = await sql`select id from events where type = ${type}`;
  return rows.length;
}

/** Was it run, beside the tick that was left? */
const isCompleted = (functionId: string) => async () => {
  const rows = await sql`
    select id from engine_runs
    where function_id = ${functionId} and event <> '{}' and status = 'completed'`;
  return rows.length > 0;
};

describe("a tick that was missed while nobody ran", () => {
  it.each([
    { report: "daily_digest", functionId: "turbo-daily-digest" },
    { report: "weekly_report", functionId: "turbo-weekly-report" },
  ])("of $functionId is made up, and tells what is due once", async ({ report, functionId }) => {
    await leaveTick(functionId, "20 days");
    await setNote(report, "20 days");
    await Promise.all([startEngine(), startEngine()]);
    await eventually(isCompleted(functionId), 20_000);
    expect(await countEvents(`system.${report}`)).toBe(1);
  });

  it("of turbo-tell-due-dates is made up, and tells what is due by now once", async () => {
    await sql`
      insert into issues (id, title, type, status, priority, due_date)
      values (${newId()}, 'Due', 'task', 'open', 'low', current_date - 1)`;
    await leaveTick("turbo-emit-due-dates", "3 minutes");
    await Promise.all([startEngine(), startEngine()]);
    await eventually(isCompleted("turbo-emit-due-dates"), 20_000);
    expect(await countEvents("issue.overdue")).toBe(1);
  });
});

describe("a new installation", () => {
  it("has nothing to report, and no tick that it missed", async () => {
    await startEngine();
    const ended = async () =>
      (await sql`select id from engine_runs where status = 'completed'`).length;
    // One for each cron: where its ticks begin.
    await eventually(async () => (await ended()) >= 4, 20_000);
    expect(await sql`select type from events`).toEqual([]);
  });
});
