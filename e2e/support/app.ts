import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { until } from "@/test/kit/until";
import { findAppPort } from "@/test/kit/port";
import { killPostgres, livingOf, postgresPids, removePostgres } from "./database";

export type Settings = Record<string, string>;

const root = fileURLToPath(new URL("../..", import.meta.url));
/** For a start that builds. */
export const buildTimeoutMs = 240_000;
const readyTimeoutMs = 90_000;
const stopTimeoutMs = 10_000;

/** One installation: the real program, as `npm start` runs it, with a data folder of its own. */
export class App {
  readonly port: number;
  readonly dataDir: string;
  readonly url: string;
  readonly #settings: Settings;
  #child: ChildProcess | undefined;
  #log = "";

  constructor(port: number, settings: Settings) {
    this.port = port;
    this.url = `http://127.0.0.1:${port}`;
    this.dataDir = mkdtempSync(join(tmpdir(), "turbo-e2e-"));
    this.#settings = settings;
  }

  /** Everything it has printed, over all its starts. */
  get log(): string {
    return this.#log;
  }

  /** The processes of its database. */
  get postgresPids(): number[] {
    return postgresPids(this.dataDir);
  }

  get isRunning(): boolean {
    return this.#child?.exitCode === null && this.#child.signalCode === null;
  }

  /** Starts on the same port and data; resolves when it is healthy. */
  async start(timeoutMs = readyTimeoutMs): Promise<void> {
    if (this.isRunning) throw new Error("The app runs already.");
    const given = { PORT: String(this.port), DATA_DIR: this.dataDir, ...this.#settings };
    const child = launch(given, (text) => (this.#log += text));
    this.#child = child;
    await until("the app is healthy", () => this.#isHealthy(child), timeoutMs);
  }

  async #isHealthy(child: ChildProcess): Promise<boolean> {
    if (child.exitCode !== null || child.signalCode !== null) {
      const end = child.signalCode ?? `exit code ${child.exitCode}`;
      throw new Error(`The app ended while it started (${end}):\n${this.log.slice(-3_000)}`);
    }
    try {
      const signal = AbortSignal.timeout(5_000);
      const response = await fetch(`${this.url}/api/health`, { signal });
      await response.arrayBuffer();
      return response.status === 200;
    } catch {
      return false;
    }
  }

  /** SIGTERM: it must exit 0 within 10 s and leave no database running. Resolves to how long it took. */
  async stop(): Promise<{ durationMs: number }> {
    const child = this.#running();
    const pids = this.postgresPids;
    const startedAt = performance.now();
    child.kill("SIGTERM");
    await until("the app has stopped", () => !this.isRunning, stopTimeoutMs);
    const durationMs = performance.now() - startedAt;
    if (child.exitCode !== 0) {
      const end = child.signalCode ?? `exit code ${child.exitCode}`;
      throw new Error(`The app stopped with ${end}:\n${this.log.slice(-3_000)}`);
    }
    const left = [...livingOf(pids), ...this.postgresPids];
    if (left.length > 0) throw new Error(`PostgreSQL still runs after the stop: ${left.join()}.`);
    return { durationMs };
  }

  /** `kill -9` of the whole process group. The database, in a session of its own, lives on. */
  async kill(): Promise<void> {
    const child = this.#running();
    const ended = once(child, "exit");
    process.kill(-(child.pid ?? 0), "SIGKILL");
    await ended;
  }

  killPostgres(): Promise<void> {
    return killPostgres(this.dataDir);
  }

  /** Ends whatever still runs and removes every trace of it. */
  async remove(): Promise<void> {
    if (this.isRunning) await this.kill();
    await removePostgres(this.dataDir);
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  #running(): ChildProcess {
    if (!this.#child || !this.isRunning) throw new Error("The app does not run.");
    return this.#child;
  }
}

/** Starts the program with these settings alone, whatever this environment and `.env` hold. */
export async function startApp(settings: Settings = {}, timeoutMs?: number): Promise<App> {
  const app = new App(Number(settings.PORT ?? (await findAppPort())), settings);
  try {
    await app.start(timeoutMs);
    return app;
  } catch (error) {
    await app.remove();
    throw error;
  }
}

export type BootEnd = { exitCode: number | null; stdout: string; stderr: string };

/** Starts the program where it is expected to refuse; resolves when it has ended. */
export async function runUntilExit(settings: Settings): Promise<BootEnd> {
  const end: BootEnd = { exitCode: null, stdout: "", stderr: "" };
  const child = launch(settings, (text, stream) => (end[stream] += text));
  const isOver = () => child.exitCode !== null || child.signalCode !== null;
  try {
    await until("the program ends by itself", isOver, 30_000);
  } catch (error) {
    process.kill(-(child.pid ?? 0), "SIGKILL");
    throw error;
  }
  end.exitCode = child.exitCode;
  return end;
}

function launch(
  settings: Settings,
  onText: (text: string, stream: "stdout" | "stderr") => void,
): ChildProcess {
  const unset = Object.fromEntries([...settingNames(), "VERCEL"].map((name) => [name, ""]));
  const child = spawn(process.execPath, ["--import", "tsx", "server/start.ts"], {
    cwd: root,
    env: { ...process.env, ...unset, ...settings },
    stdio: ["ignore", "pipe", "pipe"],
    // A group of its own, so that all of it can be killed at once.
    detached: true,
  });
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream].setEncoding("utf8").on("data", (text: string) => onText(text, stream));
  }
  return child;
}

/** Set but empty, a name counts as not given, and `.env` does not fill it. */
function settingNames(): string[] {
  const example = readFileSync(join(root, ".env.example"), "utf8");
  return [...example.matchAll(/^#?\s*([A-Z][A-Z_]+)=/gm)].map(([, name = ""]) => name);
}
