import { constants } from "node:fs";
import { access, mkdir, realpath, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { prepareBinaries } from "./binaries";
import { createCluster, readPassword } from "./cluster";
import { withFileLock } from "./lock";
import { abandonServer, awaitServer, clearDeadServer, findServer, stopServer } from "./process";
import { launchServer } from "./server";
import { findState, openState, type EmbeddedState } from "./state";

export type EmbeddedPostgres = {
  url: string;
  reused: boolean;
  stateDir: string;
  logFile: string;
  stop(): Promise<void>;
  /** Ends it at once and waits for nothing; its next start recovers, as after a crash. */
  abandon(): void;
};

type EmbeddedOptions = { dataDir: string; fsync?: boolean; settings?: Record<string, string> };

/**
 * Starts (or finds and reuses) the PostgreSQL server that lives under `dataDir`. The server
 * outlives this process; `stop()` ends it for everyone. `fsync` and `settings` only count when
 * the server is started, not when it is found. Throws an Error that says what to do about it.
 */
export async function startEmbeddedPostgres(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const dataDir = await prepareDataDir(options.dataDir);
  const state = findState(dataDir);
  const server = state && findServer(state.clusterDir);
  if (state && server?.status === "ready") {
    return describe(state, { port: server.port, reused: true });
  }
  return withFileLock(join(dataDir, "postgres.lock"), () => startLocked(dataDir, options));
}

async function startLocked(dataDir: string, options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const state = await openState(dataDir);
  const found = await awaitServer(state);
  if (found) return describe(state, { port: found.port, reused: true });

  await clearDeadServer(state.clusterDir);
  const binaries = await prepareBinaries(state);
  const fsync = options.fsync ?? true;
  await createCluster(state, binaries, fsync);
  const port = await launchServer(state, binaries, {
    fsync: fsync ? "on" : "off",
    ...options.settings,
  });
  return describe(state, { port, reused: false });
}

function describe(
  state: EmbeddedState,
  { port, reused }: { port: number; reused: boolean },
): EmbeddedPostgres {
  return {
    url: `postgres://turbo:${readPassword(state)}@127.0.0.1:${port}/turbo`,
    reused,
    stateDir: state.dir,
    logFile: state.logFile,
    stop: () => stopServer(state.clusterDir),
    abandon: () => abandonServer(state.clusterDir),
  };
}

/** The folder's real path: the same server is found by whatever name the folder is given. */
async function prepareDataDir(dataDir: string): Promise<string> {
  const path = resolve(dataDir);
  try {
    await mkdir(path, { recursive: true });
    if (!(await stat(path)).isDirectory()) throw new Error("it is not a folder");
    await access(path, constants.W_OK | constants.X_OK);
    return await realpath(path);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`The database folder ${path} cannot be written: ${reason}.`, { cause });
  }
}
