import type { Database } from "@/db/client";
import { clock } from "@/lib/clock";
import type { Env } from "@/lib/env";
import { log, reasonOf } from "@/lib/log";
import { startAttempt, type Attempt, type AttemptEnd, type AttemptTools } from "./attempt";
import { loadTestClaim, type Claim } from "./claim";
import { Drain } from "./drain";
import type { DrainTools } from "./drain-tools";
import { disableGone } from "./disable-gone";
import { nextDueMs } from "./lane";
import { giveBackInTime, giveBackLost, type LostClaim } from "./lost-claims";
import type { Sender } from "@/lib/outbound/send";
import { Settler } from "./settle";
import { SocketBudget } from "./socket-budget";
import { TestTerms } from "./test-terms";

const mostSockets = 1024;
/** How long a stop waits for attempts under way before it writes them down as interrupted. */
const defaultGraceMs = 7_000;

export type DelivererOptions = {
  db: Database;
  sender: Sender;
  openSecret: AttemptTools["openSecret"];
  userAgent: string;
  settings: Env["webhook"];
  graceMs?: number;
};

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

/** Told of other lanes that have work now, because of what came of an attempt. */
export type Ring = (webhookIds: string[]) => void;

type AttemptTerms = { isHolder: () => boolean; ring: Ring | undefined };

/** All delivering of this process: its drains, its attempts under way, its results being written. */
export class Deliverer {
  readonly #options: DelivererOptions;
  readonly #settler: Settler;
  readonly #sockets = new SocketBudget(mostSockets);
  readonly #drains = new Map<string, Drain>();
  readonly #turns = new Set<Drain>();
  readonly #attempts = new Set<Attempt>();
  readonly #leastTerms = new Map<string, number>();
  readonly #work = new Set<Promise<unknown>>();
  #isStopping = false;

  constructor(options: DelivererOptions) {
    this.#options = options;
    this.#settler = new Settler(options.db.sql);
  }

  /** Will take no lane any more: another process, or the next start, must. */
  get isStopping(): boolean {
    return this.#isStopping;
  }

