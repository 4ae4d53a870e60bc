import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { log, reasonOf } from "@/lib/log";
import { claimDue, interruptClaims, type Claim, type Cursor } from "./claim";
import type { DrainTools } from "./drain-tools";
import { markTermsSeen } from "./fence";
import {
  countForeignClaims,
  leaseMs,
  nextDueMs,
  keepReleasing,
  renewEveryMs,
  renewLane,
  takeLane,
} from "./lane";

/** Idle with the lane in hand this long before releasing it: new work then costs no new run. */
const lingerMs = 100;
/** Work due within this time is waited for with the lane in hand. */
const shortWaitMs = 3_000;
/** With attempts under way, the lane is looked at this often even if every hint was lost. */
const lookEveryMs = 500;
/** Statements that fail are tried again after this long, so often in a row. */
const faultPauseMs = 250;
const mostFaults = 12;
const clockErrorMs = 50;
/** A lane that other processes ask for changes hands this often, so that they share the work. */
const handOverMs = 5_000;
/** This many time-outs in a row make a lane suspect: one probe at a time until something answers. */
const suspectAfter = 3;
/** A lane whose oldest due row is older than this is far behind: a quarter goes to its newest rows. */
const farBehindMs = 60_000;

/** One holder's turn at one lane: takes the lease, makes what is due happen, releases it. */
export class Drain {
  readonly webhookId: string;
  /** Of its own, not the process's: an older turn of this process must not pass for this one. */
  readonly holder = randomUUID();
  readonly #tools: DrainTools;
  #sliceEndsAt: number;
  readonly #beganAt = performance.now();
  #takenAtMs = 0;
  #leaseEndsAt = 0;
  #isOver = false;
  #terms = 0;
  #timeoutsInRow = 0;
  #foreignClaims = 0;
  #inFlight = 0;
  #cursor: Cursor | null = null;
  #claimCount = 0;
  #faults = 0;
  #isStopping = false;
  #isAskedFor = false;
  #hasNews = true;
  #wakeUp: () => void = () => {};
  readonly #underWay = new Map<string, Promise<void>>();

  constructor(tools: DrainTools, webhookId: string, sliceMs: number) {
    this.#tools = tools;
    this.webhookId = webhookId;
    this.#sliceEndsAt = this.#beganAt + sliceMs;
  }

