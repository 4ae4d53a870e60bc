/** Somebody who waits, and can be woken before the time is up. */
export class Alarm {
  #ring: () => void = () => {};

  /** Resolves true when it is rung, false when `ms` have passed without. */
  wait(ms: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), ms);
      this.#ring = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  }

  ring(): void {
    this.#ring();
  }
}
