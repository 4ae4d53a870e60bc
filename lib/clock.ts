/** The database's clock as this process knows it: moved on by monotonic time, never by the wall. */
export class Clock {
  #epochMs = Date.now();
  #readAtMs = performance.now();

  /** `epochMs`: what the database said; `askedAtMs`: performance.now() before it was asked. */
  set(epochMs: number, askedAtMs: number): void {
    const receivedAtMs = performance.now();
    this.#epochMs = epochMs + (receivedAtMs - askedAtMs) / 2;
    this.#readAtMs = receivedAtMs;
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
