import { once } from "node:events";
import { connect as connectSocket, createServer, type Server, type Socket } from "node:net";
import postgres from "postgres";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Database } from "@/db/client";
import { createTestDatabase } from "@/db/testing";
import type { EngineOptions } from "./engine";
import { createApp, makeGate, readRuns, until } from "./testing";

let database: Database & { url: string };
let line: Line;
const stops: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  line = await openLine(database.url);
});
afterEach(async () => {
  await line.mend();
  for (const stop of stops.splice(0).toReversed()) await stop();
  await database.sql`truncate engine_runs`;
});
afterAll(async () => {
  await line.cut();
  await database.close();
});

type Line = { url: string; mute(): void; cut(): Promise<void>; mend(): Promise<void> };

/**
 * A wire to the database. Muted, it carries no answers; cut, all connections end and new ones are
 * refused; mended, it is as new.
 */
async function openLine(url: string): Promise<Line> {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  let isMuted = false;
  const server: Server = createServer((near) => {
    const far = connectSocket(Number(target.port), target.hostname);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on("error", () => to.destroy()).on("close", () => sockets.delete(from));
      from.on("end", () => to.end());
      from.on("data", (bytes) => {
        if (from === near || !isMuted) to.write(bytes);
      });
    }
  });
  const port = await listenSomewhere(server);
  const through = new URL(url);
  through.host = `127.0.0.1:${port}`;
  return {
    url: through.toString(),
    mute: () => {
      isMuted = true;
    },
    cut: async () => {
      if (!server.listening) return;
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
    mend: async () => {
      isMuted = false;
      if (server.listening) return;
      server.listen(port, "127.0.0.1");
      await once(server, "listening");
    },
  };
}

/** On a port that no outgoing connection can take while the line is cut. */
async function listenSomewhere(server: Server): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    try {
      server.listen(port, "127.0.0.1");
      await once(server, "listening");
      return port;
    } catch (error) {
      if (!String(error).includes("EADDRINUSE")) throw error;
    }
  }
}

type Body = (id: string) => Promise<void> | void;

type Options = Partial<EngineOptions> & { max?: number };

async function start(body: Body = () => {}, { max = 5, ...options }: Options = {}) {
  const sql = postgres(line.url, { max, connect_timeout: 2, backoff: () => 0.05 });
  const ids: string[] = [];
  const app = createApp(
    sql,
    (client) => [
      client.createFunction(
        { id: "f", triggers: [{ event: "a/b" }], retries: 2 },
        async ({ event }) => {
          ids.push(event.id ?? "");
          await body(event.id ?? "");
        },
      ),
    ],
    { pollMs: 200, leaseMs: 3_000, ...options },
  );
  await app.engine.start();
  stops.push(() => sql.end({ timeout: 1 }));
  stops.push(() => app.engine.stop(0));
  return { ...app, ids };
}

const isCompleted = async (id: string) =>
  (await readRuns(database.sql, id))[0]?.status === "completed";

const terminateAll = () => database.sql`
  select pg_terminate_backend(pid) from pg_stat_activity
  where datname = current_database() and pid <> pg_backend_pid()`;

describe("when the database ends all connections", () => {
  it("the engine goes on: all that was accepted runs", async () => {
    const { client, ids } = await start();
    const accepted: string[] = [];
    for (let round = 0; round < 8; round += 1) {
      const batch = Array.from({ length: 20 }, (_, n) => `${round}-${n}`);
      const sends = batch.map((id) => client.send({ name: "a/b", id }));
      await terminateAll();
      for (const sent of await Promise.allSettled(sends)) {
        if (sent.status === "fulfilled") accepted.push(...sent.value.ids);
      }
    }
    expect(accepted.length).toBeGreaterThan(0);
    for (const id of accepted) await until(() => isCompleted(id), 20_000);
    expect(accepted.filter((id) => !ids.includes(id))).toEqual([]);
  });

  it("hints are heard again", async () => {
    const a = await start(() => new Promise<void>(() => {}), { concurrency: 1, pollMs: 60_000 });
    const b = await start(undefined, { concurrency: 1, pollMs: 60_000 });
    await a.client.send({ name: "a/b", id: "stuck" });
    await until(() => a.ids.length === 1);
    await terminateAll();
    await until(async () => {
      const [row] = await database.sql`
        select count(*)::int as n from pg_stat_activity
        where datname = current_database() and query ilike 'listen%'`;
      return row?.n === 2;
    });
    await a.client.send({ name: "a/b", id: "second" });
    await until(() => b.ids.includes("second"), 3_000);
  });
});

