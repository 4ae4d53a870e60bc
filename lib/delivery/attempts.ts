import type { Database } from "@/db/client";
import { clock } from "@/lib/clock";
import type { Env } from "@/lib/env";
import { log, reasonOf } from "@/lib/log";
import type { Sender } from "@/lib/outbound/send";
import { startAttempt, type Attempt, type AttemptEnd, type AttemptTools } from "./attempt";
import type { Claim } from "./claim";
import { disableGone } from "./disable-gone";
import { LeastTerms } from "./fence";
import { Settler } from "./settle";
import { SocketBudget } from "./slots";

const mostSockets = 1024;

/** Told of other lanes that have work now, because of what came of an attempt. */
export type Ring = (webhookIds: string[]) => void;

export type AttemptsOptions = {
  db: Database;
  sender: Sender;
  openSecret: AttemptTools["openSecret"];
  userAgent: string;
  settings: Env["webhook"];
};

/** An attempt that has been started; neither promise rejects. */
export type Started = {
  /** There is an answer, or none will come: its slot is free. */
  ended: Promise<AttemptEnd>;
  /** What came of it is on disk. */
  written: Promise<AttemptEnd>;
};

/** All attempts of this process, from the claim until what came of it is written down. */
export class Attempts {
  readonly db: Database;
  readonly settings: Env["webhook"];
  /** The webhooks somebody here is at, and under which terms no POST begins any more. */
  readonly terms = new LeastTerms();
  readonly sockets = new SocketBudget(mostSockets);
  readonly #sender: Sender;
  readonly #tools: Omit<AttemptTools, "clock">;
  readonly #settler: Settler;
  readonly #claims = new Set<Claim>();
  readonly #underWay = new Set<Attempt>();
  #posting = 0;

  constructor({ db, sender, openSecret, userAgent, settings }: AttemptsOptions) {
    const { timeoutMs, retryDelaysSeconds } = settings;
    this.db = db;
    this.settings = settings;
    this.#sender = sender;
    this.#tools = { sender, openSecret, userAgent, timeoutMs, retryDelaysSeconds };
    this.#settler = new Settler(db.sql);
  }

  /** Begun here and not yet written down. */
  get inFlight(): number {
    return this.#underWay.size;
  }

  /** Everything claimed here whose end is not yet written down, begun or not. */
  deliveries(): string[] {
    return [...this.#claims].map((claim) => claim.delivery_id);
  }

  /** From now on these are ours: each is to be started or withdrawn. */
  hold(claims: Claim[]): void {
    for (const claim of claims) this.#claims.add(claim);
  }

  start(claim: Claim, isHolder: () => boolean, ring?: Ring): Started {
    const mayBegin = () => isHolder() && claim.terms >= this.terms.of(claim.webhook_id);
    const attempt = startAttempt({ ...this.#tools, clock: clock() }, claim, mayBegin);
    this.hold([claim]);
    this.#underWay.add(attempt);
    this.#posting += 1;
    let isHeeded = true;
    // First the webhook: after a crash between the two nobody is sent what its receiver refused.
    const ended = attempt.ended.then(async (end) => {
      this.#posting -= 1;
      if (end.isGone) isHeeded = await this.#disableGone(claim, ring);
      return end;
    });
    const written = ended.then(async (end) => {
      await this.#write(attempt, end);
      if (!isHeeded) await this.#disableGone(claim, ring);
      return end;
    });
    return { ended, written };
  }

  async #write(attempt: Attempt, { settlement, claim }: AttemptEnd): Promise<void> {
    const writing = settlement ? this.#settler.settle(settlement) : this.#settler.withdraw(claim);
    if (this.#posting === 0) this.#settler.hurry();
    await writing;
    this.#underWay.delete(attempt);
    this.#claims.delete(claim);
  }

  /** Undoes claims that were never started. */
  async withdraw(claims: Claim[]): Promise<void> {
    await Promise.all(claims.map((claim) => this.#settler.withdraw(claim)));
    for (const claim of claims) this.#claims.delete(claim);
  }

  /**
   * After this, no POST begins here for the webhook under terms older than `terms`: attempts that
   * have sent nothing yet are withdrawn, later ones are refused as they begin.
   */
  fence(webhookId: string, terms: number): void {
    this.terms.raise(webhookId, terms);
    for (const attempt of this.#underWay) {
      const { claim } = attempt;
      if (claim.webhook_id === webhookId && claim.terms < terms && !attempt.hasBegun()) {
        attempt.withdraw();
      }
    }
  }

  /** Ends what is under way, to be written down as interrupted. */
  interrupt(): void {
    log.warn("webhook attempts interrupted", { count: this.#underWay.size });
    for (const attempt of this.#underWay) attempt.interrupt();
  }

  close(): Promise<void> {
    return this.#sender.close();
  }

  /** False: the database was away. */
  async #disableGone(claim: Claim, ring: Ring = () => {}): Promise<boolean> {
    try {
      const ctx = { db: this.db, requestId: claim.delivery_id, afterCommit: { ring } };
      const isDisabled = await disableGone(ctx, claim);
      if (isDisabled) this.fence(claim.webhook_id, claim.terms + 1);
      return true;
    } catch (error) {
      // Its next delivery will be told 410 as well.
      log.error("webhook not disabled although its receiver is gone", {
        delivery_id: claim.delivery_id,
        reason: reasonOf(error),
      });
      return false;
    }
  }
}
