import type { Sql } from "@/db/client";
import { Dispatcher } from "./dispatcher";
import { makeFetch } from "./door";
import { type EngineFunction, type Handler, learnFunctions } from "./functions";
import { Hints } from "./hints";
import { Pruner } from "./pruner";
import { Reach } from "./reach";
import { Runner } from "./runner";
import { takeOver } from "./store";
import { Ticker } from "./ticker";
import { readBacklog } from "./upkeep";
import { within } from "./within";

export type EngineOptions = {
  sql: Sql;
  /** A private serve handler of the Inngest SDK, in development mode: it is never reachable. */
  handler: Handler;
  /** Runs at once in this process. */
  concurrency?: number;
  /** After this long without a sign of life a run is taken over by another process. */
  leaseMs?: number;
  /** The slow look at the table, for when every hint was lost. */
  pollMs?: number;
  /** The delay before each retry; the last one repeats. Up to half of it, at most 30 s, is added. */
  backoffMs?: readonly number[];
  /** A run that was taken over more often fails: it seems to kill its process. */
  maxTakeOvers?: number;
};

type EngineHealth = {
  /** Runs that wait, due or not, of all processes. */
  queued: number;
  /** How long the oldest run that is due has been, ms; null when none is. */
  oldestDueAgeMs: number | null;
  /** The newest cron tick this process knows of. */
  lastTickAt: Date | null;
};

export type Engine = {
  /** What an Inngest client gets as its `fetch`: answers events only after they are committed. */
  fetch: (input: RequestInfo | URL, init?: RequestInit) => Promise<Response>;
  /** Learns the functions and begins. Rejects, naming each, if one uses what the engine does not have. */
  start(): Promise<void>;
  /** Makes every running run due at once. Only before start, by the only owner of the database. */
  freeLeases(): Promise<void>;
  /** Begins no new run, waits for the running ones up to `drainMs`, gives the rest back. */
  stop(drainMs: number): Promise<void>;
  health(): Promise<EngineHealth>;
};

const defaultLeaseMs = 15_000;
const defaultPollMs = 1_000;
// 15 s to 2 h.
const defaultBackoffMs = [15, 30, 60, 120, 300, 600, 1_200, 2_400, 3_600, 7_200].map(
  (seconds) => seconds * 1_000,
);
const farewellMs = 1_000;

/** An executor for the published Inngest SDK protocol: in process, its state in PostgreSQL. */
export function createEngine(options: EngineOptions): Engine {
  const { sql, handler, maxTakeOvers = 20 } = options;
  const { leaseMs = defaultLeaseMs, pollMs = defaultPollMs } = options;
  const functions = new Map<string, EngineFunction>();
  const reach = new Reach();
  const runner: Runner = new Runner({
    sql,
    reach,
    handler,
    leaseMs,
    concurrency: options.concurrency ?? 64,
    backoffMs: options.backoffMs ?? defaultBackoffMs,
    onFree: () => dispatcher.noteFreeSlot(),
    onDue: (waitMs) => dispatcher.expect(waitMs),
  });
  const dispatcher: Dispatcher = new Dispatcher({
    sql,
    reach,
    runner,
    functions,
    leaseMs,
    pollMs,
    maxTakeOvers,
    onSurplus: () => hints.send(),
  });
  const hints = new Hints({ sql, reach, onHint: () => dispatcher.wake() });
  const ticker = new Ticker({ sql, reach, functions, admit: (runs) => dispatcher.admit(runs) });
  const pruner = new Pruner({ sql, reach, functions });
  const parts = [dispatcher, ticker, pruner];
  const learn = once(async () => {
    for (const fn of await learnFunctions(handler)) functions.set(fn.id, fn);
  });

  return {
    fetch: makeFetch({ functions, learn, admit: (runs) => dispatcher.admit(runs) }),
    start: async () => {
      await learn();
      hints.start();
      for (const part of parts) part.start();
    },
    freeLeases: async () => {
      await reach.ask("free leases", () => takeOver(sql, { maxTakeOvers, all: true }));
    },
    stop: async (drainMs) => {
      for (const part of parts) part.stop();
      await within(drainMs, runner.idle());
      const gaveBack = await runner.close();
      if (gaveBack) hints.send();
      await hints.stop();
      await reach.hush(farewellMs);
    },
    health: async () => {
      const backlog = await reach.ask("health", () => readBacklog(sql));
      return { ...backlog, lastTickAt: ticker.lastTickAt() };
    },
  };
}

/** The first success is for good; after a failure the next call tries again. */
function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return async () => {
    done ??= work();
    try {
      await done;
    } catch (error) {
      done = undefined;
      throw error;
    }
  };
}
