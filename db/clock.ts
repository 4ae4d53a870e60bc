import { clock } from "@/lib/clock";
import type { Sql } from "./client";

/** Sets this process's clock by the database's. */
export async function syncClock(sql: Sql): Promise<void> {
  const askedAtMs = performance.now();
  const [row] = await sql<{ epoch_ms: number }[]>`
    select extract(epoch from clock_timestamp())::float8 * 1000 as epoch_ms`;
  if (row) clock().set(row.epoch_ms, askedAtMs);
}
