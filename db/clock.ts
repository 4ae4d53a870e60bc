import { clock, type Reading } from "@/lib/clock";
import type { Sql } from "./client";

const readings = 3;
const readEveryMs = 30_000;
/** The wall clock that moves more than this against monotonic time was set, or the machine slept. */
const jumpMs = 500;

/** Sets this process's clock by the database's, by the quickest of a few readings. */
export async function syncClock(sql: Sql): Promise<void> {
  let best: Reading | undefined;
  for (let i = 0; i < readings; i += 1) {
    const askedAtMs = performance.now();
    const [row] = await sql<{ epoch_ms: number }[]>`
      select extract(epoch from clock_timestamp())::float8 * 1000 as epoch_ms`;
    const tookMs = performance.now() - askedAtMs;
    if (row && (!best || tookMs < best.tookMs)) best = { epochMs: row.epoch_ms, askedAtMs, tookMs };
  }
  if (best) clock().set(best);
}

/**
 * Keeps this process's clock right, called every second or so: reads the database's every 30 s, and
 * as soon as the wall clock has jumped, for while a machine sleeps monotonic time may stand still.
 */
export function clockKeeper(sql: Sql): () => Promise<void> {
  const readAheadMs = () => Date.now() - performance.now();
  let readAtMs = performance.now();
  let aheadMs = readAheadMs();
  return async () => {
    const isJump = Math.abs(readAheadMs() - aheadMs) > jumpMs;
    if (!isJump && performance.now() - readAtMs < readEveryMs) return;
    readAtMs = performance.now();
    const nowAheadMs = readAheadMs();
    await syncClock(sql);
    aheadMs = nowAheadMs;
  };
}
