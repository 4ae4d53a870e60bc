/** What waits for its time, epoch ms. */
export type Timed = { atMs: number };

/**
 * Waits for many moments, soonest first, and holds at most `most` of them: past that the one
 * furthest off is let go. A bell may be lost, and by the time of one so far off the sweep rings.
 */
export class Alarms<T extends Timed> {
  readonly #most: number;
  /** In rising order of time: an insertion moves no more than `most` references. */
  readonly #sorted: T[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#sorted.length;
  }

  /** When the first is due; Infinity: there is none. */
  get nextMs(): number {
    return this.#sorted[0]?.atMs ?? Infinity;
  }

  /** Answers what had to be let go for it, itself perhaps. */
  add(timed: T): T | undefined {
    const isFull = this.#sorted.length >= this.#most;
    if (isFull && timed.atMs >= (this.#sorted.at(-1)?.atMs ?? 0)) return timed;
    this.#sorted.splice(this.#placeAfter(timed.atMs), 0, timed);
    return isFull ? this.#sorted.pop() : undefined;
  }

  /** Takes out up to `most` that are due at `nowMs`, in order. */
  takeDue(nowMs: number, most: number): T[] {
    return this.#sorted.splice(0, Math.min(this.#placeAfter(nowMs), most));
  }

  /** How many are at `atMs` or before it. */
  #placeAfter(atMs: number): number {
    let low = 0;
    let high = this.#sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#sorted[middle]?.atMs ?? Infinity) <= atMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
