import { db } from "@/db/client";
import { clearAllBells } from "@/lib/delivery/lane";
import { env } from "@/lib/env";
import { log, reasonOf } from "@/lib/log";
import { registerFunctions } from "./server-door";
import { msSinceCronSweep, sweep } from "./sweep";

/** An Inngest server calls the cron once a minute: one that has not for so long may have forgotten us. */
const forgottenAfterMs = 90_000;

/** Keeps our functions known to the Inngest server. */
export class Registration {
  #registeredAtMs: number | undefined;
  #lastFailure: string | undefined;
  #isUnderWay = false;

  /**
   * Registers unless the server shows that it knows us; a server that may have forgotten our
   * functions may have forgotten bells as well. Never rejects; a reason is logged when it is new.
   */
  async keep(): Promise<void> {
    if (env().inngest.engine === "embedded" || this.#isUnderWay) return;
    this.#isUnderWay = true;
    try {
      if (await this.#isKnown()) return;
      await registerFunctions();
      this.#tell();
      this.#registeredAtMs = performance.now();
      this.#lastFailure = undefined;
      await clearAllBells(db().sql);
      await sweep();
    } catch (error) {
      const reason = reasonOf(error);
      if (reason !== this.#lastFailure)
        log.warn("functions not registered with the Inngest server; trying again", { reason });
      this.#lastFailure = reason;
    } finally {
      this.#isUnderWay = false;
    }
  }

  async #isKnown(): Promise<boolean> {
    if (this.#registeredAtMs === undefined) return false;
    const sinceMs = performance.now() - this.#registeredAtMs;
    return sinceMs < forgottenAfterMs || (await msSinceCronSweep()) < forgottenAfterMs;
  }

  #tell(): void {
    if (this.#registeredAtMs === undefined) {
      log.info("functions registered with the Inngest server");
      return;
    }
    const forgotten =
      "the Inngest server has not called for 90 s; functions registered again: can it reach us?";
    log.warn(forgotten, { url: `${env().baseUrl}/api/inngest` });
  }
}
