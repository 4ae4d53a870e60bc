import { serve } from "inngest/edge";
import { db } from "@/db/client";
import { clockKeeper, syncClock } from "@/db/clock";
import { endAllClaims } from "@/lib/delivery/claim";
import { env } from "@/lib/env";
import { log, reasonOf } from "@/lib/log";
import { within } from "@/lib/within";
import { makeClient } from "./client";
import { ringAll } from "./alarms";
import { Engine } from "./embedded/engine";
import { functionsOf } from "./functions";
import { OutageWatch, tickMs } from "./outage-watch";
import { hear } from "./after-commit";
import { deliverer, setParts } from "./process";
import { Registration } from "./registration";
import { Signals } from "./signals";
import { markSweep, sweep } from "./sweep";

const sweepEveryMs = 5_000;
const clockEveryMs = 1_000;
const registerEveryMs = 5_000;
const stopWithinMs = 8_000;

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
    if (env().inngest.engine === "embedded") await this.#startEngine();
    await sweep();
    this.#every(clockEveryMs, "clock not read", clockKeeper(db().sql));
    this.#every(sweepEveryMs, "sweep failed", async () => {
      if (await markSweep("timer_sweep_at", sweepEveryMs / 2)) await sweep();
    });
    this.#watchForOutages();
  }

  #watchForOutages(): void {
    const watch = new OutageWatch(db().sql);
    this.#timers.push(setInterval(() => watch.tick(), tickMs));
    this.#every(tickMs, "outage of the database not told", () => watch.look());
  }

  async #startEngine(): Promise<void> {
    const client = makeClient();
    this.#engine = new Engine({
      handler: serve({ client, functions: functionsOf(client) }),
      // A run lasts as long as its lane has work: one that hangs must not keep another waiting.
      concurrency: env().webhook.max + 16,
    });
    setParts({ turboEngine: this.#engine });
    await this.#engine.start();
    await ringAll();
  }

  /** With an Inngest server: tells it our functions, now and whenever its sweeps stay away. */
  keepRegistered(): void {
    const registration = new Registration();
    void registration.keep();
    this.#every(registerEveryMs, "functions not registered", () => registration.keep());
  }

  /**
   * Begins nothing more, lets what is under way end, within 8 s. With the database away, results
   * that cannot be written are let go then: their attempts come to be taken over.
   */
  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    const engineEnds = this.#engine?.stop(stopWithinMs);
    const allEnd = Promise.all([deliverer().stop(), engineEnds, this.#signals.stop()]);
    await within(stopWithinMs, allEnd);
  }

  /** One after another; of failures in a row only the first is told. */
  #every(ms: number, what: string, work: () => Promise<unknown>): void {
    let isRunning = false;
    let isFailing = false;
    const turn = async () => {
      if (isRunning) return;
      isRunning = true;
      try {
        await work();
        isFailing = false;
      } catch (error) {
        if (!isFailing) log.warn(what, { reason: reasonOf(error) });
        isFailing = true;
      }
      isRunning = false;
    };
    this.#timers.push(setInterval(() => void turn(), ms));
  }

  #guard(what: string, work: Promise<unknown>): void {
    void work.catch((error: unknown) => log.warn(what, { reason: reasonOf(error) }));
  }
}
