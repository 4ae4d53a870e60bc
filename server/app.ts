import next from "next";
import { db, type Database } from "@/db/client";
import { startEmbeddedPostgres, type EmbeddedPostgres } from "@/db/embedded/embedded";
import { migrateDatabase } from "@/db/migrate";
import { Ownership } from "@/db/ownership";
import { Worker } from "@/inngest/worker";
import { env, setEnv } from "@/lib/env";
import { log, reasonOf } from "@/lib/log";
import { checkSecretKey } from "@/lib/webhooks/key-check";
import { buildIfStale } from "./build";
import { prepareDataDir, readOrMakeSecretKey } from "./data-dir";
import { Listener } from "./listener";

const watchEveryMs = 1_000;

/** The whole program: listener, database, page and API, and what delivers. */
export class App {
  readonly #isDev: boolean;
  readonly #giveUp: (reason: string) => void;
  #listener: Listener | undefined;
  #postgres: EmbeddedPostgres | undefined;
  #ownership: Ownership | undefined;
  #database: Database | undefined;
  #worker: Worker | undefined;
  #pages: ReturnType<typeof next> | undefined;
  #watch: NodeJS.Timeout | undefined;
  #keeping: Promise<void> | undefined;

  /** `giveUp` is called, with a sentence, when it cannot go on. */
  constructor({ isDev, giveUp }: { isDev: boolean; giveUp: (reason: string) => void }) {
    this.#isDev = isDev;
    this.#giveUp = giveUp;
  }

  /** Rejects with one sentence about what is in the way; `stop` then clears up what was begun. */
  async start(): Promise<void> {
    const { host, port } = env();
    this.#listener = await Listener.open({ host, port }, { isDev: this.#isDev });
    if (!this.#isDev) await buildIfStale();
    await this.#openDatabase();
    const httpServer = this.#listener.upgrades;
    this.#pages = next({ dev: this.#isDev, hostname: host, port, httpServer });
    await this.#pages.prepare();
    this.#worker = new Worker();
    await this.#worker.start({ ownsDatabase: this.#ownership !== undefined });
    this.#listener.serve(this.#pages.getRequestHandler());
    this.#worker.keepRegistered();
    this.#greet();
  }

  async #openDatabase(): Promise<void> {
    const settings = env();
    await prepareDataDir(settings);
    const secretKey = settings.secretKey ?? (await readOrMakeSecretKey(settings.dataDir));
    let { databaseUrl } = settings;
    if (!databaseUrl) {
      this.#postgres = await startEmbeddedPostgres({ dataDir: settings.dataDir });
      databaseUrl = this.#postgres.url;
      this.#ownership = await Ownership.take(databaseUrl, settings.dataDir);
      this.#watch = setInterval(() => {
        this.#keeping ??= this.#keepPostgres().finally(() => (this.#keeping = undefined));
      }, watchEveryMs);
    }
    setEnv({ ...settings, secretKey, databaseUrl });
    await migrateDatabase(databaseUrl).catch((error: unknown) => {
      throw settings.databaseUrl ? new Error(`DATABASE_URL: ${reasonOf(error)}`) : error;
    });
    this.#database = db();
    await checkSecretKey(this.#database.orm);
  }

  /** The embedded server may be killed under us: it is brought back where it was, and is ours. */
  async #keepPostgres(): Promise<void> {
    const { dataDir, databaseUrl } = env();
    try {
      const { url, reused } = await startEmbeddedPostgres({ dataDir });
      if (!reused) log.warn("embedded PostgreSQL was gone; it runs again");
      if (url !== databaseUrl) {
        this.#giveUp("embedded PostgreSQL came back on another port; start again");
      } else if (!(await this.#ownership?.keep())) {
        this.#postgres = undefined;
        this.#giveUp(`DATA_DIR: another Turbo Webhooks has taken over ${dataDir}`);
      }
    } catch (error) {
      log.error("embedded PostgreSQL is not running, or does not answer", {
        reason: reasonOf(error),
      });
    }
  }

  #greet(): void {
    const { host, port, dataDir, isExposed, publicUrl, inngest } = env();
    const lines = [
      "",
      `  Turbo Webhooks   ${publicUrl ?? `http://${host}:${port}`}/settings/webhooks`,
      `  data             ${this.#postgres ? dataDir : "the database of DATABASE_URL"}`,
      `  engine           ${inngest.engine === "embedded" ? "embedded" : `Inngest server ${inngest.baseUrl ?? ""}`}`,
      isExposed
        ? "  access           with TURBO_API_KEY, on the page and in the API"
        : "  access           local: no sign-in, only this computer can reach it",
      "  stop             Ctrl-C",
      "",
    ];
    process.stdout.write(`${lines.join("\n")}\n`);
  }

  /** Ends in order: no new request, no new attempt, what is under way, then the database. */
  async stop(): Promise<void> {
    clearInterval(this.#watch);
    await Promise.all([this.#listener?.close(), this.#worker?.stop()]);
    await this.#pages?.close();
    // At once, for each may have to wait for a server that says nothing.
    await Promise.all([this.#database?.close(), this.#ownership?.release()]);
    await this.#keeping;
    if (this.#isPostgresOurs) await this.#postgres?.stop();
  }

  /** Ends what would outlive this process, at once; PostgreSQL recovers at its next start. */
  abandon(): void {
    if (this.#isPostgresOurs) this.#postgres?.abandon();
  }

  /** One that was found running and is not ours to have has another instance at work on it. */
  get #isPostgresOurs(): boolean {
    return !this.#postgres?.reused || this.#ownership !== undefined;
  }
}
