import { mkdtempSync, rmSync } from "node:fs";
import { realpath } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App as AppProcess, launch, type Settings } from "@/test/kit/app";
import { findAppPort } from "@/test/kit/port";
import { PostgresServer } from "@/test/kit/postgres-server";
import { until } from "@/test/kit/until";

export type { Settings } from "@/test/kit/app";

/** One installation: the real program with a data folder, and as a rule a database, of its own. */
export class App extends AppProcess {
  readonly postgres: PostgresServer;

  constructor(port: number, settings: Settings) {
    super({ port, settings, dataDir: mkdtempSync(join(tmpdir(), "turbo-e2e-")) });
    this.postgres = new PostgresServer(this.dataDir);
  }

  /** As ever; it must leave no database of its own running. */
  override async stop(): Promise<{ durationMs: number }> {
    const stopped = await super.stop();
    const { pids } = this.postgres;
    if (pids.length > 0) throw new Error(`PostgreSQL still runs after the stop: ${pids.join()}.`);
    return stopped;
  }

  /** Ends whatever still runs and removes every trace of it. */
  async remove(): Promise<void> {
    await this.kill();
    await this.postgres.remove();
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}

/** Starts the program with these settings alone, whatever this environment and `.env` hold. */
export async function startApp(settings: Settings = {}): Promise<App> {
  const app = new App(Number(settings.PORT ?? (await findAppPort())), settings);
  try {
    await app.start();
    return app;
  } catch (error) {
    await app.remove();
    throw error;
  }
}

/** A PostgreSQL server beside the apps, as DATABASE_URL names one. */
export async function startDatabaseServer(): Promise<PostgresServer> {
  const dataDir = await realpath(mkdtempSync(join(tmpdir(), "turbo-e2e-postgres-")));
  const postgres = new PostgresServer(dataDir);
  try {
    await postgres.start();
    return postgres;
  } catch (error) {
    await postgres.remove();
    throw error;
  }
}

export type BootEnd = { exitCode: number | null; stdout: string; stderr: string };

/** Starts the program where it is expected to refuse; resolves when it has ended. */
export async function runUntilExit(settings: Settings): Promise<BootEnd> {
  const child = launch(settings);
  const end: BootEnd = { exitCode: null, stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const) {
    child.process[stream]?.on("data", (text: string) => (end[stream] += text));
  }
  try {
    await until("the program ends by itself", () => !child.isRunning, 30_000);
  } catch (error) {
    await child.kill();
    throw error;
  }
  end.exitCode = child.process.exitCode;
  return end;
}
