import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { envKeys } from "@/lib/env";

export type DemoApp = {
  url: string;
  /** Resolves when the app is healthy; rejects when it ends first or takes over 180 s. */
  waitUntilReady: (tell: (progress: string) => void) => Promise<void>;
  /** The last lines the app printed. */
  logTail: () => string;
  /** Stops the app as Ctrl-C does. Rejects when it has to be killed or ends with an error. */
  stop: () => Promise<void>;
};

const root = fileURLToPath(new URL("..", import.meta.url));
const readyTimeoutMs = 180_000;
const stopTimeoutMs = 12_000;
const tellEveryMs = 10_000;
const tailLines = 40;

/** Starts the app by its launcher, on this port and folder and with every other setting unset. */
export function startDemoApp(port: number, dataDir: string): DemoApp {
  const unset = Object.fromEntries([...envKeys, "VERCEL"].map((key) => [key, ""]));
  const child = spawn(process.execPath, ["--import", "tsx", "server/start.ts"], {
    cwd: root,
    env: { ...process.env, ...unset, PORT: String(port), DATA_DIR: dataDir },
    stdio: ["ignore", "pipe", "pipe"],
    // A group of its own: Ctrl-C reaches the demo alone, which then stops the app.
    detached: true,
  });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface(stream).on("line", (line) => {
      lines.push(line);
      if (lines.length > tailLines) lines.shift();
    });
  }
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    waitUntilReady: (tell) =>
      waitUntilReady(child, url, (seconds) => {
        tell(`${seconds} s: ${lines.at(-1)?.slice(0, 100) ?? "nothing printed yet"}`);
      }),
    logTail: () => lines.join("\n"),
    stop: () => stop(child),
  };
}

async function waitUntilReady(
  child: ChildProcess,
  url: string,
  tell: (seconds: number) => void,
): Promise<void> {
  const startedAt = Date.now();
  let toldAt = startedAt;
  while (Date.now() - startedAt < readyTimeoutMs) {
    if (hasEnded(child)) throw new Error(`The app ended while starting (${endOf(child)}).`);
    if (await isHealthy(url)) return;
    await sleep(200);
    if (Date.now() - toldAt < tellEveryMs) continue;
    toldAt = Date.now();
    tell(Math.round((toldAt - startedAt) / 1000));
  }
  throw new Error(`The app was not healthy within ${readyTimeoutMs / 1000} s.`);
}

async function isHealthy(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/api/health`, { signal: AbortSignal.timeout(5_000) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const exit = once(child, "exit");
  child.kill("SIGTERM");
  const giveUp = new AbortController();
  const hasExited = await Promise.race([
    exit.then(() => true),
    sleep(stopTimeoutMs, false, { signal: giveUp.signal }),
  ]);
  giveUp.abort();
  if (!hasExited) {
    child.kill("SIGKILL");
    await exit;
    throw new Error(`The app did not stop within ${stopTimeoutMs / 1000} s and was killed.`);
  }
  if (child.exitCode !== 0) throw new Error(`The app stopped with an error (${endOf(child)}).`);
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function endOf(child: ChildProcess): string {
  return child.signalCode ?? `exit code ${child.exitCode}`;
}
