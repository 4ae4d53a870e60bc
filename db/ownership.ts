import { setTimeout as sleep } from "node:timers/promises";
import postgres from "postgres";

const advisoryLock = 7_283_002;
const patienceMs = 5_000;

/** The right of one process to an embedded database: an advisory lock of a session of its own. */
export class Ownership {
  readonly #client: postgres.Sql;
  #sessionPid: number | undefined;

  private constructor(url: string) {
    this.#client = postgres(url, {
      max: 1,
      connect_timeout: 5,
      backoff: () => 0.25,
      onnotice: () => {},
    });
  }

  /**
   * Makes this process the only one; rejects when another is at work on it. The server ends a
   * killed process's session, hence its lock, by itself, within moments.
   */
  static async take(url: string, dataDir: string): Promise<Ownership> {
    const ownership = new Ownership(url);
    const deadline = Date.now() + patienceMs;
    while (!(await ownership.keep())) {
      if (Date.now() > deadline) {
        await ownership.release();
        throw new Error(
          `DATA_DIR: another Turbo Webhooks runs on ${dataDir}; stop it or set another DATA_DIR`,
        );
      }
      await sleep(100);
    }
    return ownership;
  }

  /** Still ours? A session that ended with its server is replaced, and the lock taken anew. */
  async keep(): Promise<boolean> {
    const [session] = await this.#client<{ pid: number }[]>`select pg_backend_pid() as pid`;
    if (session && session.pid === this.#sessionPid) return true;
    const [row] = await this.#client<{ is_ours: boolean; pid: number }[]>`
      select pg_try_advisory_lock(${advisoryLock}) as is_ours, pg_backend_pid() as pid`;
    this.#sessionPid = row?.is_ours ? row.pid : undefined;
    return row?.is_ours ?? false;
  }

  async release(): Promise<void> {
    await this.#client.end({ timeout: 2 });
  }
}
