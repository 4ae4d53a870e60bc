import { rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import postgres from "postgres";
import { startEmbeddedPostgres } from "@/db/embedded/embedded";
import { findServer, listProcesses, stopServer } from "@/db/embedded/process";
import { findState } from "@/db/embedded/state";
import { isSoWithin } from "./until";

/** What of the server a kill strikes: all, its postmaster, or one that serves a connection. */
export type Victim = "all" | "postmaster" | "backend";

const killTimeoutMs = 20_000;

/** The PostgreSQL server of a data folder, an app's own or one beside it, and what can be done to it. */
export class PostgresServer {
  readonly #dataDir: string;
  /** Known once it was started. */
  url = "";

  /** `dataDir` is a real path. */
  constructor(dataDir: string) {
    this.#dataDir = dataDir;
  }

  /** Starts it, or finds it running, on the data and the port it had; resolves to its URL. */
  async start(): Promise<string> {
    this.url = (await startEmbeddedPostgres({ dataDir: this.#dataDir })).url;
    return this.url;
  }

  /** Runs statements as its superuser. */
  async run(statements: string): Promise<void> {
    const sql = postgres(this.url, { max: 1, onnotice: () => {} });
    try {
      await sql.unsafe(statements);
    } finally {
      await sql.end();
    }
  }

  /** All that runs of it, the postmaster first. */
  get pids(): number[] {
    const clusterDir = this.#clusterDir;
    if (!clusterDir) return [];
    const postmaster = findServer(clusterDir)?.pid;
    const isFirst = (pid: number) => Number(pid === postmaster);
    return listProcesses(clusterDir).toSorted((a, b) => isFirst(b) - isFirst(a));
  }

  get #clusterDir(): string | undefined {
    return findState(this.#dataDir)?.clusterDir;
  }

  /** `kill -9`, as a machine that runs out of memory does. */
  async kill(victim: Victim = "all"): Promise<void> {
    const clusterDir = this.#clusterDir;
    if (!clusterDir) throw new Error(`There is no database in ${this.#dataDir}.`);
    const { pids } = this;
    const [postmaster = 0, ...backends] = pids;
    // The youngest: the oldest ones are the server's own helpers.
    const youngest = backends.toSorted((a, b) => b - a).slice(0, 1);
    const struck = { all: pids, postmaster: [postmaster], backend: youngest }[victim];
    signal(struck, "SIGKILL");
    if (await isSoWithin(killTimeoutMs, () => listProcesses(clusterDir, struck).length === 0))
      return;
    throw new Error(`PostgreSQL lives on after its kill: ${struck.join()}.`);
  }

  /** Stops all of it in the middle of whatever it does; its sockets stay open. */
  freeze(): void {
    signal(this.pids, "SIGSTOP");
  }

  thaw(): void {
    signal(this.pids, "SIGCONT");
  }

  async freezeFor(forMs: number): Promise<void> {
    this.freeze();
    await sleep(forMs);
    this.thaw();
  }

  /** Ends it, however it is, and leaves its files; resolves to where they are. */
  async end(): Promise<string> {
    const state = findState(this.#dataDir);
    if (!state) return this.#dataDir;
    this.thaw();
    await stopServer(state.clusterDir);
    return state.dir;
  }

  /** Ends it, and removes its files where they lie outside the data folder. */
  async remove(): Promise<void> {
    const state = findState(this.#dataDir);
    if (!state) return;
    await this.end();
    await rm(state.dir, { recursive: true, force: true });
  }
}

function signal(pids: number[], name: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, name);
    } catch {
      // It left by itself in the meantime.
    }
  }
}
