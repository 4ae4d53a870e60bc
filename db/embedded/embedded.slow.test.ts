import { execFile, spawn } from "node:child_process";
import {
  chmod,
  chown,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readlink,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import postgres from "postgres";
import { afterEach, describe, expect, it, vi } from "vitest";
import { until } from "@/test/kit/until";
import { startEmbeddedPostgres, type EmbeddedPostgres } from "./embedded";
import { linkLibraries } from "./binaries";
import { findServer, listProcesses } from "./process";
import { findState } from "./state";

const timeoutMs = 60_000;
const isRoot = process.getuid?.() === 0;
if (!isRoot) sayWhy("what concerns root, as this user is not root");
const dataDirs: string[] = [];
const servers: Pick<EmbeddedPostgres, "stateDir" | "stop">[] = [];

afterEach(async () => {
  vi.unstubAllEnvs();
  for (const server of servers.splice(0)) {
    await server.stop();
    await rm(server.stateDir, { recursive: true, force: true });
  }
  for (const dataDir of dataDirs.splice(0)) await rm(dataDir, { recursive: true, force: true });
}, timeoutMs);

async function makeDataDir(): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), "turbo-embedded-"));
  dataDirs.push(dataDir);
  return dataDir;
}

/** The reason of a skipped test, printed as well. */
function sayWhy(reason: string): string {
  process.stderr.write(`skipped: ${reason}\n`);
  return reason;
}

async function canEnterCheckout(user: { uid: number; gid: number }): Promise<boolean> {
  const look = ["-e", 'require("node:fs").accessSync(process.argv[1])', resolve("package.json")];
  return promisify(execFile)(process.execPath, look, user).then(
    () => true,
    () => false,
  );
}

async function start(dataDir: string, settings?: Record<string, string>) {
  const server = await startEmbeddedPostgres({ dataDir, fsync: false, settings });
  servers.push(server);
  return server;
}

async function query(url: string, statement: string): Promise<postgres.Row[]> {
  const sql = postgres(url, { max: 1, connect_timeout: 5, onnotice: () => {} });
  try {
    return await sql.unsafe(statement);
  } finally {
    await sql.end({ timeout: 5 });
  }
}

function clusterOf(server: EmbeddedPostgres): string {
  return join(server.stateDir, "data");
}

function postmasterOf(server: EmbeddedPostgres): number {
  const running = findServer(clusterOf(server));
  if (!running) throw new Error("No server is running.");
  return running.pid;
}

/** A signal takes effect a moment after it is sent. */
async function kill(server: EmbeddedPostgres, pids: number[]): Promise<void> {
  for (const pid of pids) process.kill(pid, "SIGKILL");
  await until("the processes are dead", () => listProcesses(clusterOf(server), pids).length === 0);
}

function startInChild(dataDir: string): string[] {
  const script = `
    import { startEmbeddedPostgres } from "./db/embedded/embedded.ts";
    const server = await startEmbeddedPostgres({ dataDir: ${JSON.stringify(dataDir)}, fsync: false });
    console.log(JSON.stringify(server));`;
  return ["--import", "tsx", "--input-type=module", "-e", script];
}

type ChildOptions = { uid?: number; gid?: number; launcher?: string[] };

async function runInChild(dataDir: string, { launcher = [], ...user }: ChildOptions = {}) {
  const [program = "", ...args] = [...launcher, process.execPath, ...startInChild(dataDir)];
  const { stdout } = await promisify(execFile)(program, args, user);
  const server: EmbeddedPostgres = JSON.parse(stdout);
  return server;
}

