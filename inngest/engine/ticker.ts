import type { Sql } from "@/db/client";
import { newId } from "@/lib/id";
import { type Cron, latestTick, nextTick } from "./cron";
import type { EngineFunction } from "./functions";
import type { Reach } from "./reach";
import type { NewRun } from "./store";
import { insertFirstTick, readClockMs, readLastTickId } from "./upkeep";

type TickerOptions = {
  sql: Sql;
  reach: Reach;
  functions: Map<string, EngineFunction>;
  admit: (runs: NewRun[]) => Promise<void>;
};

const longestTimerMs = 60_000;

/**
 * Makes each cron tick an event whose id is the tick, so that several processes make one run of it.
 * Ticks are times of the database's clock. Of those missed while nobody ran, the latest is made up.
 */
export class Ticker {
  readonly #options: TickerOptions;
  readonly #lastTickMs = new Map<string, number>();
  #functions: EngineFunction[] = [];
  #failures = 0;
  #isStopped = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: TickerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#functions = [...this.#options.functions.values()].filter(({ crons }) => crons.length > 0);
    if (this.#functions.length > 0) void this.#turn();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  /** The time of the newest tick, or null if there was none. */
  lastTickAt(): Date | null {
    const newest = Math.max(...this.#lastTickMs.values());
    return Number.isFinite(newest) ? new Date(newest) : null;
  }

  async #turn(): Promise<void> {
    let waitMs: number;
    try {
      waitMs = await this.#tick();
      this.#failures = 0;
    } catch {
      this.#failures += 1;
      waitMs = Math.min(1_000, 50 * 2 ** this.#failures);
    }
    if (this.#isStopped) return;
    this.#timer = setTimeout(
      () => void this.#turn(),
      Math.min(Math.max(waitMs, 1), longestTimerMs),
    );
  }

  /** Makes what is due; answers the ms until the next tick. */
  async #tick(): Promise<number> {
    const { sql, reach } = this.#options;
    const nowMs = await reach.ask("clock", () => readClockMs(sql));
    for (const fn of this.#functions) await this.#tickOf(fn, nowMs);
    const next = this.#functions.flatMap(({ crons }) => crons.map((cron) => nextTick(cron, nowMs)));
    return Math.min(...next.map((atMs) => (atMs ?? Number.POSITIVE_INFINITY) - nowMs));
  }

  async #tickOf(fn: EngineFunction, nowMs: number): Promise<void> {
    const tick = newestOf(fn.crons, nowMs);
    if (!tick) return;
    const run = toRun(fn.id, tick);
    const lastMs = this.#lastTickMs.get(fn.id) ?? (await this.#readLastMs(fn.id));
    if (lastMs === null) {
      const { sql, reach } = this.#options;
      await reach.ask("first tick", () => insertFirstTick(sql, run));
    } else if (tick.atMs > lastMs) {
      await this.#options.admit([run]);
    }
    this.#lastTickMs.set(fn.id, Math.max(tick.atMs, lastMs ?? tick.atMs));
  }

  async #readLastMs(functionId: string): Promise<number | null> {
    const { sql, reach } = this.#options;
    const prefix = prefixOf(functionId);
    const id = await reach.ask("last tick", () => readLastTickId(sql, functionId, prefix));
    return id === null ? null : Date.parse(id.slice(prefix.length));
  }
}

type Tick = { cron: Cron; atMs: number };

function newestOf(crons: Cron[], nowMs: number): Tick | undefined {
  return crons
    .flatMap((cron) => {
      const atMs = latestTick(cron, nowMs);
      return atMs === null ? [] : [{ cron, atMs }];
    })
    .toSorted((a, b) => b.atMs - a.atMs)[0];
}

function toRun(functionId: string, { cron, atMs }: Tick): NewRun {
  const eventId = prefixOf(functionId) + toIso(atMs);
  const event = JSON.stringify({
    id: eventId,
    name: "inngest/scheduled.timer",
    data: { cron: cron.expression, scheduledAt: toIso(atMs), fireAt: toIso(atMs) },
    ts: atMs,
  });
  return { id: newId(), functionId, eventId, event, notBeforeMs: null };
}

function prefixOf(functionId: string): string {
  return `cron:${functionId}:`;
}

function toIso(atMs: number): string {
  return new Date(atMs).toISOString();
}
