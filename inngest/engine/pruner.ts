import type { Sql } from "@/db/client";
import type { EngineFunction } from "./functions";
import type { Reach } from "./reach";
import { failStrayRuns, pruneRuns } from "./upkeep";

type PrunerOptions = { sql: Sql; reach: Reach; functions: Map<string, EngineFunction> };

const everyMs = 600_000;

/** Deletes runs that ended long ago: at start, then every ten minutes. */
export class Pruner {
  readonly #options: PrunerOptions;
  #isStopped = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: PrunerOptions) {
    this.#options = options;
  }

  start(): void {
    void this.#prune();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  async #prune(): Promise<void> {
    const { sql, reach, functions } = this.#options;
    try {
      await reach.ask("fail strays", () => failStrayRuns(sql, [...functions.keys()]));
      while (!this.#isStopped && (await reach.ask("prune", () => pruneRuns(sql))));
    } catch {
      // What is left over is there the next time.
    }
    if (!this.#isStopped) this.#timer = setTimeout(() => void this.#prune(), everyMs);
  }
}
