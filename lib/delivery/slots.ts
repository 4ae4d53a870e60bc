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

  /** How many of `wanted` it would grant now. */
  grantable(
    wanted: number,
    { isSuspect, isFirst }: { isSuspect: boolean; isFirst: boolean },
  ): number {
    const suspectRoom = isSuspect ? this.#most / 4 - this.#usedBySuspects : Infinity;
    const room = Math.max(
      isFirst ? 1 : 0,
      Math.floor(Math.min(this.#most - this.#used, suspectRoom)),
    );
    return Math.min(wanted, room);
  }

  /** Grants up to `wanted`; how many is the answer. */
  take(wanted: number, asking: { isSuspect: boolean; isFirst: boolean }): number {
    const granted = this.grantable(wanted, asking);
    this.#used += granted;
    if (asking.isSuspect) this.#usedBySuspects += granted;
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

  /** How many attempts could begin now: its process may have fewer sockets left than it has slots. */
  get open(): number {
    const free = Math.max(0, this.limit - this.#posting);
    return this.#budget.grantable(free, this.#asking);
  }

  /** Has the process fewer sockets left than the lane has slots? */
  get areScarce(): boolean {
    return this.open < this.limit - this.#posting;
  }

  get #asking() {
    return { isSuspect: this.isSuspect, isFirst: this.#posting === 0 };
  }

  /** Up to `wanted`: each is to be freed by its function. */
  take(wanted: number): (() => void)[] {
    const { isSuspect } = this;
    const free = Math.max(0, Math.min(wanted, this.limit - this.#posting));
    const granted = this.#budget.take(free, this.#asking);
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
