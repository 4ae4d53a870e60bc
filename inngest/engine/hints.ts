import postgres from "postgres";
import type { Sql } from "@/db/client";
import { newId } from "@/lib/id";
import { log, reasonOf } from "@/lib/log";
import type { Reach } from "./reach";

const channel = "turbo_engine";
const leastGapMs = 50;
const listenAgainMs = 30_000;
const sendTimeoutMs = 2_000;

/**
 * Tells other processes that there is work, and hears it from them, over LISTEN and NOTIFY. Only a
 * hint: behind a pooler it may never arrive, and then the slow poll finds the work.
 */
export class Hints {
  readonly #sql: Sql;
  readonly #reach: Reach;
  readonly #onHint: () => void;
  readonly #self = newId();
  #listener: postgres.Sql | undefined;
  #retry: NodeJS.Timeout | undefined;
  #gap: NodeJS.Timeout | undefined;
  #isPending = false;
  #sending: Promise<void> | undefined;
  #isStopped = false;
  #hasComplained = false;

  constructor({ sql, reach, onHint }: { sql: Sql; reach: Reach; onHint: () => void }) {
    this.#sql = sql;
    this.#reach = reach;
    this.#onHint = onHint;
  }

  start(): void {
    void this.#listen();
  }

  /** Sends a hint: at once, but never two within 50 ms. */
  send(): void {
    if (this.#isStopped) return;
    if (this.#gap) {
      this.#isPending = true;
      return;
    }
    this.#sending = this.#notify();
    this.#gap = setTimeout(() => {
      this.#gap = undefined;
      if (!this.#isPending) return;
      this.#isPending = false;
      this.send();
    }, leastGapMs);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#retry);
    clearTimeout(this.#gap);
    await (this.#isPending ? this.#notify() : this.#sending);
    await this.#listener?.end({ timeout: 0 }).catch(() => {});
  }

  async #notify(): Promise<void> {
    const notify = () => this.#sql`select pg_notify(${channel}, ${this.#self})`;
    // The poll of the others makes up for a hint that is lost.
    await this.#reach.ask("hint", notify, sendTimeoutMs).catch(() => {});
  }

  async #listen(): Promise<void> {
    // A client of its own: one that failed once cannot be asked to listen again.
    // The cast: postgres() takes the options it parsed itself, its types do not say so.
    const listener = postgres({ ...this.#sql.options, max: 1 } as unknown as postgres.Options<
      Record<string, postgres.PostgresType>
    >);
    this.#listener = listener;
    try {
      await listener.listen(channel, (from) => {
        if (from !== this.#self) this.#onHint();
      });
      this.#hasComplained = false;
    } catch (error) {
      await listener.end({ timeout: 0 }).catch(() => {});
      if (this.#isStopped) return;
      if (!this.#hasComplained) {
        log.warn("The engine cannot listen for hints; it polls", { reason: reasonOf(error) });
      }
      this.#hasComplained = true;
      this.#retry = setTimeout(() => void this.#listen(), listenAgainMs);
    }
  }
}
