import { access, constants, mkdir, readFile, writeFile } from "node:fs/promises";
import type { Env } from "@/lib/env";
import { randomBytes } from "node:crypto";
import { join } from "node:path";

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

/** The key of this data folder, made at first use; whoever loses it loses the webhooks' secrets. */
export async function readOrMakeSecretKey(dataDir: string): Promise<string> {
  const path = join(dataDir, "secret.key");
  const made = randomBytes(32).toString("base64url");
  try {
    await writeFile(path, made, { mode: 0o600, flag: "wx" });
    return made;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") {
      return (await readFile(path, "utf8")).trim();
    }
    throw new Error(`DATA_DIR: ${path} cannot be written`, { cause: error });
  }
}
