import { fork, type ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import postgres from "postgres";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { openRelay, type Relay } from "@/test/kit/relay";
import { until } from "@/test/kit/until";
import { startEmbeddedPostgres, type EmbeddedPostgres } from "./embedded/embedded";
import { findServer, listProcesses } from "./embedded/process";
import type { Load } from "./postgres-patch-load";

// The head of patches/postgres+3.4.9.patch names the upstream reports of what is held here.
let dataDir = "";
let server: EmbeddedPostgres;
const cleanUps: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "turbo-patch-"));
  server = await startEmbeddedPostgres({ dataDir, fsync: false });
});

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

afterAll(async () => {
  await server.stop();
  await rm(server.stateDir, { recursive: true, force: true });
  await rm(dataDir, { recursive: true, force: true });
});

function open(options: postgres.Options<Record<string, never>> = {}, url = server.url) {
  const sql = postgres(url, { max: 1, backoff: () => 0.02, onnotice: () => {}, ...options });
  cleanUps.push(() => sql.end({ timeout: 1 }));
  return sql;
}

/** How a promise ends: "done", the code of its error, or "hangs". */
async function settle(promise: Promise<unknown>): Promise<string> {
  const outcome = promise.then(
    () => "done",
    (error: unknown) =>
      error instanceof Error && "code" in error ? String(error.code) : String(error),
  );
  return Promise.race([outcome, delay(4_000, "hangs", { ref: false })]);
}

type Backend = { pid: number };

async function terminate(pid: number): Promise<void> {
  const admin = open();
  await admin`select pg_terminate_backend(${pid}, 5000)`;
}

async function relayToServer(onAsked?: (text: string, client: Socket) => void): Promise<Relay> {
  const relay = await openRelay(server.url, onAsked);
  cleanUps.push(() => relay.close());
  return relay;
}

describe("postgres.js under load while PostgreSQL is killed", () => {
  let load: Load = { committed: [], turns: [], rejected: 0, hung: 0 };

  function startLoad(): ChildProcess {
    const script = fileURLToPath(new URL("./postgres-patch-load.ts", import.meta.url));
    const child = fork(script, [server.url], { execArgv: ["--import", "tsx"] });
    cleanUps.push(async () => child.kill("SIGKILL"));
    // It sends nothing else.
    child.on("message", (message) => (load = message as Load));
    return child;
  }

  async function untilLoad(child: ChildProcess, what: string, holds: () => boolean) {
    await until(what, () => {
      if (child.exitCode !== null || child.signalCode !== null) throw new Error("It crashed.");
      return load.hung > 0 || holds();
    });
  }

  async function untilAllWork(child: ChildProcess): Promise<void> {
    const before = load.committed.length;
    await untilLoad(
      child,
      "every worker commits again",
      () => load.turns.length > 0 && load.turns.every((turn) => turn > before + 100),
    );
  }

  it("rejects, reconnects, and neither dies nor leaves half of a transaction", async () => {
    const admin = open();
    await admin`create table pairs (id int not null)`;
    const child = startLoad();
    const cluster = join(server.stateDir, "data");
    const kills = ["everything", "postmaster", "backend", "everything", "backend", "everything"];
    for (const kill of kills) {
      await untilAllWork(child);
      const { rejected } = load;
      const postmaster = findServer(cluster)?.pid ?? 0;
      const backends = await admin<Backend[]>`
        select pid from pg_stat_activity where backend_type = 'client backend'
          and pid <> pg_backend_pid() order by random() limit 1`;
      const victims = {
        everything: listProcesses(cluster),
        postmaster: [postmaster],
        backend: backends.map((backend) => backend.pid),
      }[kill];
      for (const pid of victims ?? []) process.kill(pid, "SIGKILL");
      await untilLoad(child, "the load is refused", () => load.rejected > rejected);
      if (kill !== "backend") await until("it is dead", () => findServer(cluster) === null);
      server = await startEmbeddedPostgres({ dataDir, fsync: false });
      expect(server.reused).toBe(kill === "backend");
    }
    await untilAllWork(child);

    child.kill("SIGKILL");
    await until("its transactions are over", async () => {
      const rows = await admin`select 1 from pg_stat_activity
        where backend_type = 'client backend' and pid <> pg_backend_pid()`;
      return rows.length === 0;
    });
    expect(load.hung).toBe(0);
    expect(await admin`select id from pairs group by id having count(*) <> 2`).toEqual([]);
    expect(
      await admin`select id from unnest(${load.committed}::int[]) as id
        where id not in (select pairs.id from pairs)`,
    ).toEqual([]);
  }, 180_000);
});

