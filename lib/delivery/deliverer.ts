import { Attempts, type AttemptsOptions, type Ring } from "./attempts";
import { loadTestClaim } from "./claim";
import { Drain } from "./drain";
import { TestTerms } from "./fence";
import { nextDueMs } from "./lane";

/** How long a stop waits for attempts under way before it writes them down as interrupted. */
const defaultGraceMs = 7_000;

export type DelivererOptions = AttemptsOptions & { graceMs?: number };

export type DrainOptions = {
  /** Claims nothing after so long. */
  sliceMs?: number;
  /**
   * Told, in milliseconds from now, when the lane next has work: as soon as it is released, and
   * once more when attempts have ended that were still under way then.
   */
  leave: (dueMs: number) => Promise<void>;
  /** Called instead when the lane is due and other processes want it. */
  offer?: () => Promise<void>;
  ring?: Ring;
};

/** All delivering of this process: its turns at lanes, and the attempts they make. */
export class Deliverer {
  readonly #options: DelivererOptions;
  readonly #attempts: Attempts;
  readonly #turns = new Map<string, Set<Drain>>();
  readonly #work = new Set<Promise<unknown>>();
  #isStopping = false;

  constructor(options: DelivererOptions) {
    this.#options = options;
    this.#attempts = new Attempts(options);
  }

  /** Will take no lane any more: another process, or the next start, must. */
  get isStopping(): boolean {
    return this.#isStopping;
  }

  /** Drains one lane if nobody else does. */
  async drain(webhookId: string, how: DrainOptions): Promise<{ isTaken: boolean }> {
    if (this.#isStopping || !this.#options.settings.enabled) return { isTaken: false };
    return this.#track(this.#at(webhookId, () => this.#takeTurn(webhookId, how)));
  }

  async #takeTurn(webhookId: string, { sliceMs = Infinity, leave, offer, ring }: DrainOptions) {
    const drain = new Drain({ attempts: this.#attempts, webhookId, sliceMs, ring });
    try {
      const isTaken = await this.#run(drain);
      if (!isTaken) return { isTaken };
      // In statements of their own: what was committed while the lease still stood is seen only now.
      for (;;) {
        const stragglers = drain.stragglers();
        const dueMs = await nextDueMs(this.#options.db.sql, webhookId);
        if (dueMs === 0 && offer && drain.isHandedOver) await offer();
        else if (dueMs !== null) await leave(dueMs);
        if (!stragglers) return { isTaken };
        await stragglers;
      }
    } finally {
      // A turn that failed leaves attempts under way, which a stop has to know of.
      await drain.stragglers();
    }
  }

  async #run(drain: Drain): Promise<boolean> {
    const { webhookId } = drain;
    const turns = this.#turns.get(webhookId) ?? new Set();
    this.#turns.set(webhookId, turns.add(drain));
    try {
      return await drain.run();
    } finally {
      turns.delete(drain);
      if (turns.size === 0) this.#turns.delete(webhookId);
    }
  }

  /** While this works, the fences of the webhook are kept. */
  async #at<T>(webhookId: string, work: () => Promise<T>): Promise<T> {
    const { terms } = this.#attempts;
    terms.enter(webhookId);
    try {
      return await work();
    } finally {
      terms.leave(webhookId);
    }
  }

  /** As whom this process holds lanes at present. */
  get holders(): string[] {
    return [...this.#turns.values()].flatMap((turns) => [...turns].map((drain) => drain.holder));
  }

  #turnsAt(webhookId: string): Drain[] {
    return [...(this.#turns.get(webhookId) ?? [])];
  }

  /** Tells the drain of this lane, if it runs here, that there may be work; false: it does not. */
  wake(webhookId: string): boolean {
    return this.#turnsAt(webhookId).filter((drain) => drain.wake()).length > 0;
  }

  /** As `wake`, for work of another process, which might take the lane itself. */
  askFor(webhookId: string): void {
    for (const drain of this.#turnsAt(webhookId)) drain.askFor();
  }

  /** Makes the one attempt of a test delivery, beside the lane. */
  async sendTest(deliveryId: string, ring?: Ring): Promise<void> {
    const { sql } = this.#options.db;
    const askedAtMs = performance.now();
    const found = await loadTestClaim(sql, deliveryId);
    if (!found || this.#isStopping) return;
    await this.#track(
      this.#at(found.webhook_id, async () => {
        // Read only once fences are kept: one that came before would be forgotten.
        const claim = await loadTestClaim(sql, deliveryId);
        if (!claim) return;
        const look = async () => (await loadTestClaim(sql, deliveryId))?.terms === claim.terms;
        const terms = new TestTerms(look, askedAtMs);
        const { written } = this.#attempts.start(claim, () => terms.hold, ring);
        const { settlement } = await written;
        terms.end();
        // It has sent nothing, or was interrupted, and is the lane's now.
        if (settlement === null || settlement.status === "pending") ring?.([claim.webhook_id]);
      }),
    );
  }

  /**
   * After this, no POST begins here for the webhook under terms older than `terms`: what has sent
   * nothing yet is withdrawn, later attempts are refused as they begin.
   */
  fence(webhookId: string, terms: number): void {
    this.#attempts.fence(webhookId, terms);
    for (const drain of this.#turnsAt(webhookId)) drain.fence(terms);
  }

  /** Attempts under way in this process. */
  get inFlight(): number {
    return this.#attempts.inFlight;
  }

  /** The deliveries that are claimed here: what came of them is here, or will be. */
  deliveriesUnderWay(): string[] {
    return this.#attempts.deliveries();
  }

  /** Claims nothing more, waits for what is under way, writes the rest down as interrupted. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    for (const turns of this.#turns.values()) for (const drain of turns) drain.stop();
    const graceMs = this.#options.graceMs ?? defaultGraceMs;
    const cutOff = setTimeout(() => this.#attempts.interrupt(), graceMs);
    // A turn that ends may have begun attempts until then.
    while (this.#work.size > 0) await Promise.allSettled(this.#work);
    clearTimeout(cutOff);
    await this.#attempts.close();
  }

  #track<T>(work: Promise<T>): Promise<T> {
    const tracked = work.finally(() => this.#work.delete(tracked));
    this.#work.add(tracked);
    return tracked;
  }
}
