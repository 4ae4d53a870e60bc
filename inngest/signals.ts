import type { Sql } from "@/db/client";
import { log, reasonOf } from "@/lib/log";

const channel = "turbo_lanes";

/** What processes tell each other. Hints only: whoever misses one finds out by looking. */
export type Signal = { wake: string } | { offer: string } | { fence: string; terms: number };

/** PostgreSQL's NOTIFY between the processes that share one database. */
export class Signals {
  readonly #sql: Sql;
  #stop: () => Promise<void> = () => Promise.resolve();

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Listens; reconnects by itself. Never rejects: behind a pooler there is nothing to hear. */
  async start(hear: (signal: Signal) => void): Promise<void> {
    try {
      const { unlisten } = await this.#sql.listen(channel, (text) => {
        const signal = parse(text);
        if (signal) hear(signal);
      });
      this.#stop = unlisten;
    } catch (error) {
      log.warn("no signals between processes; each looks for itself", { reason: reasonOf(error) });
    }
  }

  /** Never rejects: whoever relies on a signal looks for itself as well. */
  async send(...signals: Signal[]): Promise<void> {
    const texts = signals.map((signal) => JSON.stringify(signal));
    try {
      await this.#sql`select pg_notify(${channel}, text) from unnest(${texts}::text[]) as text`;
    } catch (error) {
      log.warn("signal not sent; other processes look for themselves", { reason: reasonOf(error) });
    }
  }

  async stop(): Promise<void> {
    await this.#stop().catch(() => {});
  }
}

function parse(text: string): Signal | null {
  try {
    const signal: unknown = JSON.parse(text);
    if (typeof signal !== "object" || signal === null) return null;
    if ("wake" in signal && typeof signal.wake === "string") return { wake: signal.wake };
    if ("offer" in signal && typeof signal.offer === "string") return { offer: signal.offer };
    if ("fence" in signal && typeof signal.fence === "string" && "terms" in signal) {
      return { fence: signal.fence, terms: Number(signal.terms) };
    }
    return null;
  } catch {
    return null;
  }
}
