import { App } from "@/test/kit/app";
import type { Child } from "@/test/kit/child";
import { isSoWithin } from "@/test/kit/until";
import { reasonOf } from "@/lib/log";
import type { Journal } from "./journal";

const restartAfterMs = 300;
const answerTimeoutMs = 2_000;

type AppOptions = {
  name: string;
  port: number;
  dataDir: string;
  settings: Record<string, string>;
  logFile: string;
  journal: Journal;
  /** May a start fail that began at this time? (Its database was away.) */
  mayFailToStart: (beganMs: number) => boolean;
};

/** One process of Turbo, and whoever starts it again when it ends. */
export class AppProcess {
  readonly name: string;
  readonly url: string;
  readonly #options: AppOptions;
  readonly #app: App;
  #startedMs = 0;
  #wasHealthy = false;
  #isWanted = false;

  constructor(options: AppOptions) {
    this.name = options.name;
    this.#options = options;
    this.#app = new App(options);
    this.url = this.#app.url;
  }

  get isRunning(): boolean {
    return this.#app.isRunning;
  }

  start(): void {
    this.#isWanted = true;
    this.#wasHealthy = false;
    this.#startedMs = performance.now();
    const child = this.#app.launch();
    void child.ended.then(() => this.#onExit(child));
  }

  /** Nobody asked it to end: it must not have, and is started again. */
  #onExit({ end }: Child): void {
    if (!this.#isWanted) return;
    const { name, journal, logFile, mayFailToStart } = this.#options;
    const isExcused = !this.#wasHealthy && mayFailToStart(this.#startedMs);
    if (!isExcused) journal.surprise(`${name} ended by itself (${end}); see ${logFile}`);
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
  health(): Promise<Record<string, unknown> | null> {
    return this.#app.health(answerTimeoutMs);
  }

  /** `kill -9` of its process group; its embedded database lives on. */
  async kill(): Promise<void> {
    this.#isWanted = false;
    await this.#app.kill();
  }

  freeze(forMs: number): Promise<void> {
    return this.#app.freeze(forMs);
  }

  /** SIGTERM: it must end with exit code 0 within ten seconds, if it was healthy. */
  async stop(): Promise<void> {
    if (!this.isRunning) return;
    this.#isWanted = false;
    try {
      await this.#app.stop();
    } catch (error) {
      if (this.#wasHealthy) this.#options.journal.surprise(`${this.name}: ${reasonOf(error)}`);
    }
  }
}
