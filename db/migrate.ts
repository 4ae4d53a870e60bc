import { fileURLToPath } from "node:url";
import { drizzle } from "drizzle-orm/postgres-js";
import { migrate } from "drizzle-orm/postgres-js/migrator";
import postgres from "postgres";
import { clientOptions } from "./client";

const migrationsFolder = fileURLToPath(new URL("./migrations", import.meta.url));
const advisoryLock = 7_283_001;
/** A migration may have a large table to fill, and whoever waits for its turn waits as long. */
const patienceMs = 600_000;

/** Brings the schema up to date; processes that start together take turns. */
export async function migrateDatabase(url: string): Promise<void> {
  const limits = { max: 1, statementTimeoutMs: patienceMs, lockTimeoutMs: patienceMs };
  const client = postgres(url, clientOptions(limits));
  try {
    await client`select pg_advisory_lock(${advisoryLock})`;
    await migrate(drizzle(client), { migrationsFolder });
  } finally {
    await client.end({ timeout: 5 });
  }
}
