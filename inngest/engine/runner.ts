import type { Sql } from "@/db/client";
import { log } from "@/lib/log";
import { callFunction, type Outcome } from "./call";
import type { EngineFunction, Handler } from "./functions";
import type { Reach } from "./reach";
import { Settler } from "./settler";
import { type Ending, extendLeases, giveBack, type HeldRun } from "./store";

type RunnerOptions = {
  sql: Sql;
  reach: Reach;
  handler: Handler;
  concurrency: number;
  leaseMs: number;
  backoffMs: readonly number[];
  /** A slot is free again. */
  onFree: () => void;
  /** A run is due again in so many ms. */
  onDue: (waitMs: number) => void;
};

const longestJitterMs = 30_000;
const farewellTimeoutMs = 2_000;

/** Calls the runs this process holds, keeps their leases alive, and has their endings written. */
export class Runner {
  readonly #options: RunnerOptions;
  readonly #settler: Settler;
  readonly #held = new Set<HeldRun>();
  #usedSlots = 0;
  #isClosed = false;
  #beat: NodeJS.Timeout | undefined;
  #idleWaiters: (() => void)[] = [];

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#settler = new Settler({
      sql: options.sql,
      reach: options.reach,
      onSettled: (endings, waitMs) => {
        for (const { run } of endings) this.#held.delete(run);
        if (waitMs !== null) options.onDue(waitMs);
        this.#noteIdle();
      },
    });
  }

  /** Reserves up to `most` slots and says how many. */
  takeSlots(most: number): number {
    const taken = Math.min(most, this.#options.concurrency - this.#usedSlots);
    this.#usedSlots += taken;
    return taken;
  }

  freeSlots(count: number): void {
    if (count === 0) return;
    this.#usedSlots -= count;
    this.#options.onFree();
    this.#noteIdle();
  }

  /** Begins a claimed run, in a slot that was taken for it. */
  begin(fn: EngineFunction, run: HeldRun): void {
    this.#held.add(run);
    this.#beat ??= this.#scheduleBeat(this.#options.leaseMs / 3);
    void this.#call(fn, run);
  }

  /** Makes the leases of all held runs last their full time from now. */
  async extendLeases(): Promise<void> {
    const { reach, sql, leaseMs } = this.#options;
    const held = [...this.#held];
    if (held.length === 0) return;
    await reach.ask("extend leases", () => extendLeases(sql, held, leaseMs));
  }

  /** Resolves when no run is running and every ending is written. */
  async idle(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#idleWaiters.push(resolve);
      this.#noteIdle();
    });
  }

  /** Gives back what still runs and says whether anything did; what comes of it is let go. */
  async close(): Promise<boolean> {
    this.#isClosed = true;
    clearTimeout(this.#beat);
    this.#settler.stop();
    if (this.#held.size === 0) return false;
    const holders = [...new Set([...this.#held].map((run) => run.holder))];
    const { reach, sql } = this.#options;
    // If this fails, the leases run out by themselves.
    await reach.ask("give back", () => giveBack(sql, holders), farewellTimeoutMs).catch(() => {});
    return true;
  }

  async #call(fn: EngineFunction, run: HeldRun): Promise<void> {
    const { handler } = this.#options;
    const call = { runId: run.id, attempt: run.attempt, event: run.event };
    const outcome = await callFunction(handler, fn, call);
    if (this.#isClosed) return;
    if (outcome.status === "failed") {
      log.error("A run failed for good", { function: fn.id, run: run.id, attempt: run.attempt });
    }
    this.#settler.add(this.#toEnding(run, outcome));
    this.freeSlots(1);
  }

  #toEnding(run: HeldRun, outcome: Outcome): Ending {
    if (outcome.status === "completed") {
      return { run, status: "completed", error: null, delayMs: null, atMs: null };
    }
    const { error } = outcome;
    if (outcome.status === "failed")
      return { run, status: "failed", error, delayMs: null, atMs: null };
    const after = outcome.after ?? { delayMs: this.#backoffMs(run.attempt) };
    const delayMs = "delayMs" in after ? after.delayMs : null;
    const atMs = "atMs" in after ? after.atMs : null;
    return { run, status: "queued", error, delayMs, atMs };
  }

  #backoffMs(attempt: number): number {
    const { backoffMs } = this.#options;
    const delayMs = backoffMs[Math.min(attempt, backoffMs.length - 1)] ?? 0;
    return delayMs + Math.random() * Math.min(delayMs / 2, longestJitterMs);
  }

  #scheduleBeat(delayMs: number): NodeJS.Timeout {
    return setTimeout(() => void this.#beatOnce(), delayMs);
  }

  async #beatOnce(): Promise<void> {
    let nextMs = this.#options.leaseMs / 3;
    try {
      await this.extendLeases();
    } catch {
      nextMs = Math.min(nextMs, 500);
    }
    if (this.#isClosed) return;
    this.#beat = this.#held.size > 0 ? this.#scheduleBeat(nextMs) : undefined;
  }

  #noteIdle(): void {
    if (this.#usedSlots > 0 || this.#held.size > 0) return;
    for (const resolve of this.#idleWaiters.splice(0)) resolve();
  }
}
