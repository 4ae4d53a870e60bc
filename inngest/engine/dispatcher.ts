import type { Sql } from "@/db/client";
import { newId } from "@/lib/id";
import { log } from "@/lib/log";
import type { EngineFunction } from "./functions";
import type { Reach } from "./reach";
import type { Runner } from "./runner";
import {
  claimRuns,
  giveBack,
  type HeldRun,
  insertRuns,
  type NewRun,
  readHorizon,
  takeOver,
} from "./store";

type DispatcherOptions = {
  sql: Sql;
  reach: Reach;
  runner: Runner;
  functions: Map<string, EngineFunction>;
  leaseMs: number;
  pollMs: number;
  maxTakeOvers: number;
  /** There is work due that this process does not take itself. */
  onSurplus: () => void;
};

const longestTimerMs = 60_000;
// Due, but locked by another process just now: it will be gone, or free, in a moment.
const lockedRetryMs = 50;

/**
 * Brings runs to the runner: new ones straight from the intake, queued ones when they are due,
 * those of dead processes when their lease ends. It sleeps until the next of these times; a wake
 * and the slow poll only make it look again. All times are compared by the database.
 */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  /** Claims whose statement got no answer: what they took is given back. */
  readonly #lostHolders = new Set<string>();
  #isStarted = false;
  #isStopped = false;
  #isLooking = false;
  #looksAgain = false;
  #hasBacklog = false;
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
  #timerAtMs = Number.POSITIVE_INFINITY;
  #poll: NodeJS.Timeout | undefined;

  constructor(options: DispatcherOptions) {
    this.#options = options;
  }

  start(): void {
    this.#isStarted = true;
    const poll = () => {
      void this.#look();
      this.#poll = setTimeout(poll, this.#options.pollMs);
    };
    poll();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#poll);
  }

  /** Something may be due. */
  wake(): void {
    if (this.#isStarted && !this.#isStopped) void this.#look();
  }

  noteFreeSlot(): void {
    if (this.#hasBacklog) this.wake();
  }

  /** Something is due in so many ms. */
  expect(waitMs: number): void {
    if (waitMs <= 0) this.wake();
    else this.#arm(waitMs);
  }

  /**
   * Commits these runs; those that are due and find a slot begin at once.
   * Rejects if it is not known whether they were committed.
   */
  async admit(runs: NewRun[]): Promise<void> {
    if (runs.length === 0) return;
    const { sql, reach, runner, leaseMs } = this.#options;
    const beginsAtOnce = this.#isStarted && !this.#isStopped && !this.#hasBacklog;
    const free = beginsAtOnce ? runner.takeSlots(runs.length) : 0;
    const holder = newId();
    try {
      const inserted = await reach.ask("intake", () =>
        insertRuns(sql, runs, { free, holder, leaseMs }),
      );
      const byId = new Map(runs.map((run) => [run.id, run]));
      const held = inserted.flatMap(({ id, status }) => {
        const run = byId.get(id);
        if (status !== "running" || !run) return [];
        return [{ id, functionId: run.functionId, event: run.event, attempt: 0, holder }];
      });
      this.#begin(held, { slots: free, holder });
      this.#noteQueued(
        inserted.filter(({ status }) => status === "queued").map((run) => run.waitMs),
      );
    } catch (error) {
      if (free > 0) this.#noteLost(holder);
      runner.freeSlots(free);
      throw error;
    }
  }

  #noteQueued(waits: number[]): void {
    if (waits.length === 0) return;
    const waitMs = Math.min(...waits);
    if (waitMs <= 0) this.#options.onSurplus();
    this.expect(waitMs);
  }

  #begin(held: HeldRun[], { slots, holder }: { slots: number; holder: string }): void {
    const { runner, functions } = this.#options;
    if (this.#isStopped && held.length > 0) {
      this.#lostHolders.add(holder);
      // A failure is no matter: the lease runs out.
      void this.#giveBackLost()
        .catch(() => {})
        .then(() => runner.freeSlots(slots));
      return;
    }
    let begun = 0;
    for (const run of held) {
      const fn = functions.get(run.functionId);
      if (!fn) continue;
      runner.begin(fn, run);
      begun += 1;
    }
    runner.freeSlots(slots - begun);
  }

  #noteLost(holder: string): void {
    this.#lostHolders.add(holder);
    this.#arm(lockedRetryMs);
  }

  async #look(): Promise<void> {
    this.#looksAgain = true;
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      while (this.#looksAgain && !this.#isStopped) {
        this.#looksAgain = false;
        await this.#lookOnce();
        this.#failures = 0;
      }
    } catch {
      this.#failures += 1;
      this.#arm(Math.min(1_000, 50 * 2 ** this.#failures));
    } finally {
      this.#isLooking = false;
    }
  }

  async #lookOnce(): Promise<void> {
    const { runner } = this.#options;
    await this.#giveBackLost();
    let { dueMs, leaseMs } = await this.#readHorizon();
    if (leaseMs !== null && leaseMs <= 0) {
      leaseMs = await this.#takeOverExpired();
      ({ dueMs } = await this.#readHorizon());
    }
    while (dueMs !== null && dueMs <= 0 && !this.#isStopped) {
      const limit = runner.takeSlots(Number.POSITIVE_INFINITY);
      if (limit === 0) break;
      const claimed = await this.#claim(limit);
      if (claimed < limit) ({ dueMs } = await this.#readHorizon());
      if (claimed === 0 && dueMs !== null) dueMs = Math.max(dueMs, lockedRetryMs);
    }
    this.#hasBacklog = dueMs !== null && dueMs <= 0;
    if (dueMs !== null && dueMs > 0) this.#arm(dueMs);
    if (leaseMs !== null) this.#arm(Math.max(leaseMs, lockedRetryMs));
  }

  async #claim(limit: number): Promise<number> {
    const { sql, reach, runner, functions, leaseMs } = this.#options;
    const holder = newId();
    try {
      const held = await reach.ask("claim", () =>
        claimRuns(sql, [...functions.keys()], { limit, holder, leaseMs }),
      );
      this.#begin(held, { slots: limit, holder });
      return held.length;
    } catch (error) {
      this.#noteLost(holder);
      runner.freeSlots(limit);
      throw error;
    }
  }

  /** Answers the ms until it may be worth another look. */
  async #takeOverExpired(): Promise<number> {
    const { sql, reach, runner, leaseMs, maxTakeOvers } = this.#options;
    // After an outage every lease is over: first let the living extend theirs.
    const graceMs = leaseMs / 3 - reach.sinceBackMs();
    if (graceMs > 0) return graceMs;
    // A process that slept must not take over from itself.
    await runner.extendLeases();
    const taken = await reach.ask("take over", () => takeOver(sql, { maxTakeOvers, all: false }));
    if (taken.queued + taken.failed > 0) log.warn("Runs of a dead process were taken over", taken);
    return lockedRetryMs;
  }

  async #giveBackLost(): Promise<void> {
    const holders = [...this.#lostHolders];
    if (holders.length === 0) return;
    await this.#options.reach.ask("give back", () => giveBack(this.#options.sql, holders));
    for (const holder of holders) this.#lostHolders.delete(holder);
  }

  #readHorizon(): Promise<{ dueMs: number | null; leaseMs: number | null }> {
    const { sql, reach, functions } = this.#options;
    return reach.ask("look", () => readHorizon(sql, [...functions.keys()]));
  }

  #arm(waitMs: number): void {
    if (!this.#isStarted || this.#isStopped) return;
    const boundedMs = Math.min(Math.max(waitMs, 1), longestTimerMs);
    const atMs = performance.now() + boundedMs;
    if (this.#timerAtMs <= atMs) return;
    clearTimeout(this.#timer);
    this.#timerAtMs = atMs;
    this.#timer = setTimeout(() => {
      this.#timerAtMs = Number.POSITIVE_INFINITY;
      void this.#look();
    }, boundedMs);
  }
}
