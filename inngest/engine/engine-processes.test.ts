import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { connect, type Database, type Sql } from "@/db/client";
import { createTestDatabase } from "@/db/testing";
import { newId } from "@/lib/id";
import type { Engine, EngineOptions } from "./engine";
import { createApp, makeGate, readRuns, until } from "./testing";

let database: Database & { url: string };
const engines: Engine[] = [];
const pools: Database[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
});
afterEach(async () => {
  await Promise.all(engines.splice(0).map((engine) => engine.stop(0)));
  await Promise.all(pools.splice(0).map((pool) => pool.close()));
  await database.sql`truncate engine_runs`;
});
afterAll(() => database.close());

type Body = (call: { id: string; attempt: number }) => Promise<void> | void;

/** As another process would be: a pool and an engine of its own. f runs on a/b, g by the minute. */
function makeProcess(body: Body = () => {}, options: Partial<EngineOptions> = {}) {
  const pool = connect(database.url, { max: 5 });
  pools.push(pool);
  const ids: string[] = [];
  const ticks: string[] = [];
  const app = createApp(
    options.sql ?? pool.sql,
    (client) => [
      client.createFunction(
        { id: "f", triggers: [{ event: "a/b" }], retries: 2 },
        async ({ event, attempt }) => {
          ids.push(event.id ?? "");
          await body({ id: event.id ?? "", attempt });
        },
      ),
      client.createFunction(
        { id: "g", triggers: [{ cron: "* * * * *" }], retries: 0 },
        async ({ event }) => {
          ticks.push(event.id ?? "");
        },
      ),
    ],
    options,
  );
  engines.push(app.engine);
  return { ...app, ids, ticks };
}

async function startProcess(body?: Body, options?: Partial<EngineOptions>) {
  const made = makeProcess(body, options);
  await made.engine.start();
  return made;
}

const forever = () => new Promise<void>(() => {});
const statusOf = async (id: string) => (await readRuns(database.sql, id))[0]?.status;

describe("two processes", () => {
  it("run an event once that both were given", async () => {
    const [a, b] = [await startProcess(), await startProcess()];
    const ids = Array.from({ length: 40 }, newId);
    const events = ids.map((id) => ({ name: "a/b", id }));
    await Promise.all([a, b].map(({ client }) => client.send(events)));
    await Promise.all([a, b].map(({ client }) => client.send(events.toReversed())));
    await until(async () => {
      const [row] = await database.sql`
        select count(*)::int as n from engine_runs where function_id = 'test-f' and ended_at is null`;
      return row?.n === 0;
    });
    expect([...a.ids, ...b.ids].toSorted()).toEqual(ids.toSorted());
  });

  it("share work, and none of it runs twice", async () => {
    const short = () => new Promise<void>((resolve) => setTimeout(resolve, 5));
    const options = { concurrency: 4, pollMs: 60_000 };
    const [a, b] = [await startProcess(short, options), await startProcess(short, options)];
    const { ids } = await a.client.send(Array.from({ length: 300 }, () => ({ name: "a/b" })));
    await until(() => a.ids.length + b.ids.length >= ids.length);
    expect([...a.ids, ...b.ids].toSorted()).toEqual(ids.toSorted());
    expect(Math.min(a.ids.length, b.ids.length)).toBeGreaterThan(0);
  });

  it("help each other out at once by a hint", async () => {
    const options = { concurrency: 1, pollMs: 60_000 };
    const a = await startProcess(forever, options);
    const b = await startProcess(undefined, options);
    await a.client.send({ name: "a/b", id: "stuck" });
    await until(() => a.ids.length === 1);
    await until(async () => {
      const [row] = await database.sql`
        select count(*)::int as n from pg_stat_activity
        where datname = current_database() and query ilike 'listen%'`;
      return row?.n === 2;
    });
    await a.client.send({ name: "a/b", id: "second" });
    await until(() => b.ids.includes("second"), 3_000);
  });

  it("help each other out by polling when there is no LISTEN", async () => {
    const options = { concurrency: 1, pollMs: 100 };
    const deafTo = (sql: Sql) =>
      new Proxy(sql, {
        get: (target, key) =>
          key === "options"
            ? { ...target.options, port: [1], connect_timeout: 1 }
            : Reflect.get(target, key),
      });
    const deaf = () => {
      const pool = connect(database.url, { max: 3 });
      pools.push(pool);
      return deafTo(pool.sql);
    };
    const a = await startProcess(forever, { ...options, sql: deaf() });
    const b = await startProcess(undefined, { ...options, sql: deaf() });
    await a.client.send({ name: "a/b", id: "stuck" });
    await until(() => a.ids.length === 1);
    await a.client.send({ name: "a/b", id: "second" });
    await until(() => b.ids.includes("second"), 3_000);
  });

  it("make one run of a cron tick, and of several missed ticks only the latest", async () => {
    const minutesAgo = (minutes: number) =>
      `cron:test-g:${new Date(Math.floor(Date.now() / 60_000 - minutes) * 60_000).toISOString()}`;
    await database.sql`
      insert into engine_runs (id, function_id, event_id, event, status, run_at, ended_at)
      values (${newId()}, 'test-g', ${minutesAgo(7)}, '{}', 'completed', now(), now())`;
    const [a, b] = [makeProcess(), makeProcess()];
    await Promise.all([a.engine.start(), b.engine.start()]);
    await until(() => a.ticks.length + b.ticks.length > 0);
    const { lastTickAt } = await until(async () => {
      const [ofA, ofB] = await Promise.all([a.engine.health(), b.engine.health()]);
      return ofA.lastTickAt && ofB.lastTickAt && ofA;
    });
    await a.client.send({ name: "a/b", id: "sentinel" });
    await until(() => [...a.ids, ...b.ids].includes("sentinel"));
    const ticks = [...a.ticks, ...b.ticks];
    expect(new Set(ticks).size).toBe(ticks.length);
    expect(ticks).toContain(`cron:test-g:${lastTickAt?.toISOString()}`);
    expect(ticks.every((tick) => tick >= minutesAgo(2))).toBe(true);
  });
});

