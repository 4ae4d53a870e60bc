import { setTimeout as sleep } from "node:timers/promises";
import postgres from "postgres";
import { clientOptions, type Sql } from "./client";

const advisoryLock = 7_283_002;
const patienceMs = 5_000;

/** The right of one process to an embedded database: an advisory lock of a session of its own. */
export class Ownership {
  readonly #client: Sql;
  #sessionPid: number | undefined;

  private constructor(url: string) {
    const limits = clientOptions({ max: 1, statementTimeoutMs: 3_000 });
    // Not idle_timeout: the session is the lock.
    this.#client = postgres(url, { ...limits, idle_timeout: undefined, max_lifetime: null });
  }

  /** Makes this process the only one; rejects when another is at work on it. */
  static async take(url: string, dataDir: string): Promise<Ownership> {
    const ownership = new Ownership(url);
    if (await ownership.keep()) return ownership;
    await ownership.release();
    throw new Error(
      `DATA_DIR: another Turbo Webhooks runs on ${dataDir}; stop it or set another DATA_DIR`,
    );
  }

  /**
   * Still ours? A session that ended is replaced, and the lock taken anew. The server ends the
   * session of a killed process, or one that we gave up while it was frozen, by itself, within
   * moments: until then the lock is that session's.
   */
  async keep(): Promise<boolean> {
    const deadline = performance.now() + patienceMs;
    for (;;) {
      if (await this.#isOurs()) return true;
      if (performance.now() > deadline) return false;
      await sleep(100);
    }
  }

  async #isOurs(): Promise<boolean> {
    const [session] = await this.#client<{ pid: number }[]>`select pg_backend_pid() as pid`;
    if (session && session.pid === this.#sessionPid) return true;
    const [row] = await this.#client<{ is_ours: boolean; pid: number }[]>`
      select pg_try_advisory_lock(${advisoryLock}) as is_ours, pg_backend_pid() as pid`;
    this.#sessionPid = row?.is_ours ? row.pid : undefined;
    return row?.is_ours ?? false;
  }

  async release(): Promise<void> {
    await this.#client.end({ timeout: 1 });
  }
}
