import { setTimeout as sleep } from "node:timers/promises";
import { clock } from "@/lib/clock";
import { log, reasonOf } from "@/lib/log";
import type { Attempts, Ring } from "./attempts";
import { Alarm } from "./alarm";
import { claimDue, type Claim } from "./claim";
import { ClaimAhead } from "./claim-ahead";
import { LaneOrder, type ClaimOrder } from "./lane-order";
import { markTermsSeen } from "./fence";
import { nextDueMs, renewEveryMs, type Taken } from "./lane";
import { faultPauseMs, Lease, mostFaults } from "./lease";
import { LaneSlots } from "./slots";
import { giveBackInTime, takeOverClaims } from "./lost-claims";

/** Idle with the lane in hand this long before releasing it: new work then costs no new run. */
const lingerMs = 100;
/** Work due within this time is waited for with the lane in hand. */
const shortWaitMs = 3_000;
/** With attempts under way, the lane is looked at this often even if every hint was lost. */
const lookEveryMs = 500;
const clockErrorMs = 50;
/** So many rounds of its slots may be answered and not on disk: what a kill makes be sent twice. */
const unwrittenRounds = 5;
/** A lane that other processes ask for changes hands this often, so that they share the work. */
const handOverMs = 5_000;

type DrainOptions = { attempts: Attempts; webhookId: string; sliceMs: number; ring?: Ring };

/** One holder's turn at one lane: takes the lease, makes what is due happen, releases it. */
export class Drain {
  readonly webhookId: string;
  readonly #attempts: Attempts;
  readonly #ring: Ring | undefined;
  readonly #lease: Lease;
  readonly #slots: LaneSlots;
  readonly #ahead = new ClaimAhead();
  readonly #beganAt = performance.now();
  #sliceEndsAt: number;
  #heldSinceMs = 0;
  #terms = 0;
  readonly #order = new LaneOrder();
  #faults = 0;
  #isStopping = false;
  #isAskedFor = false;
  /** May the lane have more that is due than is claimed? */
  #mayHaveMore = false;
  /** When the lane is next due as far as its first claim told, null: never; undefined: not known any more. */
  #nextDueAt: number | null | undefined;
  readonly #alarm = new Alarm();
  /** Attempts and withdrawals that are not on disk yet. */
  readonly #unwritten = new Map<Claim, Promise<unknown>>();

  constructor({ attempts, webhookId, sliceMs, ring }: DrainOptions) {
    const { parallelism, timeoutMs } = attempts.settings;
    this.webhookId = webhookId;
    this.#attempts = attempts;
    this.#ring = ring;
    this.#lease = new Lease({ sql: attempts.db.sql, webhookId, parallelism, timeoutMs });
    this.#slots = new LaneSlots(attempts.sockets, parallelism);
    this.#sliceEndsAt = this.#beganAt + sliceMs;
  }

  get holder(): string {
    return this.#lease.holder;
  }

  /** There may be new work: look without a new run. False: it is not the holder. */
  wake(): boolean {
    this.#mayHaveMore = true;
    this.#alarm.ring();
    return this.#lease.isHolder;
  }

  /** Another process has work for this lane: it is put up for taking once it was held a while. */
  askFor(): void {
    this.#isAskedFor = true;
    this.#sliceEndsAt = Math.min(this.#sliceEndsAt, this.#beganAt + handOverMs);
    this.wake();
  }

  /** Did its turn end so that others may have the lane? */
  get isHandedOver(): boolean {
    return this.#isAskedFor && !this.#isStopping && performance.now() >= this.#sliceEndsAt;
  }

  /** Claims and begins nothing more; what is under way goes on. */
  stop(): void {
    this.#isStopping = true;
    this.#alarm.ring();
  }

  /** What was claimed under older terms is not begun any more. */
  fence(terms: number): void {
    void this.#withdraw(this.#ahead.dropOlder(terms));
  }

  /** Resolves when all that is still under way is written down; null: nothing is. */
  stragglers(): Promise<unknown> | null {
    return this.#unwritten.size > 0 ? Promise.all(this.#unwritten.values()) : null;
  }