describe("startEmbeddedPostgres", { timeout: timeoutMs }, () => {
  it("starts PostgreSQL 18 with a UTF8 database, whatever the locale is", async () => {
    vi.stubEnv("LANG", "C");
    vi.stubEnv("LC_ALL", "C");
    const server = await start(await makeDataDir());

    const [row] = await query(
      server.url,
      `select version(), current_database() as name, upper('é') as upper,
         current_setting('server_encoding') as encoding, current_setting('TimeZone') as zone`,
    );
    expect(row).toMatchObject({ name: "turbo", encoding: "UTF8", upper: "É", zone: "UTC" });
    expect(row?.version).toMatch(/^PostgreSQL 18\./);
    expect(server.reused).toBe(false);
    expect(Number(new URL(server.url).port)).toBeLessThan(32_768);
  });

  it("lets nobody in without the password, which no command line shows", async () => {
    const server = await start(await makeDataDir());
    const wrong = new URL(server.url);
    wrong.password = "wrong";
    await expect(query(wrong.toString(), "select 1")).rejects.toMatchObject({ code: "28P01" });

    const { password } = new URL(server.url);
    const { stdout } = await promisify(execFile)("ps", ["-eo", "args"]);
    expect(stdout).not.toContain(password);
    expect((await stat(join(clusterOf(server), "turbo-password"))).mode & 0o777).toBe(0o600);
  });

  it("reuses the server that runs, by any name of its folder", async () => {
    const dataDir = await makeDataDir();
    const first = await start(dataDir);
    const second = await start(`${dataDir}/../${dataDir.split("/").at(-1)}/`);
    expect(second).toMatchObject({ reused: true, url: first.url, stateDir: first.stateDir });
  });

  it("keeps committed rows and the port when the postmaster is killed", async () => {
    const dataDir = await makeDataDir();
    const first = await start(dataDir);
    await query(first.url, "create table kept as select 7 as n");
    await kill(first, [postmasterOf(first)]);

    const second = await start(dataDir);
    expect(second).toMatchObject({ reused: false, url: first.url });
    expect(await query(second.url, "select n from kept")).toEqual([{ n: 7 }]);
  });

  it("keeps committed rows when every process is killed", async () => {
    const dataDir = await makeDataDir();
    const first = await start(dataDir);
    await query(first.url, "create table kept as select generate_series(1, 1000) as n");
    const pids = listProcesses(clusterOf(first));
    expect(pids.length).toBeGreaterThan(3);
    await kill(first, pids);

    const second = await start(dataDir);
    expect(await query(second.url, "select count(*)::int as n from kept")).toEqual([{ n: 1000 }]);
  });

  it("ends a busy backend of a dead postmaster before it starts anew", async () => {
    const dataDir = await makeDataDir();
    const first = await start(dataDir);
    const sql = postgres(first.url, { max: 1 });
    await sql`create function spin() returns void language plpgsql as
      'begin loop end loop; end'`;
    const [backend] = await sql`select pg_backend_pid() as pid`;
    const spinning = sql`select spin()`.catch((error: unknown) => error);
    await until("the backend spins", async () => {
      const rows = await query(
        first.url,
        "select 1 from pg_stat_activity where query ~ '^select spin' and state = 'active'",
      );
      return rows.length === 1;
    });
    await kill(first, [postmasterOf(first)]);

    const second = await start(dataDir);
    expect(second.reused).toBe(false);
    expect(listProcesses(clusterOf(second))).not.toContain(backend?.pid);
    expect(await spinning).toBeInstanceOf(Error);
    await sql.end({ timeout: 1 });
  });

  it("stops without leaving a process, and finds its rows when it starts again", async () => {
    const dataDir = await makeDataDir();
    const first = await start(dataDir);
    await query(first.url, "create table kept as select 7 as n");
    const open = postgres(first.url, { max: 2 });
    await open`select 1`;
    await first.stop();
    expect(listProcesses(clusterOf(first))).toEqual([]);
    await expect(query(first.url, "select 1")).rejects.toMatchObject({ code: "ECONNREFUSED" });
    await first.stop();
    await open.end({ timeout: 1 });

    const second = await start(dataDir);
    expect(await query(second.url, "select n from kept")).toEqual([{ n: 7 }]);
  });

  it("gives a deleted folder an empty database", async () => {
    const dataDir = await makeDataDir();
    const first = await start(dataDir);
    await query(first.url, "create table kept as select 7 as n");
    await rm(dataDir, { recursive: true });

    const second = await start(dataDir);
    expect(second).toMatchObject({ reused: false });
    expect(await query(second.url, "select to_regclass('kept') as kept")).toEqual([{ kept: null }]);
    await expect(query(first.url, "select 1")).rejects.toThrow();
  });

  it("gives each folder a database of its own", async () => {
    const first = await start(await makeDataDir());
    const second = await start(await makeDataDir());
    await query(first.url, "create table mine as select 7 as n");
    expect(await query(second.url, "select to_regclass('mine') as mine")).toEqual([{ mine: null }]);
  });

  it("ends with one server when processes start it at the same time", async () => {
    const dataDir = await makeDataDir();
    const started = await Promise.all([
      start(dataDir),
      start(dataDir),
      runInChild(dataDir),
      runInChild(dataDir),
    ]);
    expect(started.filter((server) => !server.reused)).toHaveLength(1);
    expect(new Set(started.map((server) => server.url)).size).toBe(1);
    expect(await query(started[0].url, "select 1 as n")).toEqual([{ n: 1 }]);
  });

  it.each([
    ["took the lock", (name: string) => name === "postgres.lock"],
    ["began to make the database", (name: string) => name.startsWith("draft-")],
    ["made the database", (name: string) => name === "data"],
  ])("starts when a process was killed that just %s", async (_, isMark) => {
    const dataDir = await makeDataDir();
    const child = spawn(process.execPath, startInChild(dataDir), { stdio: "ignore" });
    await until("the child is that far", async () => {
      const stateDir = findState(dataDir)?.dir ?? dataDir;
      return [...(await readdir(dataDir)), ...(await readdir(stateDir))].some(isMark);
    });
    child.kill("SIGKILL");

    const server = await start(dataDir);
    expect(await query(server.url, "select 1 as n")).toEqual([{ n: 1 }]);
    expect(await readdir(server.stateDir)).toEqual(["data", "port", "postgres.log"]);
  });

  it("takes another port when someone took the one of last time", async () => {
    const dataDir = await makeDataDir();
    const first = await start(dataDir);
    const port = Number(new URL(first.url).port);
    await first.stop();
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(port, "127.0.0.1", resolve));

    const second = await start(dataDir);
    squatter.close();
    expect(new URL(second.url).port).not.toBe(String(port));
    expect(await query(second.url, "select 1 as n")).toEqual([{ n: 1 }]);
  });

  it("shows what PostgreSQL said when it does not start", async () => {
    const dataDir = await makeDataDir();
    await expect(start(dataDir, { shared_buffers: "plenty" })).rejects.toThrow(
      /did not start \(exit 1\).*invalid value for parameter "shared_buffers": "plenty"/s,
    );
    const server = await start(dataDir, { shared_buffers: "32MB" });
    expect(await query(server.url, "show shared_buffers")).toEqual([{ shared_buffers: "32MB" }]);
  });

  it("names the folder that it cannot write", async () => {
    await expect(start("/dev/null/data")).rejects.toThrow(
      "The database folder /dev/null/data cannot be written",
    );
  });
});