describe("a cron tick", () => {
  it("comes by the database's clock, wherever the wall's is set meanwhile, and not for the time before the function was known", async () => {
    const url = new URL(database.url);
    url.searchParams.set("search_path", "public,pg_catalog");
    const pool = connect(url.toString());
    pools.push(pool);
    // A clock that stands two seconds before a full minute now.
    await pool.sql`create table clock_offset as
      select date_trunc('minute', pg_catalog.clock_timestamp()) + interval '58 s'
        - pg_catalog.clock_timestamp() as ahead`;
    await pool.sql`create function public.clock_timestamp() returns timestamptz language sql volatile
      as 'select pg_catalog.clock_timestamp() + ahead from public.clock_offset'`;
    const { engine, client, ids, ticks } = await startProcess(undefined, { sql: pool.sql });
    const before = await until(async () => (await engine.health()).lastTickAt);
    expect(ticks).toEqual([]);
    const realMs = Date.now();
    vi.useFakeTimers({ toFake: ["Date"], now: realMs + 6 * 3_600_000 });
    await until(() => ticks.length > 0);
    vi.setSystemTime(realMs - 6 * 3_600_000);
    await client.send({ name: "a/b", id: "sentinel" });
    await until(() => ids.includes("sentinel"));
    vi.useRealTimers();
    const next = new Date(before.getTime() + 60_000).toISOString();
    expect(ticks).toEqual([`cron:test-g:${next}`]);
    await pool.sql`drop function public.clock_timestamp()`;
    await pool.sql`drop table clock_offset`;
  });
});

