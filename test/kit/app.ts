import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Child } from "./child";
import { until } from "./until";

export type Settings = Record<string, string>;

const root = fileURLToPath(new URL("../..", import.meta.url));
const readyTimeoutMs = 90_000;
const stopTimeoutMs = 10_000;
const shownLogCharacters = 3_000;

/** Builds what all apps of a test run share, unless the build there is newer than the sources. */
export const buildCommand = [
  process.execPath,
  "--import",
  "tsx",
  "--input-type=module",
  "--eval",
  'import { buildIfStale } from "./server/build.ts"; await buildIfStale();',
];

type Options = {
  port: number;
  dataDir: string;
  settings?: Settings;
  /** Where it prints to; without one, `log` holds the end of it. */
  logFile?: string;
};

/** One process of the real program, as `npm start` runs it, and all its starts. */
export class App {
  readonly port: number;
  readonly dataDir: string;
  readonly url: string;
  readonly #settings: Settings;
  readonly #logFile: string | undefined;
  #child: Child | undefined;
  #earlierLog = "";

  constructor({ port, dataDir, settings = {}, logFile }: Options) {
    this.port = port;
    this.dataDir = dataDir;
    this.url = `http://127.0.0.1:${port}`;
    this.#settings = settings;
    this.#logFile = logFile;
  }

  /** What it has printed, over all its starts. */
  get log(): string {
    return this.#earlierLog + (this.#child?.log ?? "");
  }

  get isRunning(): boolean {
    return this.#child?.isRunning ?? false;
  }

  /** Begins to start on the same port and data as ever; answers the new process. */
  launch(): Child {
    if (this.isRunning) throw new Error("The app runs already.");
    this.#earlierLog = this.log;
    const given = { PORT: String(this.port), DATA_DIR: this.dataDir, ...this.#settings };
    this.#child = launch(given, this.#logFile);
    return this.#child;
  }

  /** Starts; resolves when it is healthy. Throws when it ends before. */
  async start(timeoutMs = readyTimeoutMs): Promise<void> {
    this.launch();
    await this.untilHealthy(timeoutMs);
  }

  async untilHealthy(timeoutMs = readyTimeoutMs): Promise<void> {
    const child = this.#running();
    await until(
      `${this.url} is healthy`,
      async () => {
        if (!child.isRunning) throw new Error(`The app ended while it started${this.#ending()}`);
        return (await this.health()) !== null;
      },
      timeoutMs,
    );
  }

  /** What /api/health says; null: not well, or no answer. */
  async health(timeoutMs = 5_000): Promise<Record<string, unknown> | null> {
    try {
      const signal = AbortSignal.timeout(timeoutMs);
      const response = await fetch(`${this.url}/api/health`, { signal });
      const text = await response.text();
      return response.ok ? JSON.parse(text) : null;
    } catch {
      return null;
    }
  }

  /** SIGTERM: it must exit 0 in time. Resolves to how long it took; ends it all the same if not. */
  async stop(timeoutMs = stopTimeoutMs): Promise<{ durationMs: number }> {
    const child = this.#running();
    const startedAtMs = performance.now();
    if (!(await child.terminate(timeoutMs))) {
      await child.kill();
      throw new Error(`The app did not stop within ${timeoutMs / 1000} s and was killed.`);
    }
    if (child.end !== "exit code 0") throw new Error(`The app stopped badly${this.#ending()}`);
    return { durationMs: performance.now() - startedAtMs };
  }

  /** `kill -9` of the whole process group. Its database, in a session of its own, lives on. */
  async kill(): Promise<void> {
    await this.#child?.kill();
  }

  signal(name: NodeJS.Signals): void {
    this.#child?.process.kill(name);
  }

  /** Whoever reads what it prints goes away. */
  closeLog(): void {
    for (const stream of [this.#child?.process.stdout, this.#child?.process.stderr]) {
      stream?.destroy();
    }
  }

  /** How it ended: a signal, or its exit code. */
  get end(): string {
    return this.#child?.end ?? "never started";
  }

  /** SIGSTOP of its process group for a while: it then finds that time has gone on without it. */
  async freeze(forMs: number): Promise<void> {
    await this.#child?.freeze(forMs);
  }

  #running(): Child {
    if (!this.#child?.isRunning) throw new Error(`The app does not run${this.#ending()}`);
    return this.#child;
  }

  #ending(): string {
    const where = this.#logFile ? `see ${this.#logFile}` : this.log.slice(-shownLogCharacters);
    return ` (${this.end}):\n${where}`;
  }
}

/** Starts the program with these settings alone, whatever this environment and `.env` hold. */
export function launch(settings: Settings, logFile?: string): Child {
  const unset = Object.fromEntries([...settingNames(), "VERCEL"].map((name) => [name, ""]));
  const log = logFile === undefined ? "pipe" : openSync(logFile, "a");
  const child = spawn(process.execPath, ["--import", "tsx", "server/start.ts"], {
    cwd: root,
    // Not run by npm, it does not end with whoever started it.
    env: { ...process.env, ...unset, npm_lifecycle_event: "", ...settings },
    stdio: ["ignore", log, log],
    // A group of its own, so that all of it can be killed at once and Ctrl-C does not reach it.
    detached: true,
  });
  if (typeof log === "number") closeSync(log);
  return new Child(child, { isGroup: true });
}

/** Set but empty, a name counts as not given, and `.env` does not fill it. */
function settingNames(): string[] {
  const example = readFileSync(join(root, ".env.example"), "utf8");
  return [...example.matchAll(/^#?\s*([A-Z][A-Z_]+)=/gm)].map(([, name = ""]) => name);
}
