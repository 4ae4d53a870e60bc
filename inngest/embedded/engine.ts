import type { Cron } from "croner";
import { clock } from "@/lib/clock";
import { newId } from "@/lib/id";
import { log } from "@/lib/log";
import { within } from "@/lib/within";
import { Alarms } from "./alarms";
import { callFunction } from "./call";
import { type EngineFunction, type Handler, learnFunctions } from "./functions";
import { type AcceptedEvent, readEvents } from "./read-events";

export type EngineOptions = {
  /** A private serve handler of the Inngest SDK, in development mode: it is never reachable. */
  handler: Handler;
  /** Runs at once. */
  concurrency?: number;
  /** The delay before each retry; the last one repeats. Up to half of it, at most 30 s, is added. */
  backoffMs?: readonly number[];
};

/** One function that is to be called for one event. */
type Run = { fn: EngineFunction; event: AcceptedEvent; id: string; attempt: number; atMs: number };
type Tick = { fn: EngineFunction; cron: Cron; atMs: number };

/** Runs that wait, at most; past it those furthest off are forgotten. */
export const mostWaiting = 10_000;
/** An event id is known until so many others have come. */
const mostKnown = 10_000;
// 15 s to 2 h.
const defaultBackoffMs = [15, 30, 60, 120, 300, 600, 1_200, 2_400, 3_600, 7_200].map(
  (seconds) => seconds * 1_000,
);
const longestJitterMs = 30_000;
/** The clock may be set meanwhile. */
const longestTimerMs = 1_000;

/**
 * An executor of the published Inngest SDK protocol, in process and in memory: what it holds is
 * gone with the process. It must only be given events that somebody sends again if need be.
 */
export class Engine {
  readonly #handler: Handler;
  readonly #concurrency: number;
  readonly #backoffMs: readonly number[];
  readonly #waiting = new Alarms<Run>(mostWaiting);
  #ticks: Tick[] = [];
  readonly #known = new Set<string>();
  readonly #running = new Set<Promise<void>>();
  #learning: Promise<EngineFunction[]> | undefined;
  #state: "new" | "started" | "stopped" = "new";
  #timer: NodeJS.Timeout | undefined;

  constructor({ handler, concurrency = 64, backoffMs = defaultBackoffMs }: EngineOptions) {
    this.#handler = handler;
    this.#concurrency = concurrency;
    this.#backoffMs = backoffMs;
  }

