import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

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
