import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { until } from "@/test/kit/until";

const rootStateDir = "/var/lib/turbo-webhooks";

type Process = { pid: number; parent: number; isZombie: boolean };

/** Every process of the embedded PostgreSQL of a data folder, the postmaster first. */
export function postgresPids(dataDir: string): number[] {
  const stateDir = findStateDir(dataDir);
  const pidFile = stateDir && join(stateDir, "data", "postmaster.pid");
  if (!pidFile || !existsSync(pidFile)) return [];
  const postmaster = Number(readFileSync(pidFile, "utf8").split("\n")[0]);
  const processes = listProcesses().filter((one) => !one.isZombie);
  return processes
    .filter((one) => one.pid === postmaster || one.parent === postmaster)
    .map((one) => one.pid)
    .toSorted((a, b) => Number(b === postmaster) - Number(a === postmaster));
}

/** Which of these still run. */
export function livingOf(pids: number[]): number[] {
  const living = listProcesses().filter((one) => !one.isZombie);
  return living.map((one) => one.pid).filter((pid) => pids.includes(pid));
}

/** `kill -9` of all of it, as a machine that runs out of memory does. */
export async function killPostgres(dataDir: string): Promise<void> {
  const pids = postgresPids(dataDir);
  for (const pid of pids) signal(pid, "SIGKILL");
  await until("PostgreSQL is dead", () => livingOf(pids).length === 0);
}

/** Stops all of it in the middle of whatever it does; its sockets stay open. */
export function freezePostgres(dataDir: string): void {
  for (const pid of postgresPids(dataDir)) signal(pid, "SIGSTOP");
}

export function thawPostgres(dataDir: string): void {
  for (const pid of postgresPids(dataDir)) signal(pid, "SIGCONT");
}

/** Ends what still runs of a data folder's database and removes its files. */
export async function removePostgres(dataDir: string): Promise<void> {
  const pids = postgresPids(dataDir);
  const [postmaster] = pids;
  if (postmaster) signal(postmaster, "SIGINT");
  const isGone = () => livingOf(pids).length === 0;
  await until("PostgreSQL has ended", isGone, 5_000).catch(() => killPostgres(dataDir));
  const stateDir = findStateDir(dataDir);
  if (stateDir) rmSync(stateDir, { recursive: true, force: true });
}

/** Root's database lies outside the data folder, which then only names it. */
function findStateDir(dataDir: string): string | null {
  const pointer = join(dataDir, "postgres.json");
  if (!existsSync(pointer)) return join(dataDir, "postgres");
  const { id }: { id?: unknown } = JSON.parse(readFileSync(pointer, "utf8"));
  return typeof id === "string" && /^[0-9a-f-]+$/.test(id) ? join(rootStateDir, id) : null;
}

function listProcesses(): Process[] {
  return process.platform === "linux" ? listByProc() : listByPs();
}

function listByProc(): Process[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const line = readFileSync(`/proc/${name}/stat`, "utf8");
        const [state, parent] = line.slice(line.lastIndexOf(")") + 2).split(" ");
        return [{ pid: Number(name), parent: Number(parent), isZombie: state === "Z" }];
      } catch {
        return [];
      }
    });
}

function listByPs(): Process[] {
  const text = execFileSync("ps", ["-axo", "pid=,ppid=,stat="], { encoding: "utf8" });
  return text
    .trim()
    .split("\n")
    .map((line) => {
      const [pid, parent, state = ""] = line.trim().split(/\s+/);
      return { pid: Number(pid), parent: Number(parent), isZombie: state.startsWith("Z") };
    });
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It left by itself in the meantime.
  }
}
