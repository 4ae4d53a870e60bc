import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { Binaries } from "./binaries";
import { serverEnv } from "./cluster";
import { findServer, readyTimeoutMs } from "./process";
import type { EmbeddedState } from "./state";

type Settings = Record<string, string>;

const maxLogBytes = 10 * 1024 * 1024;
const portAttempts = 5;

/** Errors and warnings go to the client; the log keeps what concerns the server itself. */
const baseSettings: Settings = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  max_connections: "100",
  shared_buffers: "64MB",
  synchronous_commit: "on",
  timezone: "UTC",
  log_timezone: "UTC",
  log_checkpoints: "off",
  log_min_messages: "log",
  log_min_error_statement: "panic",
};

/** Starts the server of `state` apart from this process; resolves to its port once it is ready. */
export async function launchServer(
  state: EmbeddedState,
  { postgres }: Binaries,
  settings: Settings,
): Promise<number> {
  rotateLog(state.logFile);
  for (let attempt = 1; ; attempt++) {
    const port = await choosePort(state.portFile);
    writeFileSync(state.portFile, `${port}\n`);
    const logStart = existsSync(state.logFile) ? statSync(state.logFile).size : 0;
    const args = settingArgs({ ...baseSettings, ...settings, port: String(port) });
    const failure = await spawnServer(state, postgres, args);
    if (failure === null) return port;
    const wasPortTaken = !(await isPortFree(port));
    if (wasPortTaken && attempt < portAttempts) continue;
    const tail = readFileSync(state.logFile).subarray(logStart).toString("utf8").slice(-1_500);
    throw new Error(`PostgreSQL did not start (${failure}), see ${state.logFile}: ${tail.trim()}`);
  }
}

/** Null once the server is ready, else why it is not. */
async function spawnServer(
  state: EmbeddedState,
  postgres: string,
  settings: string[],
): Promise<string | null> {
  const log = openSync(state.logFile, "a", 0o600);
  const child = spawn(postgres, ["-D", state.clusterDir, ...settings], {
    ...state.user,
    env: serverEnv,
    cwd: state.dir,
    detached: true,
    stdio: ["ignore", log, log],
  });
  closeSync(log);
  child.unref();
  let failure: string | null = null;
  child.on("error", (error) => (failure = error.message));
  child.on("exit", (code, signal) => (failure = `exit ${code ?? signal}`));

  const deadline = performance.now() + readyTimeoutMs;
  while (failure === null) {
    const server = findServer(state.clusterDir);
    if (server?.pid === child.pid && server?.status === "ready") return null;
    if (performance.now() > deadline) {
      throw new Error(`PostgreSQL has been starting for too long: see ${state.logFile}.`);
    }
    await delay(10);
  }
  return failure;
}

function settingArgs(settings: Settings): string[] {
  return Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}

function rotateLog(logFile: string): void {
  if (existsSync(logFile) && statSync(logFile).size > maxLogBytes) {
    renameSync(logFile, `${logFile}.1`);
  }
}

/** The port of last time, so that open pools find the server again, unless someone took it. */
async function choosePort(portFile: string): Promise<number> {
  const last = existsSync(portFile) ? Number(readFileSync(portFile, "utf8")) : 0;
  if (last > 0 && (await isPortFree(last))) return last;
  for (let attempt = 0; attempt < 100; attempt++) {
    // From 32768 on, the system hands ports to outgoing connections.
    const port = randomInt(20_000, 32_768);
    if (await isPortFree(port)) return port;
  }
  throw new Error("No free port between 20000 and 32767 was found for PostgreSQL.");
}

function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
  });
}