describe("startEmbeddedPostgres as root", { timeout: timeoutMs, skip: !isRoot }, () => {
  it("works below a folder that only root may enter", async () => {
    const home = await makeDataDir();
    await chmod(home, 0o700);
    const server = await start(join(home, "project", ".data"));
    expect(await query(server.url, "select 1 as n")).toEqual([{ n: 1 }]);
    expect((await stat(clusterOf(server))).uid).not.toBe(0);
  });

  it("finds its server where root may not look into the processes of others", async () => {
    const dataDir = await makeDataDir();
    const first = await start(dataDir);
    const launcher = ["setpriv", "--bounding-set=-sys_ptrace"];
    const second = await runInChild(dataDir, { launcher });
    expect(second).toMatchObject({ reused: true, url: first.url });
  });

  it("lets a moved folder keep its database, and refuses a copy", async () => {
    const home = await makeDataDir();
    const first = await start(join(home, "a"));
    await cp(join(home, "a"), join(home, "b"), { recursive: true });
    await expect(start(join(home, "b"))).rejects.toThrow(/is a copy of/);
    await rm(join(home, "a"), { recursive: true });
    expect(await start(join(home, "b"))).toMatchObject({ reused: true, url: first.url });
  });

  it("refuses to start an empty database in place of one that is gone", async () => {
    const dataDir = await makeDataDir();
    const server = await start(dataDir);
    await server.stop();
    await rm(server.stateDir, { recursive: true });
    await expect(start(dataDir)).rejects.toThrow(/is gone from .*: delete .*postgres\.json/);
  });

  it("keeps all of it in the folder when an ordinary user starts it", async ({ skip }) => {
    const nobody = { uid: 65_534, gid: 65_534 };
    if (!(await canEnterCheckout(nobody))) {
      skip(sayWhy("only root can enter the folder of this checkout"));
    }
    const dataDir = await makeDataDir();
    await chown(dataDir, nobody.uid, nobody.gid);
    const first = await runInChild(dataDir, nobody);
    const stop = () => kill(first, listProcesses(clusterOf(first)));
    servers.push({ ...first, stop });
    expect(first).toMatchObject({ reused: false, stateDir: join(dataDir, "postgres") });
    expect(await query(first.url, "select 1 as n")).toEqual([{ n: 1 }]);
    expect(await runInChild(dataDir, nobody)).toMatchObject({ reused: true, url: first.url });

    await stop();
    expect(await runInChild(dataDir, nobody)).toMatchObject({ reused: false, url: first.url });
    await rm(first.stateDir, { recursive: true });
    const empty = await runInChild(dataDir, nobody);
    expect(empty).toMatchObject({ reused: false });
    expect(empty.url).not.toBe(first.url);
    expect(listProcesses(`${clusterOf(first)} (deleted)`)).toEqual([]);
    await expect(start(dataDir)).rejects.toThrow(/was started by another user than root/);
  });
});

describe("linkLibraries", () => {
  it("makes the links that packages cannot hold, beside those that are there", async () => {
    const native = await makeDataDir();
    await mkdir(join(native, "lib"));
    const links = ["libicu.so", "libicu.so.60"].map((name) => ({
      source: "native/lib/libicu.so.60.2",
      target: `native/lib/${name}`,
    }));
    await writeFile(join(native, "pg-symlinks.json"), JSON.stringify(links));
    await writeFile(join(native, "lib/libicu.so.60.2"), "");
    await symlink("libicu.so.60.2", join(native, "lib/libicu.so"));
    linkLibraries(native, native);
    expect(await readlink(join(native, "lib/libicu.so.60"))).toBe("libicu.so.60.2");
    expect(await readlink(join(native, "lib/libicu.so"))).toBe("libicu.so.60.2");
  });
});
