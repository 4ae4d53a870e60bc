import { createTestDatabase } from "@/db/testing";
import { createApp, until } from "@/inngest/engine/testing";
import { AppProcess } from "./app-process";
import type { AppOptions, Call, Engine, Work } from "./engine-under-test";
import { defineFunctions, toEvents } from "./functions";

const options = { leaseMs: 4_000, backoffMs: [300, 600] };

/** The embedded engine, in processes of its own on a database of its own. */
export async function openEmbedded(): Promise<Engine> {
  const database = await createTestDatabase();
  const calls: Call[] = [];
  const apps: { process: AppProcess; given: AppOptions }[] = [];
  // Not started, it takes events and runs none.
  const outside = createApp(database.sql, (client) =>
    defineFunctions(client, { onCall: () => {}, hangs: false }),
  );

  const startApp = async (given: AppOptions = {}) => {
    const databaseUrl = given.isBeforeTick ? await stopClock(database) : database.url;
    const role = { hangs: given.hangs ?? false, embedded: { databaseUrl, options } };
    const process = await AppProcess.start(role, (call) => calls.push(call));
    apps.push({ process, given });
    return process;
  };

  return {
    earlyMs: 0,
    backoffMs: [300, 600],
    patienceMs: 20_000,
    crashUsesAttempt: false,
    calls,
    startApp,
    send: async (...works: Work[]) => {
      await outside.client.send(toEvents(outside.client, works));
    },
    nameOf: (name) => `${outside.client.id}/${name}`,
    post: (body, headers = {}) =>
      outside.engine.fetch("http://embedded.invalid/e/key", {
        method: "POST",
        headers,
        body: JSON.stringify(body),
      }),
    endOf: async (runId) => {
      const [row] = await database.sql<{ end: "completed" | "failed" }[]>`
        select status as end from engine_runs where id = ${runId} and ended_at is not null`;
      return row?.end ?? null;
    },
    passTick: async () => {
      // Ticks begin with the first look at the clock, which writes one down.
      await until(async () => (await database.sql`select from engine_runs`).length > 0);
      await database.sql`update stopped.clock set at = at + interval '1 s'`;
    },
    restart: async () => {
      const living = apps.filter(({ process }) => process.isAlive);
      await Promise.all(living.map(({ process }) => process.kill()));
      for (const { given } of living) await startApp(given);
    },
    close: async () => {
      await Promise.all(apps.map(({ process }) => process.kill()));
      await database.close();
    },
  };
}

type TestDatabase = Awaited<ReturnType<typeof createTestDatabase>>;

/**
 * The address by which the database's clock stands still, half a second before its next minute: of
 * the next hour, as by a clock that is behind nothing would ever be due.
 */
async function stopClock({ sql, url }: TestDatabase): Promise<string> {
  await sql`create schema if not exists stopped`;
  await sql`create table if not exists stopped.clock as select now() + interval '1 hour' as at`;
  await sql`create or replace function stopped.clock_timestamp() returns timestamptz
    language sql volatile as 'select at from stopped.clock'`;
  await sql`update stopped.clock set at = date_trunc('minute', at) + interval '59.5 s'`;
  const changed = new URL(url);
  changed.searchParams.set("search_path", "stopped,pg_catalog,public");
  return changed.toString();
}
