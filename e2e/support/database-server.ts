import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { freezePostgres, killPostgres, removePostgres, thawPostgres } from "./database";

const root = fileURLToPath(new URL("../..", import.meta.url));

// In a process of its own: the tests import nothing of the app.
const starter = `
  import { startEmbeddedPostgres } from "./db/embedded/embedded.ts";
  const { url } = await startEmbeddedPostgres({ dataDir: process.argv[1] });
  process.stdout.write(url);`;

const runner = `
  import postgres from "postgres";
  const sql = postgres(process.argv[1], { max: 1, onnotice: () => {} });
  await sql.unsafe(process.argv[2]);
  await sql.end();`;

/** A PostgreSQL server beside the apps, as DATABASE_URL names one; on one port for its whole life. */
export class DatabaseServer {
  readonly #dataDir = mkdtempSync(join(tmpdir(), "turbo-e2e-postgres-"));
  url = "";

  /** Starts it, or starts it again on the data and the port it had. */
  async start(): Promise<void> {
    const options = ["--import", "tsx", "--input-type=module", "-e", starter, this.#dataDir];
    const { stdout } = await promisify(execFile)(process.execPath, options, { cwd: root });
    this.url = stdout;
  }

  /** Runs statements as its superuser. */
  async run(statements: string): Promise<void> {
    const options = ["--input-type=module", "-e", runner, this.url, statements];
    await promisify(execFile)(process.execPath, options, { cwd: root });
  }

  /** `kill -9` of all of it. */
  kill(): Promise<void> {
    return killPostgres(this.#dataDir);
  }

  /** Its processes stand still, its connections stay open: nothing answers any more. */
  freeze(): void {
    freezePostgres(this.#dataDir);
  }

  thaw(): void {
    thawPostgres(this.#dataDir);
  }

  async remove(): Promise<void> {
    this.thaw();
    await removePostgres(this.#dataDir);
    rmSync(this.#dataDir, { recursive: true, force: true });
  }
}

export async function startDatabaseServer(): Promise<DatabaseServer> {
  const postgres = new DatabaseServer();
  try {
    await postgres.start();
    return postgres;
  } catch (error) {
    await postgres.remove();
    throw error;
  }
}
