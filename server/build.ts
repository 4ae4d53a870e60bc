import { spawn } from "node:child_process";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const sources = ["app", "components", "inngest", "lib", "db", "public"];
const sourceFiles = ["package.json", "package-lock.json", "next.config.mjs", "tailwind.config.ts"];

/** Runs `next build` when there is no build or a source is newer; shows its progress. */
export async function buildIfStale(): Promise<void> {
  const builtAt = await modifiedAtMs(join(root, ".next", "BUILD_ID"));
  if (builtAt !== null && builtAt >= (await newestSourceAtMs())) return;
  process.stdout.write("Building the app (once; about half a minute) …\n");
  await runBuild();
}

async function runBuild(): Promise<void> {
  const nextBin = fileURLToPath(import.meta.resolve("next/dist/bin/next"));
  const code = await new Promise<number | null>((resolve, reject) => {
    const child = spawn(process.execPath, [nextBin, "build"], {
      cwd: root,
      stdio: ["ignore", "inherit", "inherit"],
      env: { ...process.env, NODE_ENV: "production" },
    });
    child.once("error", reject);
    child.once("exit", resolve);
  });
  if (code !== 0) throw new Error(`The build failed (exit code ${code}); its output is above.`);
}

async function newestSourceAtMs(): Promise<number> {
  const times = await Promise.all([
    ...sources.map((folder) => newestUnderAtMs(join(root, folder))),
    ...sourceFiles.map((file) => modifiedAtMs(join(root, file))),
  ]);
  return Math.max(...times.map((time) => time ?? 0));
}

async function newestUnderAtMs(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && !/\.(test|tmp)\./.test(entry.name));
  const times = await Promise.all(
    files.map((file) => modifiedAtMs(join(file.parentPath, file.name))),
  );
  return Math.max(0, ...times.map((time) => time ?? 0));
}

async function modifiedAtMs(path: string): Promise<number | null> {
  const found = await stat(path).catch(() => null);
  return found?.mtimeMs ?? null;
}
