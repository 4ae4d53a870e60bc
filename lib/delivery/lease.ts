import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Statements } from "@/db/client";
import { leaseMs, releaseLane, renewLane, takeLane, type Taken } from "./lane";

/** Statements that fail are tried again after this long, so often in a row. */
export const faultPauseMs = 250;
export const mostFaults = 12;

type LeaseOptions = {
  sql: Statements;
  webhookId: string;
  parallelism: number;
  timeoutMs: number;
};

/** One holder's hold on one lane, by monotonic time, whatever the wall says. */
export class Lease {
  /** Of its own, not the process's: an older turn of this process must not pass for this one. */
  readonly holder = randomUUID();
  readonly #options: LeaseOptions;
  #endsAt = 0;
  #isTaken = false;
  #isOver = false;

  constructor(options: LeaseOptions) {
    this.#options = options;
  }

  /** Taken, and still within its time? Asked before each POST. */
  get isHolder(): boolean {
    return this.#isTaken && !this.#isOver && this.leftMs > 0;
  }

  get leftMs(): number {
    return this.#endsAt - performance.now();
  }

  /** Tries until the database answers, or it was asked too often; an earlier try may have taken it. */
  async take(isStopping: () => boolean): Promise<Taken & { isRetried: boolean }> {
    const { sql, webhookId, parallelism, timeoutMs } = this.#options;
    const { holder } = this;
    for (let faults = 0; ; faults++) {
      this.#endsAt = performance.now() + leaseMs;
      try {
        const taken = await takeLane(sql, { webhookId, holder }, { parallelism, timeoutMs });
        this.#isTaken = taken.isTaken;
        return { ...taken, isRetried: faults > 0 };
      } catch (error) {
        if (faults < mostFaults && !isStopping()) {
          await sleep(faultPauseMs);
          continue;
        }
        // It may have been taken all the same.
        await this.release({ timeoutsInRow: 0, isStopping });
        throw error;
      }
    }
  }

  /** The webhook's terms; null: somebody else has the lane by now. */
  async renew(timeoutsInRow: number): Promise<{ terms: number } | null> {
    const { sql, webhookId } = this.#options;
    const askedAt = performance.now();
    const renewed = await renewLane(sql, { webhookId, holder: this.holder, timeoutsInRow });
    this.#endsAt = renewed ? askedAt + leaseMs : 0;
    return renewed;
  }

  /** Whoever finds no holder relies on it: what has sent nothing by now sends nothing any more. */
  end(): void {
    this.#isOver = true;
  }

  release(how: { timeoutsInRow: number; isStopping: () => boolean }): Promise<void> {
    const { sql, webhookId } = this.#options;
    const released = { webhookId, holder: this.holder, timeoutsInRow: how.timeoutsInRow };
    return keepReleasing(sql, released, () => how.isStopping() || this.leftMs <= 0);
  }
}

const releaseAgainMs = 250;

/**
 * Releases the lane. One that is not released stands idle until its lease ends: with the database
 * away it is tried again until `isOver`; rejects then.
 */
export async function keepReleasing(
  sql: Statements,
  released: Parameters<typeof releaseLane>[1],
  isOver: () => boolean,
): Promise<void> {
  for (;;) {
    try {
      return await releaseLane(sql, released);
    } catch (error) {
      if (isOver()) throw error;
      await sleep(releaseAgainMs);
    }
  }
}
