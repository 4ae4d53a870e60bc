import { spawnSync } from "node:child_process";
import {
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { EmbeddedState } from "./state";

/** What a running server says of itself in its postmaster.pid. */
export type RunningServer = { pid: number; port: number; status: string };

/** Recovery after a crash may take its time. */
export const readyTimeoutMs = 120_000;

/** The live server of `clusterDir`, or null; a pid file alone proves nothing. */
export function findServer(clusterDir: string): RunningServer | null {
  const server = readPidFile(clusterDir);
  return server && listProcesses(clusterDir, [server.pid]).length > 0 ? server : null;
}

/** Waits for a server that is starting; null when there is none or it is on its way out. */
export async function awaitServer(state: EmbeddedState): Promise<RunningServer | null> {
  const deadline = performance.now() + readyTimeoutMs;
  for (;;) {
    const server = findServer(state.clusterDir);
    if (!server || server.status === "ready") return server;
    if (performance.now() > deadline) {
      throw new Error(`PostgreSQL has been ${server.status} for too long: see ${state.logFile}.`);
    }
    await delay(25);
  }
}

/** Ends the server of `clusterDir`, gently at first; resolves when no process of it is left. */
export async function stopServer(clusterDir: string): Promise<void> {
  const server = findServer(clusterDir);
  if (server) signal([server.pid], "SIGINT");
  if (await areGone(clusterDir, 10_000)) return;
  await killServer(clusterDir, "SIGQUIT");
}

/** Tells the server of `clusterDir` to end at once, without waiting for it. */
export function abandonServer(clusterDir: string): void {
  const server = findServer(clusterDir);
  if (server) signal([server.pid], "SIGQUIT");
}

/**
 * Clears the way for a new server: waits for the backends of a postmaster that died, which leave
 * on their own unless busy, ends those that stay, and removes its pid file.
 */
export async function clearDeadServer(clusterDir: string): Promise<void> {
  if (!(await areGone(clusterDir, 3_000))) await killServer(clusterDir, "SIGTERM");
  // A zombie's pid still counts as alive for PostgreSQL, which would refuse to start.
  if (process.platform === "linux") rmSync(join(clusterDir, "postmaster.pid"), { force: true });
}

/** Ends the processes whose data folder was deleted under them; they would hold its port. */
export async function endDeletedServer(clusterDir: string): Promise<void> {
  signal(listProcesses(`${clusterDir} (deleted)`), "SIGKILL");
  await areGone(`${clusterDir} (deleted)`, 5_000);
}

async function killServer(clusterDir: string, first: NodeJS.Signals): Promise<void> {
  signal(listProcesses(clusterDir), first);
  if (await areGone(clusterDir, 5_000)) return;
  signal(listProcesses(clusterDir), "SIGKILL");
  if (await areGone(clusterDir, 5_000)) return;
  const pids = listProcesses(clusterDir).join(", ");
  throw new Error(`PostgreSQL processes of ${clusterDir} cannot be ended: ${pids}.`);
}

async function areGone(clusterDir: string, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (listProcesses(clusterDir).length > 0) {
    if (performance.now() > deadline) return false;
    await delay(20);
  }
  return true;
}

function signal(pids: number[], name: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, name);
    } catch {
      // It left by itself in the meantime.
    }
  }
}

/** Lines of postmaster.pid: pid, folder, start time, port, socket folder, address, key, status. */
function readPidFile(clusterDir: string): RunningServer | null {
  let text: string;
  try {
    text = readFileSync(join(clusterDir, "postmaster.pid"), "utf8");
  } catch {
    return null;
  }
  const lines = text.split("\n");
  const pid = Number(lines[0]);
  if (!(pid > 0)) return null;
  return { pid, port: Number(lines[3]), status: lines[7]?.trim() || "starting" };
}

/**
 * The PostgreSQL processes that work in `clusterDir`, among `candidates` if given. All of them
 * have it as their current folder; a zombie has none, whatever its pid says.
 */
export function listProcesses(clusterDir: string, candidates?: number[]): number[] {
  if (process.platform !== "linux") return listByPidFile(clusterDir);
  const folder = existsSync(clusterDir) ? realpathSync(clusterDir) : clusterDir;
  const pids =
    candidates ??
    readdirSync("/proc")
      .map(Number)
      .filter((pid) => pid > 0);
  const servers = pids.filter((pid) => readCommand(pid) === "postgres");
  try {
    return servers.filter((pid) => readFolder(pid) === folder);
  } catch {
    return listAsOwner(folder, servers);
  }
}

function readCommand(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8").trim();
  } catch {
    return "";
  }
}

/** Throws when root may not look, as in a container without the right to trace. */
function readFolder(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch (error) {
    const forbidden = error instanceof Error && "code" in error && error.code === "EACCES";
    if (forbidden && process.getuid?.() === 0) throw error;
    return "";
  }
}

function listAsOwner(clusterDir: string, pids: number[]): number[] {
  if (!existsSync(clusterDir)) return [];
  const { uid, gid } = statSync(clusterDir);
  const links = pids.map((pid) => `/proc/${pid}/cwd`);
  const { stdout } = spawnSync("ls", ["-l", ...links], { uid, gid, cwd: "/", encoding: "utf8" });
  return pids.filter((pid) => stdout.includes(`/proc/${pid}/cwd -> ${clusterDir}\n`));
}

function listByPidFile(clusterDir: string): number[] {
  const server = readPidFile(clusterDir);
  if (!server) return [];
  const { stdout } = spawnSync("ps", ["-o", "comm=", "-p", `${server.pid}`], { encoding: "utf8" });
  return /(^|\/)postgres$/.test(stdout.trim()) ? [server.pid] : [];
}
