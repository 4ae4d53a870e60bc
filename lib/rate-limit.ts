type Terms = {
  /** So many requests each caller has in a window. */
  limit: number;
  windowMs: number;
  /** More callers than these, in one window, share one quota. */
  mostCallers: number;
  /** A clock that never goes back, in milliseconds. */
  nowMs: () => number;
};

/** What a caller has left of its window, and in how many seconds the next begins. */
export type Quota = { isExceeded: boolean; remaining: number; resetSeconds: number };

/** Counts the requests of callers in fixed windows, which are the same for all of them. */
export class RateLimiter {
  readonly #terms: Terms;
  readonly #used = new Map<string, number>();
  #startedAtMs = Number.NEGATIVE_INFINITY;

  constructor(terms: Terms) {
    this.#terms = terms;
  }

  /** Counts one request of this caller. */
  take(caller: string): Quota {
    const { limit, windowMs, nowMs } = this.#terms;
    const now = nowMs();
    if (now - this.#startedAtMs >= windowMs) {
      this.#startedAtMs = now;
      this.#used.clear();
    }
    const counted = this.#countedAs(caller);
    const used = (this.#used.get(counted) ?? 0) + 1;
    this.#used.set(counted, used);
    return {
      isExceeded: used > limit,
      remaining: Math.max(0, limit - used),
      resetSeconds: Math.ceil((this.#startedAtMs + windowMs - now) / 1_000),
    };
  }

  /** `RateLimit-Policy` and `RateLimit`, as draft-ietf-httpapi-ratelimit-headers-10 writes them. */
  headersOf({ remaining, resetSeconds }: Quota): Record<string, string> {
    const { limit, windowMs } = this.#terms;
    return {
      "ratelimit-policy": `"caller";q=${limit};w=${windowMs / 1_000}`,
      ratelimit: `"caller";r=${remaining};t=${resetSeconds}`,
    };
  }

  #countedAs(caller: string): string {
    const isKnown = this.#used.has(caller) || this.#used.size < this.#terms.mostCallers;
    return isKnown ? caller : "everybody else";
  }
}
