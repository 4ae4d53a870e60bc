/** For so long after a look at its webhook's terms a test may begin. */
export const testTermsMs = 2_000;
const lookEveryMs = 500;

/**
 * The terms of a test, which is sent beside its lane and has no lease to go by: they are looked at
 * again and again while it waits to begin, and hold for a while after each look that found them
 * unchanged. So whoever changes them need not wait longer than that.
 */
export class TestTerms {
  #knownUntil: number;
  readonly #timer: NodeJS.Timeout;

  /** `look` asks whether the terms are still those that were read after `readAfterMs`. */
  constructor(look: () => Promise<boolean>, readAfterMs: number) {
    this.#knownUntil = readAfterMs + testTermsMs;
    this.#timer = setInterval(() => void this.#look(look), lookEveryMs);
  }

  get hold(): boolean {
    return performance.now() < this.#knownUntil;
  }

  end(): void {
    clearInterval(this.#timer);
  }

  async #look(look: () => Promise<boolean>): Promise<void> {
    const askedAtMs = performance.now();
    try {
      if (await look()) this.#knownUntil = askedAtMs + testTermsMs;
      else this.#knownUntil = 0;
    } catch {
      // With the database away nobody knows them: what is known runs out.
    }
  }
}
