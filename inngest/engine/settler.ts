import type { Sql } from "@/db/client";
import type { Reach } from "./reach";
import { type Ending, settleRuns } from "./store";

type SettlerOptions = {
  sql: Sql;
  reach: Reach;
  /** Called with what was written; `waitMs` is until the first of them is due again. */
  onSettled: (endings: Ending[], waitMs: number | null) => void;
};

/** Writes endings in batches, one at a time: what gathers meanwhile is the next batch. */
export class Settler {
  readonly #options: SettlerOptions;
  #waiting: Ending[] = [];
  #isWriting = false;
  #isStopped = false;
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: SettlerOptions) {
    this.#options = options;
  }

  add(ending: Ending): void {
    if (this.#isStopped) return;
    this.#waiting.push(ending);
    if (!this.#timer) void this.#write();
  }

  /** What is not written by now is let go: its lease runs out, or is given back. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#waiting = [];
  }

  async #write(): Promise<void> {
    if (this.#isWriting) return;
    this.#isWriting = true;
    this.#timer = undefined;
    const { sql, reach, onSettled } = this.#options;
    while (this.#waiting.length > 0 && !this.#isStopped) {
      const batch = this.#waiting.splice(0, 1_000);
      try {
        const waitMs = await reach.ask("settle", () => settleRuns(sql, batch));
        this.#failures = 0;
        onSettled(batch, waitMs);
      } catch {
        this.#tryLater(batch);
        break;
      }
    }
    this.#isWriting = false;
  }

  #tryLater(batch: Ending[]): void {
    if (this.#isStopped) return;
    this.#waiting.unshift(...batch);
    this.#failures += 1;
    const delayMs = Math.min(1_000, 50 * 2 ** this.#failures);
    this.#timer = setTimeout(() => void this.#write(), delayMs);
  }
}
