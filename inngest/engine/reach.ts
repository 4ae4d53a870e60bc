import { log, reasonOf } from "@/lib/log";
import { within } from "./within";

// Longer than the pool's statement_timeout: only a connection that is dead gets here.
const answerTimeoutMs = 15_000;
const repeatAfterMs = 60_000;

const away =
  /^(ECONN|EPIPE|ETIMEDOUT|EHOST|ENET|ENOTFOUND|EAI_AGAIN|CONNECT|57P0|08|53300|NO_ANSWER)/;

/** Asks the database, bounded in time, and says once when it goes away and once when it is back. */
export class Reach {
  #isAway = false;
  #backAtMs = Number.NEGATIVE_INFINITY;
  readonly #saidAtMs = new Map<string, number>();
  readonly #inFlight = new Set<Promise<unknown>>();
  #isHushed = false;

  /** Runs one statement. Rejects with its error, or when there is no answer in time. */
  async ask<T>(
    what: string,
    statement: () => PromiseLike<T>,
    timeoutMs: number = answerTimeoutMs,
  ): Promise<T> {
    const asked = withinTime(statement(), timeoutMs);
    this.#inFlight.add(asked);
    try {
      const answer = await asked;
      this.#noteAnswer();
      return answer;
    } catch (error) {
      this.#noteFailure(what, error);
      throw error;
    } finally {
      this.#inFlight.delete(asked);
    }
  }

  /** ms since the database came back, infinite if it was never away. */
  sinceBackMs(): number {
    return performance.now() - this.#backAtMs;
  }

  /** Waits up to `limitMs` for what is still asked; says nothing from then on. */
  async hush(limitMs: number): Promise<void> {
    await within(limitMs, Promise.allSettled(this.#inFlight));
    this.#isHushed = true;
  }

  #noteAnswer(): void {
    if (!this.#isAway) return;
    this.#isAway = false;
    this.#backAtMs = performance.now();
    log.info("The engine reaches its database again");
  }

  #noteFailure(what: string, error: unknown): void {
    if (this.#isHushed) return;
    if (away.test(codeOf(error))) {
      if (!this.#isAway)
        log.warn("The engine does not reach its database", { reason: reasonOf(error) });
      this.#isAway = true;
      return;
    }
    const saidAtMs = this.#saidAtMs.get(what) ?? Number.NEGATIVE_INFINITY;
    if (performance.now() - saidAtMs < repeatAfterMs) return;
    this.#saidAtMs.set(what, performance.now());
    log.error("A statement of the engine failed", { what, reason: reasonOf(error) });
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

function withinTime<T>(answer: PromiseLike<T>, timeoutMs: number): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(Object.assign(new Error("no answer in time"), { code: "NO_ANSWER" }));
    }, timeoutMs);
    answer.then(resolve, reject).then(() => clearTimeout(timer));
  });
}