describe("when the database is away", () => {
  it("an event is refused, and accepted once it is back", async () => {
    const { client, ids } = await start();
    await client.send({ name: "a/b", id: "before" });
    await until(() => ids.length === 1);
    await line.cut();
    await expect(client.send({ name: "a/b", id: "during" })).rejects.toThrow("could not be stored");
    await line.mend();
    await client.send({ name: "a/b", id: "after" });
    await until(() => ids.includes("after"));
  });

  it("a run ends all the same, and that is written when it is back", async () => {
    const { gate, open } = makeGate();
    const { client, ids } = await start(() => gate);
    await client.send({ name: "a/b", id: "long" });
    await until(() => ids.length === 1);
    await line.cut();
    open();
    await line.mend();
    await until(() => isCompleted("long"));
    expect(ids).toEqual(["long"]);
  });

  it("for longer than a lease, a run is not begun a second time, here or elsewhere", async () => {
    const { gate, open } = makeGate();
    const options = { leaseMs: 900, pollMs: 20 };
    const { client, ids } = await start((id) => (id === "long" ? gate : undefined), options);
    const other = await start(undefined, options);
    await client.send({ name: "a/b", id: "long" });
    await until(() => ids.length === 1);
    await line.cut();
    await until(async () => {
      const [row] = await database.sql`
        select lease_until < now() - interval '0.2 s' as over from engine_runs`;
      return row?.over;
    });
    await line.mend();
    await client.send({ name: "a/b", id: "sentinel" });
    await until(() => isCompleted("sentinel"));
    await until(async () => {
      const [row] = await database.sql`
        select lease_until > now() as held from engine_runs where event_id = 'long'`;
      return row?.held;
    });
    open();
    await until(() => isCompleted("long"));
    expect([...ids, ...other.ids]).toEqual(["long", "sentinel"]);
  });

  it("between a commit and its answer, what was begun by it runs before its lease ends", async () => {
    const { client, ids } = await start(undefined, { max: 1, leaseMs: 60_000 });
    await client.send({ name: "a/b", id: "before" });
    await until(() => isCompleted("before"));
    line.mute();
    const sent = client.send({ name: "a/b", id: "unanswered" });
    await until(async () => (await readRuns(database.sql, "unanswered"))[0]?.status === "running");
    await line.cut();
    await line.mend();
    expect((await sent).ids).toEqual(["unanswered"]);
    await until(() => isCompleted("unanswered"));
    expect(ids).toEqual(["before", "unanswered"]);
  });

  it("what falls due meanwhile runs when it is back", async () => {
    const { client, ids } = await start();
    const [row] = await database.sql`
      select ceil(extract(epoch from clock_timestamp()) * 1000)::float8 as ms`;
    await client.send({ name: "a/b", id: "due", ts: Number(row?.ms) + 300 });
    await line.cut();
    await until(async () => {
      const [row] = await database.sql`select run_at < now() as due from engine_runs`;
      return row?.due;
    });
    expect(ids).toEqual([]);
    await line.mend();
    await until(() => isCompleted("due"));
  });

  it("stop ends in time", async () => {
    const { client, engine, ids } = await start(() => new Promise<void>(() => {}));
    await client.send({ name: "a/b", id: "stuck" });
    await until(() => ids.length === 1);
    await line.cut();
    const startedAtMs = performance.now();
    await engine.stop(100);
    expect(performance.now() - startedAtMs).toBeLessThan(5_000);
  });
});
