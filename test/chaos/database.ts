import { rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { startEmbeddedPostgres } from "@/db/embedded/embedded";
import { findServer, listProcesses } from "@/db/embedded/process";
import { findState } from "@/db/embedded/state";
import { isSoWithin } from "@/test/kit/until";

/** What of the server a kill strikes. */
export type Victim = "all" | "postmaster" | "backend";

/** The PostgreSQL server of a data folder, and what can be done to it. */
export class ChaosDatabase {
  readonly #dataDir: string;

  /** `dataDir` is a real path. */
  constructor(dataDir: string) {
    this.#dataDir = dataDir;
  }

  /** Starts it, or finds it running; resolves to its URL. */
  async start(): Promise<string> {
    return (await startEmbeddedPostgres({ dataDir: this.#dataDir })).url;
  }

  get port(): number {
    return findServer(this.#clusterDir)?.port ?? 0;
  }

  get #clusterDir(): string {
    const state = findState(this.#dataDir);
    if (!state) throw new Error(`There is no database in ${this.#dataDir}.`);
    return state.clusterDir;
  }

  /** `kill -9`: of every process of it, of its postmaster, or of one that serves a connection. */
  async kill(victim: Victim): Promise<void> {
    const server = findServer(this.#clusterDir);
    const pids = listProcesses(this.#clusterDir);
    const backends = pids.filter((pid) => pid !== server?.pid);
    // The youngest: the oldest ones are the server's own helpers.
    const youngest = backends.toSorted((a, b) => b - a).slice(0, 1);
    const struck = { all: pids, postmaster: server ? [server.pid] : [], backend: youngest }[victim];
    signal(struck, "SIGKILL");
    await isSoWithin(5_000, () => listProcesses(this.#clusterDir, struck).length === 0);
  }

  /** SIGSTOP of every process of it for a while, as on a machine that swaps. */
  async freeze(forMs: number): Promise<void> {
    const pids = listProcesses(this.#clusterDir);
    signal(pids, "SIGSTOP");
    await sleep(forMs);
    signal(pids, "SIGCONT");
  }

  /** Ends it, however it is, and removes its files where they lie outside the data folder. */
  async remove(): Promise<void> {
    const state = findState(this.#dataDir);
    if (!state) return;
    signal(listProcesses(state.clusterDir), "SIGKILL");
    await isSoWithin(5_000, () => listProcesses(state.clusterDir).length === 0);
    await rm(state.dir, { recursive: true, force: true });
  }

  /** Ends it and leaves its files; resolves to where they are. */
  async stop(): Promise<string> {
    const { dir, clusterDir } = findState(this.#dataDir) ?? {};
    if (!dir || !clusterDir) return this.#dataDir;
    signal(listProcesses(clusterDir), "SIGKILL");
    return dir;
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
