import { setTimeout as sleep } from "node:timers/promises";
import type postgres from "postgres";
import type { Statements } from "@/db/client";
import { isRefusedData } from "@/db/errors";
import type { webhook_attempts } from "@/db/schema";
import { log, reasonOf } from "@/lib/log";
import { withdrawClaims, type ClaimKey } from "./claim";

type AttemptRow = Omit<typeof webhook_attempts.$inferSelect, "started_at"> & { started_at: string };

/** An attempt that has ended, as the log keeps it, and what follows for its delivery. */
export type Settlement = AttemptRow & {
  /** Which claim it ends: an attempt may bear the number of one that was withdrawn. */
  claimed_until?: string;
  status: "success" | "failed" | "pending";
  /** Until the next attempt. */
  delay_ms: number;
  steps_used: number;
};

type Waiting<T> = { what: T; done: () => void };

const largestBatch = 200;
/** Results wait this long for others, unless none is to come soon or a batch is full. */
const gatherMs = 4;
const retryEveryMs = 250;

/**
 * Writes down what came of claims, of all lanes, many at a time and one batch after another. With
 * the database away they wait in memory; a promise resolves when its row is on disk.
 */
export class Settler {
  readonly #sql: Statements;
  #settlements: Waiting<Settlement>[] = [];
  #withdrawals: Waiting<ClaimKey>[] = [];
  #isPumping = false;
  #isUrgent = false;
  #endGathering: () => void = () => {};

  constructor(sql: Statements) {
    this.#sql = sql;
  }