describe("a run that its process left behind", () => {
  const abandon = (id: string, { takeOvers = 0, leaseSeconds = -1 } = {}) => database.sql`
    insert into engine_runs (id, function_id, event_id, event, status, attempt, run_at, holder,
      lease_until, take_overs)
    values (${newId()}, 'test-f', ${id}, ${JSON.stringify({ id, name: "a/b", data: {}, ts: 1 })},
      'running', 1, now(), ${newId()}, now() + ${leaseSeconds} * interval '1 s', ${takeOvers})`;

  it("is taken over when its lease ends, at the same attempt", async () => {
    const attempts: number[] = [];
    await abandon("left", { leaseSeconds: 0.5 });
    await startProcess(({ attempt }) => void attempts.push(attempt), { pollMs: 60_000 });
    await until(async () => (await statusOf("left")) === "completed");
    expect(attempts).toEqual([1]);
  });

  it("fails when it was taken over more than 20 times", async () => {
    await abandon("last chance", { takeOvers: 19 });
    await abandon("poison", { takeOvers: 20 });
    const { ids } = await startProcess();
    await until(async () => (await statusOf("last chance")) === "completed");
    expect(ids).toEqual(["last chance"]);
    expect(await readRuns(database.sql, "poison")).toMatchObject([
      { status: "failed", holder: null, error: expect.stringContaining("taken over too often") },
    ]);
  });

  it("is due at once when the only owner of the database frees all leases", async () => {
    await abandon("left", { leaseSeconds: 3_600 });
    const { engine, ids } = makeProcess();
    await engine.freeLeases();
    await engine.start();
    await until(() => ids.includes("left"));
  });

  it("is finished by another after kill -9", async () => {
    const child = await startChild(database.url);
    const [line] = await once(child.stdout.setEncoding("utf8"), "data");
    expect(line).toContain("called killed");
    expect(await statusOf("killed")).toBe("running");
    const { ids } = await startProcess();
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
    await until(async () => (await statusOf("killed")) === "completed");
    expect(ids).toEqual(["killed"]);
  });
});

describe("a run that was taken from its process", () => {
  it("is not ended by it", async () => {
    const { gate, open } = makeGate();
    const { client, ids } = await startProcess(({ id }) => (id === "lost" ? gate : undefined));
    await client.send({ name: "a/b", id: "lost" });
    await until(() => ids.length === 1);
    const holder = newId();
    await database.sql`update engine_runs set holder = ${holder},
      lease_until = now() + interval '1 h' where event_id = 'lost'`;
    open();
    await client.send({ name: "a/b", id: "sentinel" });
    await until(async () => (await statusOf("sentinel")) === "completed");
    expect(await readRuns(database.sql, "lost")).toMatchObject([{ status: "running", holder }]);
  });
});

describe("a lease", () => {
  it("is kept up while the run lasts", async () => {
    const { gate, open } = makeGate();
    const options = { leaseMs: 300, pollMs: 50 };
    const a = await startProcess(() => gate, options);
    const b = await startProcess(undefined, options);
    await a.client.send({ name: "a/b", id: "long" });
    const endMs = performance.now() + 1_200;
    await until(() => performance.now() > endMs);
    open();
    await until(async () => (await statusOf("long")) === "completed");
    expect([a.ids, b.ids]).toEqual([["long"], []]);
  });
});

describe("a process that stood still for longer than its lease", () => {
  it("does not take its runs over from itself", async () => {
    const { gate, open } = makeGate();
    const { client, ids } = await startProcess(({ id }) => (id === "long" ? gate : undefined), {
      leaseMs: 300,
      pollMs: 50,
    });
    await client.send({ name: "a/b", id: "long" });
    await until(() => ids.length === 1);
    const endMs = performance.now() + 600;
    while (performance.now() < endMs);
    await until(async () => {
      const [row] = await database.sql`
        select lease_until > now() as held from engine_runs where event_id = 'long'`;
      return row?.held;
    });
    await client.send({ name: "a/b", id: "sentinel" });
    await until(async () => (await statusOf("sentinel")) === "completed");
    open();
    await until(async () => (await statusOf("long")) === "completed");
    expect(ids).toEqual(["long", "sentinel"]);
  });
});

/** A process that starts an engine, sends itself an event and hangs in it. */
async function startChild(url: string) {
  const script = `
    const { connect } = await import(${JSON.stringify(new URL("../../db/client.ts", import.meta.url).href)});
    const { createApp } = await import(${JSON.stringify(new URL("./testing.ts", import.meta.url).href)});
    const { client, engine } = createApp(connect(${JSON.stringify(url)}).sql, (client) => [
      client.createFunction({ id: "f", triggers: [{ event: "a/b" }] }, async ({ event }) => {
        console.log("called " + event.id);
        await new Promise(() => {});
      }),
    ], { leaseMs: 1_000 });
    await engine.start();
    await client.send({ name: "a/b", id: "killed" });`;
  return spawn(process.execPath, ["--import", "tsx", "--input-type=module", "--eval", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
}