describe("sql.begin of a connection that is gone", () => {
  it("refuses what it still sends, which would end up in the transaction of another", async () => {
    const admin = open();
    await admin`create table strays (who text)`;
    const sql = open();
    let pid = 0;
    let resume = () => {};
    const otherRuns = new Promise<void>((resolve) => (resume = resolve));
    let stray = Promise.resolve("");
    const dead = settle(
      sql.begin(async (tx) => {
        pid = (await tx<Backend[]>`select pg_backend_pid() as pid`)[0]?.pid ?? 0;
        await otherRuns;
        stray = settle(tx`insert into strays values ('dead')`);
        await stray;
      }),
    );
    await until("the first runs", () => pid > 0);
    const other = settle(
      sql.begin(async (tx) => {
        await tx`insert into strays values ('other')`;
        resume();
        await tx`select pg_sleep(0.2)`;
        throw new Error("roll back");
      }),
    );
    await terminate(pid);
    expect(await dead).toBe("CONNECTION_CLOSED");
    expect(await other).toBe("Error: roll back");
    expect(await stray).toBe("CONNECTION_CLOSED");
    expect(await admin`select * from strays`).toEqual([]);
  });

  it("leaves a pool that works when the connection is reset in a savepoint", async () => {
    const relay = await relayToServer();
    const sql = open({}, relay.url);
    let seen = "";
    const transaction = settle(
      sql.begin(async (tx) => {
        await tx
          .savepoint(async (inner) => {
            await inner`select 1`;
            setTimeout(() => relay.reset(), 50);
            await inner`select pg_sleep(5)`;
          })
          .finally(() => (seen = "finally"));
      }),
    );
    expect(await transaction).toBe("CONNECTION_CLOSED");
    for (const n of [1, 2, 3]) expect(await settle(sql`select ${n}::int as n`)).toBe("done");
    expect(seen).toBe("finally");
    expect(await settle(sql.end())).toBe("done");
  });

  it("begins on a connection whose pipeline it fills", async () => {
    const sql = open({ max: 2 });
    await Promise.all([sql`select 1`, sql`select 1`]);
    for (let ahead = 195; ahead < 205; ahead++) {
      const statements = Array.from({ length: ahead }, () => settle(sql`select 1`));
      const transactions = [1, 2].map(() => settle(sql.begin((tx) => tx`select 2`)));
      expect(await Promise.all(transactions)).toEqual(["done", "done"]);
      await Promise.all(statements);
    }
  });
});

describe("a connection lost at another moment", () => {
  it("answers the next statement, not with the last words of the old connection", async () => {
    const sql = open();
    const [backend] = await sql<Backend[]>`select pg_backend_pid() as pid`;
    const lost = settle(sql`select pg_sleep(5)`);
    await terminate(backend?.pid ?? 0);
    expect(await lost).toBe("CONNECTION_CLOSED");
    expect(await settle(sql`select 1`)).toBe("done");
  });

  it("rejects the statement that waited while the types were read", async () => {
    let resets = 0;
    const relay = await relayToServer((text, client) => {
      if (text.includes("pg_catalog.pg_type") && resets++ < 2) client.resetAndDestroy();
    });
    const sql = open({}, relay.url);
    expect(await settle(sql`select 1`)).toBe("ECONNRESET");
    expect(await settle(sql`select 1`)).toBe("ECONNRESET");
    expect(await settle(sql`select 1`)).toBe("done");
  });

  it("rejects the statement for which a server hangs up", async () => {
    const relay = await relayToServer((_, client) => client.end());
    expect(await settle(open({}, relay.url)`select 1`)).toBe("CONNECTION_CLOSED");
  });

  it("ends the pool that was to end after its last statement", async () => {
    const relay = await relayToServer();
    const sql = open({}, relay.url);
    await sql`select 1`;
    const statement = settle(sql`select pg_sleep(5)`);
    const end = settle(sql.end());
    await delay(50);
    relay.reset();
    expect([await statement, await end]).toEqual(["ECONNRESET", "done"]);
  });
});
