/**
 * The POSTs this process makes at once, over all lanes. The first of a lane is always granted, so
 * that endpoints that hang cannot keep another from being tried; suspect lanes share a quarter.
 */
export class SocketBudget {
  readonly #most: number;
  #used = 0;
  #usedBySuspects = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** Grants up to `wanted`; how many is the answer. */
  take(wanted: number, { isSuspect, isFirst }: { isSuspect: boolean; isFirst: boolean }): number {
    const suspectRoom = isSuspect ? this.#most / 4 - this.#usedBySuspects : Infinity;
    const room = Math.max(
      isFirst ? 1 : 0,
      Math.floor(Math.min(this.#most - this.#used, suspectRoom)),
    );
    const granted = Math.min(wanted, room);
    this.#used += granted;
    if (isSuspect) this.#usedBySuspects += granted;
    return granted;
  }

  giveBack(count: number, isSuspect: boolean): void {
    this.#used -= count;
    if (isSuspect) this.#usedBySuspects -= count;
  }
}

/** This many time-outs in a row make a lane suspect: one probe at a time until something answers. */
export const suspectAfter = 3;

/** The POSTs one lane makes at once, within what its process makes. */
export class LaneSlots {
  /** Time-outs since the last answer. */
  timeoutsInRow = 0;
  /** Attempts that other runs of this lane still have under way: they take up slots as well. */
  foreignClaims = 0;
  readonly #budget: SocketBudget;
  readonly #parallelism: number;
  #posting = 0;

  constructor(budget: SocketBudget, parallelism: number) {
    this.#budget = budget;
    this.#parallelism = parallelism;
  }

  get isSuspect(): boolean {
    return this.timeoutsInRow >= suspectAfter;
  }

  get limit(): number {
    return Math.max(0, this.isSuspect ? 1 : this.#parallelism - this.foreignClaims);
  }

  get areFree(): boolean {
    return this.#posting < this.limit;
  }

  /** Up to `wanted`: each is to be freed by its function. */
  take(wanted: number): (() => void)[] {
    const { isSuspect } = this;
    const free = Math.max(0, Math.min(wanted, this.limit - this.#posting));
    const granted = this.#budget.take(free, { isSuspect, isFirst: this.#posting === 0 });
    this.#posting += granted;
    return Array.from({ length: granted }, () => () => {
      this.#posting -= 1;
      this.#budget.giveBack(1, isSuspect);
    });
  }

  note({ isTimeout, isAnswered }: { isTimeout: boolean; isAnswered: boolean }): void {
    if (isTimeout) this.timeoutsInRow += 1;
    else if (isAnswered) this.timeoutsInRow = 0;
  }
}
