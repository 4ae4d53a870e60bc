import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { envKeys } from "@/lib/env";
import { isSoWithin } from "@/test/kit/until";
import type { Journal } from "./journal";

const root = fileURLToPath(new URL("../..", import.meta.url));
const stopTimeoutMs = 10_000;
const restartAfterMs = 300;

type AppOptions = {
  name: string;
  port: number;
  settings: Record<string, string>;
  logFile: string;
  journal: Journal;
  /** May a start fail that began at this time? (Its database was away.) */
  mayFailToStart: (beganMs: number) => boolean;
};

/** One process of Turbo, as `npm start` runs it, and whoever starts it again when it ends. */
export class AppProcess {
  readonly name: string;
  readonly url: string;
  readonly #options: AppOptions;
  #child: ChildProcess | undefined;
  #startedMs = 0;
  #wasHealthy = false;
  #isWanted = false;

  constructor(options: AppOptions) {
    this.name = options.name;
    this.url = `http://127.0.0.1:${options.port}`;
    this.#options = options;
  }

  get isRunning(): boolean {
    return this.#child?.exitCode === null && this.#child.signalCode === null;
  }

  start(): void {
    const { port, settings, logFile } = this.#options;
    const unset = Object.fromEntries([...envKeys, "VERCEL"].map((key) => [key, ""]));
    const log = openSync(logFile, "a");
    this.#isWanted = true;
    this.#wasHealthy = false;
    this.#startedMs = performance.now();
    const child = spawn(process.execPath, ["--import", "tsx", "server/start.ts"], {
      cwd: root,
      env: { ...process.env, ...unset, npm_lifecycle_event: "", PORT: String(port), ...settings },
      stdio: ["ignore", log, log],
      // A group of its own, so that all of it can be killed at once.
      detached: true,
    });
    closeSync(log);
    this.#child = child;
    child.once("exit", (code, signal) => this.#onExit(signal ?? `exit code ${code}`));
  }

  /** Nobody asked it to end: it must not have, and is started again. */
  #onExit(how: string): void {
    if (!this.#isWanted) return;
    const { name, journal, logFile, mayFailToStart } = this.#options;
    const isExcused = !this.#wasHealthy && mayFailToStart(this.#startedMs);
    if (!isExcused) journal.surprise(`${name} ended by itself (${how}); see ${logFile}`);
    setTimeout(() => {
      if (this.#isWanted && !this.isRunning) this.start();
    }, restartAfterMs);
  }

  /** Is it healthy within this time? Starts that fail for want of the database are made again. */
  isHealthyWithin(timeoutMs: number): Promise<boolean> {
    return isSoWithin(timeoutMs, async () => {
      if ((await this.health()) === null) return false;
      this.#wasHealthy = true;
      return true;
    });
  }

  /** What /api/health says; null: not well, or no answer. */
  async health(): Promise<Record<string, unknown> | null> {
    try {
      const signal = AbortSignal.timeout(2_000);
      const response = await fetch(`${this.url}/api/health`, { signal });
      const body = await response.text();
      return response.ok ? JSON.parse(body) : null;
    } catch {
      return null;
    }
  }

  /** `kill -9` of its process group; its embedded database lives on. */
  async kill(): Promise<void> {
    this.#isWanted = false;
    this.#signal("SIGKILL");
    await isSoWithin(5_000, () => !this.isRunning);
  }

  /** SIGSTOP of its process group for a while: it then finds that time has gone on without it. */
  async freeze(forMs: number): Promise<void> {
    this.#signal("SIGSTOP");
    await sleep(forMs);
    this.#signal("SIGCONT");
  }

  /** SIGTERM: it must end with exit code 0 within ten seconds. */
  async stop(): Promise<void> {
    if (!this.isRunning) return;
    this.#isWanted = false;
    const child = this.#child;
    const wasHealthy = this.#wasHealthy;
    child?.kill("SIGTERM");
    if (!(await isSoWithin(stopTimeoutMs, () => !this.isRunning))) {
      this.#options.journal.surprise(`${this.name} did not stop within 10 s of SIGTERM`);
      return this.kill();
    }
    const how = child?.signalCode ?? `exit code ${child?.exitCode}`;
    if (wasHealthy && how !== "exit code 0") {
      this.#options.journal.surprise(`${this.name} stopped with ${how}`);
    }
  }

  #signal(name: NodeJS.Signals): void {
    const { pid } = this.#child ?? {};
    if (!pid || !this.isRunning) return;
    try {
      process.kill(-pid, name);
    } catch {
      // It left by itself in the meantime.
    }
  }
}