  /** Drains one lane if nobody else does. */
  async drain(webhookId: string, how: DrainOptions): Promise<{ isTaken: boolean }> {
    if (this.#isStopping || !this.#options.settings.enabled) return { isTaken: false };
    return this.#track(this.#takeTurn(webhookId, how));
  }

  async #takeTurn(webhookId: string, { sliceMs = Infinity, leave, offer, ring }: DrainOptions) {
    const drain = new Drain(this.#drainTools(ring), webhookId, sliceMs);
    this.#turns.add(drain);
    const turn = drain.run(() => this.#enlist(drain));
    const isTaken = await turn.finally(() => this.#turns.delete(drain));
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
  }

  #enlist(drain: Drain): () => void {
    this.#drains.set(drain.webhookId, drain);
    return () => {
      if (this.#drains.get(drain.webhookId) === drain) this.#drains.delete(drain.webhookId);
    };
  }

  /** As whom this process holds lanes at present. */
  get holders(): string[] {
    return [...this.#turns].map((drain) => drain.holder);
  }

  /** Tells the drain of this lane, if it runs here, that there may be work; false: it does not. */
  wake(webhookId: string): boolean {
    const drain = this.#drains.get(webhookId);
    if (!drain?.isHolder) return false;
    drain.wake();
    return true;
  }

  /** As `wake`, for work of another process, which might take the lane itself. */
  askFor(webhookId: string): void {
    this.#drains.get(webhookId)?.askFor();
  }

  /** Makes the one attempt of a test delivery, beside the lane. */
  async sendTest(deliveryId: string, ring?: Ring): Promise<void> {
    const { sql } = this.#options.db;
    const askedAtMs = performance.now();
    const claim = await loadTestClaim(sql, deliveryId);
    if (!claim || this.#isStopping) return;
    const terms = new TestTerms(async () => {
      const now = await loadTestClaim(sql, deliveryId);
      return now?.terms === claim.terms;
    }, askedAtMs);
    const end = await this.#attempt(claim, { isHolder: () => terms.hold, ring });
    terms.end();
    // It has sent nothing, and is the lane's now.
    if (end.settlement.status === "pending") ring?.([claim.webhook_id]);
  }

  /**
   * After this, no POST begins here for the webhook under terms older than `terms`: attempts
   * that have sent nothing yet are withdrawn, later ones are refused as they begin.
   */
  fence(webhookId: string, terms: number): void {
    const least = Math.max(terms, this.#leastTerms.get(webhookId) ?? 0);
    this.#leastTerms.set(webhookId, least);
    for (const attempt of this.#attempts) {
      const { claim } = attempt;
      if (claim.webhook_id === webhookId && claim.terms < least && !attempt.hasBegun()) {
        attempt.withdraw();
      }
    }
  }

  /** Attempts under way in this process. */
  get inFlight(): number {
    return this.#attempts.size;
  }

  /** The deliveries of those attempts: their results are here, or will be. */
  deliveriesUnderWay(): string[] {
    return [...this.#attempts].map((attempt) => attempt.claim.delivery_id);
  }

  /** Claims nothing more, waits for what is under way, writes the rest down as interrupted. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    for (const drain of this.#turns) drain.stop();
    const cutOff = setTimeout(() => this.#interruptAll(), this.#options.graceMs ?? defaultGraceMs);
    // A turn that ends may have begun attempts until then.
    while (this.#work.size > 0) await Promise.allSettled(this.#work);
    clearTimeout(cutOff);
    await this.#options.sender.close();
  }

  #track<T>(work: Promise<T>): Promise<T> {
    const tracked = work.finally(() => this.#work.delete(tracked));
    this.#work.add(tracked);
    return tracked;
  }

  #interruptAll(): void {
    log.warn("webhook attempts interrupted", { count: this.#attempts.size });
    for (const attempt of this.#attempts) attempt.interrupt();
  }

  #drainTools(ring: Ring | undefined): DrainTools {
    const { settings, db } = this.#options;
    return {
      sql: db.sql,
      parallelism: settings.parallelism,
      timeoutMs: settings.timeoutMs,
      nowMs: () => clock().nowMs(),
      sockets: this.#sockets,
      attempt: (claim, isHolder) => this.#attempt(claim, { isHolder, ring }),
      fence: (webhookId, terms) => this.fence(webhookId, terms),
      deliveriesUnderWay: () => this.deliveriesUnderWay(),
      noteLost: (lost) => void this.#giveBack(lost, ring),
    };
  }

  async #giveBack(lost: LostClaim, ring: Ring | undefined): Promise<void> {
    const { db, settings } = this.#options;
    const work = () =>
      giveBackLost(db.sql, {
        lost,
        timeoutMs: settings.timeoutMs,
        ours: this.deliveriesUnderWay(),
      });
    const isAny = await giveBackInTime(work, () => this.#isStopping);
    if (isAny && !this.wake(lost.webhookId)) ring?.([lost.webhookId]);
  }

  #attempt(claim: Claim, terms: AttemptTerms): Promise<AttemptEnd> {
    return this.#track(this.#makeAttempt(claim, terms));
  }

  async #makeAttempt(claim: Claim, { isHolder, ring }: AttemptTerms): Promise<AttemptEnd> {
    const { sender, openSecret, userAgent, settings } = this.#options;
    const tools = {
      sender,
      clock: clock(),
      openSecret,
      userAgent,
      timeoutMs: settings.timeoutMs,
      retryDelaysSeconds: settings.retryDelaysSeconds,
    };
    const mayBegin = () =>
      isHolder() && claim.terms >= (this.#leastTerms.get(claim.webhook_id) ?? 0);
    const attempt = startAttempt(tools, claim, mayBegin);
    this.#attempts.add(attempt);
    const end = await attempt.ended;
    // First the webhook: after a crash between the two nobody is sent what its receiver refused.
    const isDisabled = end.isGone && (await this.#disableGone(end, ring));
    await this.#settler.settle(end.settlement);
    this.#attempts.delete(attempt);
    if (end.isGone && !isDisabled) await this.#disableGone(end, ring);
    return end;
  }

  /** False: the database was away. */
  async #disableGone({ settlement }: AttemptEnd, ring: Ring = () => {}): Promise<boolean> {
    try {
      const ctx = {
        db: this.#options.db,
        requestId: settlement.delivery_id,
        afterCommit: { ring },
      };
      await disableGone(ctx, settlement);
      return true;
    } catch (error) {
      // Its next delivery will be told 410 as well.
      log.error("webhook not disabled although its receiver is gone", {
        delivery_id: settlement.delivery_id,
        reason: reasonOf(error),
      });
      return false;
    }
  }
}