  /** Runs the turn; false: somebody else holds the lane. */
  async run(): Promise<boolean> {
    const isStopping = () => this.#isStopping;
    const taken = await this.#lease.take(isStopping);
    if (!taken.isTaken) return false;
    const renewal = setInterval(() => void this.#renew(), renewEveryMs);
    try {
      await this.#start(taken);
      while (await this.#tryTurn());
    } finally {
      clearInterval(renewal);
      this.#lease.end();
      // The next holder finds them as they were before.
      await this.#withdraw(this.#ahead.dropAll());
      await this.#lease.release({ timeoutsInRow: this.#slots.timeoutsInRow, isStopping });
    }
    return true;
  }

  async #start(taken: Taken & { isRetried: boolean }): Promise<void> {
    this.#heldSinceMs = taken.heldSinceMs;
    this.#terms = taken.terms;
    this.#slots.timeoutsInRow = taken.timeoutsInRow;
    this.#slots.foreignClaims = taken.liveClaims;
    const { nextDueMs: dueMs } = taken;
    this.#nextDueAt = dueMs === null ? null : performance.now() + dueMs;
    if (taken.liveClaims > 0 || taken.hasExpiredClaims) this.#nextDueAt = undefined;
    const most = this.#slots.limit;
    this.#accept(taken.claims, this.#order.first(most), most);
    if (taken.isRetried) void this.#giveBackLost();
    if (taken.hasExpiredClaims) await this.#takeOver();
  }

  /** A turn; a fault of the database, unless it lasts, does not end what holds the lane. */
  async #tryTurn(): Promise<boolean> {
    try {
      const goesOn = await this.#turn();
      this.#faults = 0;
      return goesOn;
    } catch (error) {
      this.#faults += 1;
      if (!this.#lease.isHolder || this.#faults > mostFaults) throw error;
      if (this.#faults === 1) {
        const fields = { webhook_id: this.webhookId, reason: reasonOf(error) };
        log.warn("webhook lane not looked at; trying again", fields);
      }
      await sleep(faultPauseMs);
      this.#mayHaveMore = true;
      return true;
    }
  }

  get #isOn(): boolean {
    return !this.#isStopping && this.#lease.isHolder && performance.now() < this.#sliceEndsAt;
  }