  /** What an Inngest client gets as its `fetch`: POST /e/:key and POST /fn/register, all else is 404. */
  readonly fetch = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const door = doorOf(input, init);
    if (door === "register") return Response.json({ ok: true, modified: false });
    if (door === "none") return Response.json({ error: "not found", status: 404 }, { status: 404 });
    const read = await readEvents(input, init);
    if ("refusal" in read)
      return Response.json({ ids: [], error: read.refusal, status: 400 }, { status: 400 });
    const functions = await this.#learn();
    for (const event of read.events) {
      for (const fn of functions) if (fn.events.includes(event.name)) this.#admit(fn, event);
    }
    this.#look();
    return Response.json({ ids: read.events.map(({ id }) => id), status: 200 });
  };

  /** Learns the functions and begins. Rejects, naming each, if one uses what the engine does not have. */
  async start(): Promise<void> {
    const functions = await this.#learn();
    this.#ticks = functions.flatMap((fn) => fn.crons.map((cron) => nextTick(fn, cron)));
    this.#state = "started";
    this.#look();
  }

  /** Begins no new run, waits for the running ones up to `drainMs`, forgets the rest. */
  async stop(drainMs: number): Promise<void> {
    this.#state = "stopped";
    clearTimeout(this.#timer);
    await within(drainMs, Promise.all(this.#running));
  }

  /** Runs that wait, due or not. */
  get queued(): number {
    return this.#waiting.size;
  }

  /** The first success is for good; after a failure the next call tries again. */
  #learn(): Promise<EngineFunction[]> {
    this.#learning ??= learnFunctions(this.#handler).catch((error: unknown) => {
      this.#learning = undefined;
      throw error;
    });
    return this.#learning;
  }

  #admit(fn: EngineFunction, event: AcceptedEvent): void {
    const key = `${fn.id} ${event.id}`;
    if (this.#known.has(key)) return;
    this.#known.add(key);
    const [oldest] = this.#known;
    if (this.#known.size > mostKnown && oldest !== undefined) this.#known.delete(oldest);
    this.#wait({ fn, event, id: newId(), attempt: 0, atMs: event.notBeforeMs ?? clock().nowMs() });
  }

  #wait(run: Run): void {
    const forgotten = this.#waiting.add(run);
    // Whoever sends it again is heard.
    if (forgotten) this.#known.delete(`${forgotten.fn.id} ${forgotten.event.id}`);
  }

  /** Begins what is due and has a slot, then sleeps until the next time. */
  #look(): void {
    if (this.#state !== "started") return;
    const nowMs = clock().nowMs();
    this.#ticks = this.#ticks.map((tick) => {
      if (tick.atMs > nowMs) return tick;
      this.#admit(tick.fn, eventOf(tick));
      return nextTick(tick.fn, tick.cron);
    });
    const free = this.#concurrency - this.#running.size;
    for (const run of this.#waiting.takeDue(nowMs, free)) this.#begin(run);
    clearTimeout(this.#timer);
    const isFull = this.#running.size >= this.#concurrency;
    const nextMs = Math.min(
      isFull ? Infinity : this.#waiting.nextMs,
      ...this.#ticks.map(({ atMs }) => atMs),
    );
    if (nextMs === Infinity) return;
    const waitMs = Math.min(Math.max(Math.ceil(nextMs - clock().nowMs()), 1), longestTimerMs);
    this.#timer = setTimeout(() => this.#look(), waitMs);
  }

  #begin(run: Run): void {
    const running = this.#call(run).finally(() => {
      this.#running.delete(running);
      this.#look();
    });
    this.#running.add(running);
  }

  async #call(run: Run): Promise<void> {
    const { fn, event, id: runId, attempt } = run;
    const outcome = await callFunction(this.#handler, fn, { runId, attempt, event: event.text });
    if (this.#state === "stopped" || outcome.status === "completed") return;
    if (outcome.status === "retry")
      this.#wait({ ...run, attempt: attempt + 1, atMs: outcome.atMs ?? this.#retryAtMs(attempt) });
    else log.error("a run failed for good", { function: fn.id, attempt, reason: outcome.error });
  }

  #retryAtMs(attempt: number): number {
    const delayMs = this.#backoffMs[Math.min(attempt, this.#backoffMs.length - 1)] ?? 0;
    return clock().nowMs() + delayMs + Math.random() * Math.min(delayMs / 2, longestJitterMs);
  }
}

function doorOf(input: RequestInfo | URL, init?: RequestInit): "events" | "register" | "none" {
  const { url, method } = input instanceof Request ? input : { url: input, method: "GET" };
  const { pathname } = new URL(url);
  if ((init?.method ?? method) !== "POST") return "none";
  if (pathname.endsWith("/fn/register")) return "register";
  return /\/e\/[^/]+$/.test(pathname) ? "events" : "none";
}

/** The first tick after now, by the database's clock. */
function nextTick(fn: EngineFunction, cron: Cron): Tick {
  return { fn, cron, atMs: cron.nextRun(clock().now())?.getTime() ?? Infinity };
}

/** A tick is an event whose id is the tick. */
function eventOf({ fn, cron, atMs }: Tick): AcceptedEvent {
  const at = new Date(atMs).toISOString();
  const id = `cron:${fn.id}:${at}`;
  const name = "inngest/scheduled.timer";
  const data = { cron: cron.getPattern(), scheduledAt: at, fireAt: at };
  return { id, name, notBeforeMs: null, text: JSON.stringify({ id, name, data, ts: atMs }) };
}
