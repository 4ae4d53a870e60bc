import type { Sql } from "@/db/client";
import { clock } from "@/lib/clock";
import { healthRule, emitDatabaseAway } from "@/lib/events/health-events";
import { asSystem } from "./after-commit";

export const tickMs = 1_000;

/**
 * Notices that the database was away, and tells when it is back. How long that was is counted in
 * ticks: while a process itself stands still it has none, so that it does not blame the database.
 */
export class OutageWatch {
  readonly #sql: Sql;
  #ticks = 0;
  #away: { since: Date; sinceTick: number } | null = null;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** A second has passed. */
  tick(): void {
    this.#ticks += 1;
  }

  /** Asks the database, one question at a time. Rejects if it is back and that could not be told. */
  async look(): Promise<void> {
    const sql = this.#sql;
    const asked = { since: clock().now(), sinceTick: this.#ticks };
    try {
      await sql`select 1`;
    } catch {
      this.#away ??= asked;
      return;
    }
    if (!this.#away) return;
    const { since, sinceTick } = this.#away;
    if ((this.#ticks - sinceTick) * tickMs >= healthRule.databaseAwayMs) {
      const outage = { since, until: clock().now() };
      await asSystem("outage-watch", (ctx) => emitDatabaseAway(ctx, outage));
    }
    this.#away = null;
  }
}