  /** Begins what fits and claims more, or waits for a reason to; false: nothing more to do. */
  async #turn(): Promise<boolean> {
    if (!this.#isOn) return false;
    this.#begin();
    if (this.#isToClaim) {
      await this.#claim();
      return true;
    }
    if (this.#unwritten.size + this.#ahead.size === 0) return this.#idle();
    if (!(await this.#wait(lookEveryMs))) this.#mayHaveMore = true;
    return true;
  }

  async #idle(): Promise<boolean> {
    if (await this.#wait(lingerMs)) return true;
    const dueMs =
      this.#nextDueAt === undefined
        ? await nextDueMs(this.#attempts.db.sql, this.webhookId)
        : this.#nextDueAt && Math.max(0, this.#nextDueAt - performance.now());
    if (dueMs === null || dueMs > shortWaitMs) return this.#mayHaveMore;
    await this.#wait(dueMs);
    await this.#takeOver();
    this.#mayHaveMore = true;
    return true;
  }

  #wait(ms: number): Promise<boolean> {
    return this.#isToClaim ? Promise.resolve(true) : this.#alarm.wait(ms);
  }

  get #isToClaim(): boolean {
    return this.#mayHaveMore && this.#ahead.isToClaim(this.#slots, this.#unwritten.size);
  }

  async #claim(): Promise<void> {
    const { db, settings } = this.#attempts;
    const reach = this.#ahead.reach(this.#slots.limit);
    const order = this.#order.next(this.#ahead.room(this.#slots, this.#unwritten.size));
    this.#mayHaveMore = false;
    this.#nextDueAt = undefined;
    const { webhookId, holder } = this;
    const input = { webhookId, holder, timeoutMs: settings.timeoutMs, ...order };
    const claims = await claimDue(db.sql, input).catch((error: unknown) => {
      void this.#giveBackLost();
      throw error;
    });
    this.#accept(claims, order, reach);
  }

  #accept(claims: Claim[], order: ClaimOrder, reach: number): void {
    this.#attempts.hold(claims);
    this.#ahead.add(claims, { reach, isFirst: order.newestFirst });
    if (this.#order.note(order, claims)) this.#mayHaveMore = true;
    this.#begin();
  }

  /** Begins what waits, as far as there are slots. */
  #begin(): void {
    if (!this.#isOn) return;
    void this.#withdraw(this.#ahead.dropStale());
    const most = (1 + unwrittenRounds) * this.#slots.limit - this.#unwritten.size;
    for (const freeSlot of this.#slots.take(Math.min(this.#ahead.size, most))) {
      for (const claim of this.#ahead.take(1)) void this.#post(claim, freeSlot);
    }
    if (this.#slots.isSuspect) void this.#withdraw(this.#ahead.dropAll());
  }

  async #post(claim: Claim, freeSlot: () => void): Promise<void> {
    const beganAt = performance.now();
    const isHolder = () => this.#lease.isHolder;
    const { ended, written } = this.#attempts.start(claim, isHolder, this.#ring);
    void this.#keep([claim], written);
    const end = await ended;
    freeSlot();
    this.#slots.note(end);
    if (!end.settlement) this.#lookAnew();
    else this.#ahead.note(performance.now() - beganAt);
    if (end.settlement?.status === "pending") this.#nextDueAt = undefined;
    if (end.isGone) this.fence(claim.terms + 1);
    this.#begin();
    this.#alarm.ring();
  }

  async #withdraw(claims: Claim[]): Promise<void> {
    if (claims.length === 0) return;
    this.#lookAnew();
    await this.#keep(claims, this.#attempts.withdraw(claims));
  }

  /** What is withdrawn will be due again, and lies behind the cursor. */
  #lookAnew(): void {
    this.#order.rewind();
    this.#nextDueAt = undefined;
  }

  #keep(claims: Claim[], written: Promise<unknown>): Promise<unknown> {
    const kept = written.finally(() => {
      for (const claim of claims) this.#unwritten.delete(claim);
      this.#alarm.ring();
    });
    for (const claim of claims) this.#unwritten.set(claim, kept);
    return kept;
  }

  async #takeOver(): Promise<void> {
    const own = [...this.#unwritten.keys(), ...this.#ahead.claims];
    this.#slots.foreignClaims = await takeOverClaims(this.#attempts, this.webhookId, own);
  }

  /**
   * The answer to a claim was lost, and what it took has to be given back: all that was claimed
   * until now, and a little longer for what differs between the clocks; the next claim is later.
   */
  async #giveBackLost(): Promise<void> {
    const { webhookId } = this;
    const errorMs = Math.min(clockErrorMs, this.#lease.leftMs - clockErrorMs);
    const lost = { webhookId, fromMs: this.#heldSinceMs, untilMs: clock().nowMs() + errorMs };
    const isAny = await giveBackInTime(this.#attempts, lost, () => this.#isStopping);
    if (isAny && !this.wake()) this.#ring?.([webhookId]);
  }

  async #renew(): Promise<void> {
    try {
      const renewed = await this.#lease.renew(this.#slots.timeoutsInRow);
      if (!renewed) return this.#alarm.ring();
      this.#order.rewind(); // What others gave back, or committed late, lies before the cursor.
      await this.#heedTerms(renewed.terms);
      if (this.#slots.foreignClaims > 0) await this.#takeOver();
    } catch (error) {
      log.warn("webhook lane not renewed", { webhook_id: this.webhookId, reason: reasonOf(error) });
    }
  }

  /** The terms changed, and no signal need have come: says that it knows, so that nobody waits. */
  async #heedTerms(terms: number): Promise<void> {
    if (terms <= this.#terms) return;
    const { webhookId, holder } = this;
    this.#attempts.fence(webhookId, terms);
    this.fence(terms);
    await markTermsSeen(this.#attempts.db.sql, { webhookId, terms, holders: [holder] });
    this.#terms = terms;
  }
}
