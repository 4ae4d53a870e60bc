/** What a clock showed (epoch ms) at some moment of the `tookMs` from `askedAtMs` (performance.now()) on. */
export type Reading = { epochMs: number; askedAtMs: number; tookMs: number };

/** The database's clock as this process knows it: moved on by monotonic time, never by the wall. */
export class Clock {
  #epochMs = Date.now();
  #readAtMs = performance.now();

  /** Goes by this reading from now on. */
  set({ epochMs, askedAtMs, tookMs }: Reading): void {
    this.#epochMs = epochMs;
    this.#readAtMs = askedAtMs + tookMs / 2;
  }

  /** Gives way to a reading that cannot be true by this clock, as little as it must. */
  correct({ epochMs, askedAtMs, tookMs }: Reading): void {
    const earliest = this.#showsAt(askedAtMs);
    const latest = earliest + tookMs;
    if (epochMs < earliest) this.#epochMs -= earliest - epochMs;
    else if (epochMs > latest) this.#epochMs += epochMs - latest;
  }

  nowMs(): number {
    return this.#showsAt(performance.now());
  }

  now(): Date {
    return new Date(this.nowMs());
  }

  #showsAt(monotonicMs: number): number {
    return this.#epochMs + (monotonicMs - this.#readAtMs);
  }
}

const store: { turboClock?: Clock } = globalThis as never;

/** The one clock of this process. */
export function clock(): Clock {
  return (store.turboClock ??= new Clock());
}
