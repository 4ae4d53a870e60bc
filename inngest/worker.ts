import { serve } from "inngest/edge";
import { db } from "@/db/client";
import { syncClock } from "@/db/clock";
import { endAllClaims } from "@/lib/delivery/claim";
import { env } from "@/lib/env";
import { log, reasonOf } from "@/lib/log";
import { makeClient } from "./client";
import { deliverer } from "./deliverer";
import { createEngine, type Engine } from "./engine/engine";
import { functionsOf } from "./functions";
import { hear } from "./post-office";
import { setParts } from "./process";
import { Signals } from "./signals";
import { markSweep, msSinceCronSweep, sweep } from "./sweep";

const sweepEveryMs = 15_000;
const clockEveryMs = 30_000;
const registerEveryMs = 5_000;
/** An Inngest server that has not called the cron for so long may have forgotten us. */
const registerAfterMs = 120_000;

/** What delivers, in this process: engine, deliverer, signals, and the second clock. */
export class Worker {
  #engine: Engine | undefined;
  readonly #signals = new Signals(db().sql);
  readonly #timers: NodeJS.Timeout[] = [];

  /**
   * Starts delivering. `ownsDatabase`: nobody else can be at work on it, so that whatever a
   * predecessor left half done is free at once instead of when its lease ends.
   */
  async start({ ownsDatabase }: { ownsDatabase: boolean }): Promise<void> {
    await syncClock(db().sql);
    if (ownsDatabase) await endAllClaims(db().sql, env().webhook.timeoutMs);
    setParts({ turboSignals: this.#signals });
    deliverer();
    await this.#signals.start((signal) => this.#guard("webhook signal not heard", hear(signal)));
    if (env().inngest.engine === "embedded") await this.#startEngine(ownsDatabase);
    await sweep();
    this.#every(clockEveryMs, "clock not read", () => syncClock(db().sql));
    this.#every(sweepEveryMs, "sweep failed", async () => {
      if (await markSweep("timer_sweep_at", sweepEveryMs / 2)) await sweep();
    });
  }

  async #startEngine(ownsDatabase: boolean): Promise<void> {
    const client = makeClient();
    this.#engine = createEngine({
      sql: db().sql,
      handler: serve({ client, functions: functionsOf(client) }),
      // A run lasts as long as its lane has work: one that hangs must not keep another waiting.
      concurrency: env().webhook.max + 16,
    });
    setParts({ turboEngine: this.#engine });
    if (ownsDatabase) await this.#engine.freeLeases();
    await this.#engine.start();
  }

  /** With an Inngest server: tells it our functions, now and whenever its sweeps stay away. */
  registerAt(url: string): void {
    if (env().inngest.engine === "embedded") return;
    const failure = "functions not registered with the Inngest server; trying again";
    let registeredAtMs: number | undefined;
    const isKnown = async () =>
      registeredAtMs !== undefined &&
      (performance.now() - registeredAtMs < registerAfterMs ||
        (await msSinceCronSweep()) < registerAfterMs);
    const register = async () => {
      if (await isKnown()) return;
      const response = await fetch(url, { method: "PUT" });
      const text = await response.text();
      if (!response.ok) throw new Error(`HTTP ${response.status} ${text.slice(0, 200)}`);
      if (registeredAtMs === undefined) log.info("functions registered with the Inngest server");
      registeredAtMs = performance.now();
    };
    this.#guard(failure, register());
    this.#every(registerEveryMs, failure, register);
  }

  /** Begins nothing more, lets what is under way end, within about 8 s. */
  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await Promise.all([deliverer().stop(), this.#engine?.stop(8_000), this.#signals.stop()]);
  }

  #every(ms: number, what: string, work: () => Promise<unknown>): void {
    this.#timers.push(setInterval(() => this.#guard(what, work()), ms));
  }

  #guard(what: string, work: Promise<unknown>): void {
    void work.catch((error: unknown) => log.warn(what, { reason: reasonOf(error) }));
  }
}
