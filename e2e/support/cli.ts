import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const program = fileURLToPath(new URL("../../cli/turbo.mjs", import.meta.url));

/** Runs `turbo` against one installation; throws when it fails. */
export async function turbo(appUrl: string, args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [program, ...args], {
    env: { ...process.env, TURBO_API_URL: appUrl, TURBO_API_KEY: "", NO_COLOR: "1" },
  });
  return stdout;
}
