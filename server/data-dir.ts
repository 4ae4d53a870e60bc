import { access, constants, mkdir } from "node:fs/promises";
import type { Env } from "@/lib/env";

/** Makes DATA_DIR, where it is needed; rejects with one sentence when it cannot be written. */
export async function prepareDataDir({ dataDir, databaseUrl, secretKey }: Env): Promise<void> {
  if (databaseUrl && secretKey) return;
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    await access(dataDir, constants.W_OK);
  } catch (error) {
    throw new Error(`DATA_DIR: ${dataDir} cannot be written`, { cause: error });
  }
}