  /** There may be new work: look without a new run. */
  wake(): void {
    this.#hasNews = true;
    this.#wakeUp();
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

  /** Claims nothing more; what is under way goes on. */
  stop(): void {
    this.#isStopping = true;
    this.#wakeUp();
  }

  /** Still within its lease? Asked before each POST; by monotonic time, whatever the wall says. */
  get isHolder(): boolean {
    return !this.#isOver && performance.now() < this.#leaseEndsAt;
  }

  /**
   * Runs the turn; false: somebody else holds the lane. `enlist` makes this drain known to those
   * who wake it and is undone before the lane is released: later news then goes by the lane's row,
   * and the last look finds it.
   */
  async run(enlist: () => () => void): Promise<boolean> {
    const { sql } = this.#tools;
    const { webhookId, holder } = this;
    this.#leaseEndsAt = performance.now() + leaseMs;
    const taken = await takeLane(sql, { webhookId, holder }).catch(async (error: unknown) => {
      // It may have been taken all the same.
      await this.#release();
      throw error;
    });
    if (!taken.isTaken) return false;
    this.#takenAtMs = taken.takenAtMs;
    this.#terms = taken.terms;
    this.#timeoutsInRow = taken.timeoutsInRow;
    this.#foreignClaims = taken.liveClaims;
    const delist = enlist();
    const renewal = setInterval(() => void this.#renew(), renewEveryMs);
    try {
      if (taken.hasExpiredClaims) await this.#takeOver();
      while (await this.#tryTurn());
    } finally {
      delist();
      clearInterval(renewal);
      // Whoever finds no holder relies on it: what has sent nothing by now sends nothing any more.
      this.#isOver = true;
      await this.#release();
    }
    return true;
  }

  #release(): Promise<void> {
    const { webhookId, holder } = this;
    const released = { webhookId, holder, timeoutsInRow: this.#timeoutsInRow };
    const isOver = () => this.#isStopping || performance.now() >= this.#leaseEndsAt;
    return keepReleasing(this.#tools.sql, released, isOver);
  }

  /** A turn; a fault of the database, unless it lasts, does not end what holds the lane. */
  async #tryTurn(): Promise<boolean> {
    try {
      const goesOn = await this.#turn();
      this.#faults = 0;
      return goesOn;
    } catch (error) {
      this.#faults += 1;
      if (!this.isHolder || this.#faults > mostFaults) throw error;
      if (this.#faults === 1) {
        const fields = { webhook_id: this.webhookId, reason: reasonOf(error) };
        log.warn("webhook lane not looked at; trying again", fields);
      }
      await sleep(faultPauseMs);
      this.#hasNews = true;
      return true;
    }
  }

  /** Claims and starts what fits, then waits for a reason to look again; false: nothing more to do. */
  async #turn(): Promise<boolean> {
    if (this.#isStopping || !this.isHolder || performance.now() >= this.#sliceEndsAt) return false;
    if (this.#hasNews && this.#freeSlots() > 0) await this.#claim();
    if (this.#hasNews && this.#freeSlots() > 0) return true;
    if (this.#inFlight > 0) {
      if (!(await this.#wait(lookEveryMs)) && this.#freeSlots() > 0) this.#hasNews = true;
      return true;
    }
    if (await this.#wait(lingerMs)) return true;
    const dueMs = await nextDueMs(this.#tools.sql, this.webhookId);
    if (dueMs === null || dueMs > shortWaitMs) return this.#hasNews;
    await this.#wait(dueMs);
    await this.#takeOver();
    this.#hasNews = true;
    return true;
  }

  /** Writes down as interrupted what another holder claimed and never brought to an end. */
  async #takeOver(): Promise<void> {
    const { sql, timeoutMs, deliveriesUnderWay } = this.#tools;
    const { webhookId } = this;
    await interruptClaims(sql, { of: { webhookId }, timeoutMs, ours: deliveriesUnderWay() });
    this.#foreignClaims = await countForeignClaims(sql, webhookId, [...this.#underWay.keys()]);
  }

  /** Resolves true on a wake-up, false when `ms` have passed without one. */
  #wait(ms: number): Promise<boolean> {
    if (this.#hasNews && this.#freeSlots() > 0) return Promise.resolve(true);
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), ms);
      this.#wakeUp = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  }

  get #isSuspect(): boolean {
    return this.#timeoutsInRow >= suspectAfter;
  }

  #freeSlots(): number {
    const limit = this.#isSuspect ? 1 : this.#tools.parallelism - this.#foreignClaims;
    return Math.max(0, limit - this.#inFlight);
  }

  async #claim(): Promise<void> {
    const { sql, timeoutMs, sockets } = this.#tools;
    const { webhookId, holder } = this;
    const isSuspect = this.#isSuspect;
    const isFirst = this.#inFlight === 0;
    const most = sockets.take(this.#freeSlots(), { isSuspect, isFirst });
    this.#hasNews = false;
    if (most === 0) return;
    const newestFirst = this.#isFarBehind && ++this.#claimCount % 4 === 0;
    const after = newestFirst ? null : this.#cursor;
    let claims: Claim[] = [];
    try {
      const claim = { webhookId, holder, most, timeoutMs, after, newestFirst };
      claims = await claimDue(sql, claim);
    } catch (error) {
      this.#noteLost();
      throw error;
    } finally {
      sockets.giveBack(most - claims.length, isSuspect);
    }
    // A full answer says that there is more; an empty one behind a cursor may have missed some.
    this.#hasNews ||= claims.length === most || after !== null;
    if (!newestFirst) this.#cursor = claims.length === most ? cursorAfter(claims) : null;
    for (const claim of claims) this.#start(claim, isSuspect);
  }

  /** Until now, and a little longer for what differs between the clocks; the next claim is later. */
  #noteLost(): void {
    const { nowMs, noteLost } = this.#tools;
    const leaseLeftMs = this.#leaseEndsAt - performance.now() - clockErrorMs;
    const untilMs = nowMs() + Math.min(clockErrorMs, leaseLeftMs);
    noteLost({ webhookId: this.webhookId, fromMs: this.#takenAtMs, untilMs });
  }

  get #isFarBehind(): boolean {
    return (
      this.#cursor !== null && Date.parse(this.#cursor.dueAt) < this.#tools.nowMs() - farBehindMs
    );
  }

  #start(claim: Claim, isSuspect: boolean): void {
    this.#inFlight += 1;
    const ending = this.#attempt(claim).finally(() => {
      this.#inFlight -= 1;
      this.#tools.sockets.giveBack(1, isSuspect);
      // Its next attempt may have been claimed before this one's end came to be known here.
      if (this.#underWay.get(claim.delivery_id) === ending)
        this.#underWay.delete(claim.delivery_id);
      this.#wakeUp();
    });
    this.#underWay.set(claim.delivery_id, ending);
  }

  /** Resolves when every attempt still under way is written down; null: there is none. */
  stragglers(): Promise<unknown> | null {
    return this.#underWay.size > 0 ? Promise.all(this.#underWay.values()) : null;
  }

  async #attempt(claim: Claim): Promise<void> {
    const end = await this.#tools.attempt(claim, () => this.isHolder);
    if (end.isTimeout) this.#timeoutsInRow += 1;
    else if (end.isAnswered) this.#timeoutsInRow = 0;
  }

  async #renew(): Promise<void> {
    const { sql } = this.#tools;
    const { webhookId, holder } = this;
    const askedAt = performance.now();
    try {
      const timeoutsInRow = this.#timeoutsInRow;
      const renewed = await renewLane(sql, { webhookId, holder, timeoutsInRow });
      this.#leaseEndsAt = renewed ? askedAt + leaseMs : 0;
      if (!renewed) return this.#wakeUp();
      await this.#heed(renewed.terms);
      if (this.#foreignClaims > 0) await this.#takeOver();
    } catch (error) {
      log.warn("webhook lane not renewed", { webhook_id: webhookId, reason: reasonOf(error) });
    }
  }

  /** The terms changed, and no signal need have come: says that it knows, so that nobody waits. */
  async #heed(terms: number): Promise<void> {
    if (terms <= this.#terms) return;
    const { sql, fence } = this.#tools;
    const { webhookId, holder } = this;
    fence(webhookId, terms);
    this.#terms = terms;
    await markTermsSeen(sql, { webhookId, terms, holders: [holder] });
  }
}

function cursorAfter(claims: Claim[]): Cursor | null {
  const last = claims.at(-1);
  return last ? { dueAt: last.due_at, id: last.delivery_id } : null;
}
