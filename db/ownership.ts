import { setTimeout as sleep } from "node:timers/promises";
import postgres from "postgres";

const advisoryLock = 7_283_002;
const patienceMs = 5_000;

export type Ownership = { release(): Promise<void> };

/**
 * Makes this process the only one on an embedded database; rejects when another is at work on
 * it. The server ends a killed process's session, hence its lock, by itself, within moments.
 */
export async function ownDatabase(url: string, dataDir: string): Promise<Ownership> {
  const client = postgres(url, { max: 1, connect_timeout: 5, idle_timeout: 0, onnotice: () => {} });
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const [row] = await client<{ is_ours: boolean }[]>`
      select pg_try_advisory_lock(${advisoryLock}) as is_ours`;
    if (row?.is_ours) return { release: () => client.end({ timeout: 2 }) };
    if (Date.now() > deadline) {
      await client.end({ timeout: 2 });
      throw new Error(
        `DATA_DIR: another Turbo Webhooks runs on ${dataDir}; stop it or set another DATA_DIR`,
      );
    }
    await sleep(100);
  }
}