  settle(settlement: Settlement): Promise<void> {
    return new Promise((done) => {
      this.#settlements.push({ what: settlement, done });
      if (this.#settlements.length >= largestBatch) this.hurry();
      if (!this.#isPumping) void this.#pump();
    });
  }

  /** Undoes a claim under which no byte was sent. */
  withdraw(claim: ClaimKey): Promise<void> {
    return new Promise((done) => {
      this.#withdrawals.push({ what: claim, done });
      this.hurry();
      if (!this.#isPumping) void this.#pump();
    });
  }

  /** No other result is to come soon: those that wait are written at once. */
  hurry(): void {
    this.#isUrgent = true;
    this.#endGathering();
  }

  async #pump(): Promise<void> {
    this.#isPumping = true;
    while (this.#settlements.length + this.#withdrawals.length > 0) {
      await this.#gather();
      const withdrawals = this.#withdrawals.splice(0, largestBatch);
      const settlements = this.#settlements.splice(0, largestBatch);
      this.#isUrgent = this.#settlements.length + this.#withdrawals.length >= largestBatch;
      if (withdrawals.length > 0) {
        await this.#write(withdrawals, (claims) => withdrawClaims(this.#sql, claims));
      }
      if (settlements.length > 0) await this.#write(settlements, (batch) => this.#record(batch));
    }
    // In the tick of the last look: whoever settles next finds no pump and starts one.
    this.#isPumping = false;
  }

  async #gather(): Promise<void> {
    // What ends in this tick shares the batch in any case.
    await Promise.resolve();
    if (this.#isUrgent) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, gatherMs);
      this.#endGathering = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Until it is written, whatever happens to the database. */
  async #write<T>(waiting: Waiting<T>[], write: (batch: T[]) => Promise<unknown>): Promise<void> {
    const batch = waiting.map(({ what }) => what);
    for (let isFirst = true; ; isFirst = false) {
      try {
        await write(batch);
        break;
      } catch (error) {
        const reason = reasonOf(error);
        if (isFirst) log.error("webhook results not yet written", { count: batch.length, reason });
        await sleep(retryEveryMs);
      }
    }
    for (const { done } of waiting) done();
  }

  /** One result that the database refuses must hold back no other, nor itself for what it says. */
  async #record(batch: Settlement[]): Promise<void> {
    try {
      await settleStatement(this.#sql, batch);
    } catch (error) {
      if (!isRefusedData(error)) throw error;
      const reason = reasonOf(error);
      log.error("webhook results refused by the database", { count: batch.length, reason });
      const [only, ...others] = batch;
      if (others.length > 0) {
        for (const one of batch) await this.#record([one]);
      } else if (only && !isStripped(only)) {
        await this.#record([strip(only, reason)]);
      } else if (only) {
        // Its claim runs out, so it comes to be written down as interrupted.
        log.error("webhook result given up", { delivery_id: only.delivery_id, reason });
      }
    }
  }
}

const strippedMessage = "The answer could not be stored";

/** What the receiver said left out: only that can be at fault. */
function strip(settlement: Settlement, reason: string): Settlement {
  const error_message = `${strippedMessage}: ${reason}`;
  return { ...settlement, response_headers: null, response_body: null, error_message };
}

function isStripped({ error_message }: Settlement): boolean {
  return error_message?.startsWith(strippedMessage) ?? false;
}

/**
 * Each result is fenced by its delivery, attempt and claim. By key: "is pending", which a claim
 * implies, would let the planner read all that is pending instead.
 */
export function settleStatement(
  sql: Statements,
  batch: Settlement[],
): postgres.PendingQuery<postgres.Row[]> {
  const results = batch.map(({ claimed_until, status, delay_ms, steps_used, ...attempt }) => {
    return { attempt, claimed_until, status, delay_ms, steps_used };
  });
  return sql`
    with result as (
      select (attempt).delivery_id, (attempt).outcome, one.*
      from json_to_recordset(${JSON.stringify(results)}::text::json) as one (
        attempt webhook_attempts, claimed_until timestamptz, status text, delay_ms float8, steps_used int)
    ), settled as (
      update webhook_deliveries delivery set
        status = case when result.status = 'pending' and webhook.is_over then 'cancelled' else result.status end,
        next_attempt_at = case when result.status = 'pending' and not webhook.is_over
          then clock_timestamp() + result.delay_ms * interval '1 ms' end,
        steps_used = result.steps_used,
        trigger = case when outcome = 'failure' and result.status = 'pending' then 'automatic' else delivery.trigger end,
        response_code = (attempt).response_code,
        response_body = (attempt).response_body,
        error_message = (attempt).error_message,
        delivered_at = case when outcome = 'success' then clock_timestamp() else delivery.delivered_at end,
        claimed_until = null
      from result, webhook_subscriptions webhook
      where delivery.id = any(${batch.map((one) => one.delivery_id)}::uuid[])
        and delivery.id = result.delivery_id and webhook.id = delivery.subscription_id
        and delivery.attempts = (attempt).number
        and delivery.claimed_until = coalesce(result.claimed_until, delivery.claimed_until)
      returning attempt, outcome, (attempt).trigger, webhook.id as webhook_id,
        webhook.url = (attempt).url as is_at_its_url
    ), ${keepStreaks(sql)}
    insert into webhook_attempts select (attempt).* from settled`;
}

/**
 * Each lane's streak of failures since its last success. A success of the batch outweighs its
 * failures, and tests that fail do not count. While all goes well no lane is written.
 */
const keepStreaks = (sql: Statements) => sql`
  ended as (
    select webhook_id, bool_or(outcome = 'success') as is_success,
      count(*) filter (where outcome = 'failure')::int as failures
    from settled
    where is_at_its_url and (outcome = 'success' or (outcome = 'failure' and trigger <> 'test'))
    group by webhook_id
  ), streaks as (
    select lane.webhook_id, is_success, failures
    from ended join webhook_lanes lane on lane.webhook_id = ended.webhook_id
    where not is_success or lane.failing_since is not null
    order by lane.webhook_id for update of lane
  ), kept as (
    update webhook_lanes lane set
      failing_since = case when not is_success then coalesce(lane.failing_since, now()) end,
      failures_in_row = case when is_success then 0 else lane.failures_in_row + failures end,
      failing_told_at = case when not is_success then lane.failing_told_at end
    from streaks where lane.webhook_id = streaks.webhook_id
  )`;
