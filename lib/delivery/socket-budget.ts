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
