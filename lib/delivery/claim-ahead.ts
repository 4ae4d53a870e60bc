import type { Claim } from "./claim";
import type { LaneSlots } from "./slots";

/** A lane claims ahead what it is to begin within about this time... */
const aheadMs = 1_000;
/** ...and what waits longer goes back: a claim must outlast its attempt. */
const longestWaitMs = 3_000;
const mostRows = 200;
const mostBytes = 8 * 1024 * 1024;
/** How much the newest answer counts for in the mean time of an answer. */
const weight = 0.2;

type Waiting = { claim: Claim; untilMs: number };

/**
 * What a lane has claimed and not begun, in order, and how much it may claim: no more than its slots
 * at first, twice as much with each claim while the receiver answers quickly, and never more than it
 * begins soon.
 */
export class ClaimAhead {
  #waiting: Waiting[] = [];
  #meanMs: number | null = null;
  #reach = 0;
  #largestBody = 1;

  get claims(): Claim[] {
    return this.#waiting.map(({ claim }) => claim);
  }

  get size(): number {
    return this.#waiting.length;
  }

  /** How many claims the lane may have, begun ones included, with `slots` attempts at once. */
  reach(slots: number): number {
    if (this.#meanMs === null || slots <= 1) return slots;
    const inTime = Math.floor((slots * aheadMs) / this.#meanMs);
    const most = Math.min(Math.max(mostRows, 2 * slots), mostBytes / this.#largestBody);
    return Math.max(slots, Math.floor(Math.min(inTime, most, 2 * this.#reach)));
  }

  /**
   * How many more it may claim now, with so many begun that are not written down. While sockets are
   * scarce it claims nothing ahead: what cannot begin would only be withdrawn again.
   */
  room(slots: LaneSlots, begun: number): number {
    if (slots.areScarce) return slots.open - this.size;
    return this.reach(slots.limit) - this.size - begun;
  }

  /** Rather many at a time, unless a slot stands idle. */
  isToClaim(slots: LaneSlots, begun: number): boolean {
    const room = this.room(slots, begun);
    if (room <= 0) return false;
    return (this.size === 0 && slots.open > 0) || 2 * room >= this.reach(slots.limit);
  }

  /** Claimed under a reach of so many; `isFirst`: to be begun before what waits already. */
  add(claims: Claim[], { reach, isFirst }: { reach: number; isFirst: boolean }): void {
    const untilMs = performance.now() + longestWaitMs;
    const added = claims.map((claim) => ({ claim, untilMs }));
    this.#waiting = isFirst ? [...added, ...this.#waiting] : [...this.#waiting, ...added];
    this.#reach = reach;
    const sizes = claims.map(({ body }) => body.length);
    this.#largestBody = Math.max(1, ...sizes);
  }

  /** The next to begin, up to so many. */
  take(count: number): Claim[] {
    return this.#waiting.splice(0, count).map(({ claim }) => claim);
  }

  /** An attempt took so long to be answered, or not to be. */
  note(tookMs: number): void {
    const ms = Math.max(1, tookMs);
    this.#meanMs = this.#meanMs === null ? ms : this.#meanMs + weight * (ms - this.#meanMs);
  }

  /** Takes out what has waited too long; the receiver is taken for slow then. */
  dropStale(): Claim[] {
    const nowMs = performance.now();
    if (!this.#waiting.some(({ untilMs }) => untilMs < nowMs)) return [];
    return this.dropAll();
  }

  dropAll(): Claim[] {
    this.#meanMs = null;
    return this.take(Infinity);
  }

  /** Takes out what was claimed under terms older than `terms`. */
  dropOlder(terms: number): Claim[] {
    const older = this.#waiting.filter(({ claim }) => claim.terms < terms);
    this.#waiting = this.#waiting.filter(({ claim }) => claim.terms >= terms);
    return older.map(({ claim }) => claim);
  }
}
