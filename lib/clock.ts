export type Reading = { epochMs: number; askedAtMs: number; tookMs: number };

/** The database's clock as this process knows it: moved on by monotonic time, never by the wall. */
export class Clock {
  #epochMs = Date.now();
  #readAtMs = performance.now();

  /** What the database said when it was asked at `askedAtMs` (performance.now()) and took `tookMs`. */
  set({ epochMs, askedAtMs, tookMs }: Reading): void {
    this.#epochMs = epochMs;
    this.#readAtMs = askedAtMs + tookMs / 2;
  }

  nowMs(): number {
    return this.#epochMs + (performance.now() - this.#readAtMs);
  }

  now(): Date {
    return new Date(this.nowMs());
  }
}

const store: { turboClock?: Clock } = globalThis as never;

/** The one clock of this process. */
export function clock(): Clock {
  return (store.turboClock ??= new Clock());
}
