import { setTimeout as sleep } from "node:timers/promises";
import type { Statements } from "@/db/client";
import { isRefusedData } from "@/db/errors";
import { log, reasonOf } from "@/lib/log";

/**
 * How an attempt ended, as it is written down. `withdrawn`: no byte was sent, so the claim is
 * undone and the attempt never was. `interrupted`: we stopped; due again at once.
 */
export type Settlement = {
  delivery_id: string;
  attempt: number;
  /** The claim it ends: once withdrawn, an attempt of that number may be claimed again. */
  claimed_until?: string;
  trigger: string;
  ending: "success" | "failure" | "interrupted" | "withdrawn";
  status: "success" | "failed" | "pending";
  delay_ms: number;
  steps_used: number;
  started_at: string;
  duration_ms: number;
  url: string;
  address: string | null;
  request_headers: Record<string, string>;
  response_code: number | null;
  response_headers: Record<string, string> | null;
  response_body: string | null;
  is_response_cut: boolean;
  error_class: string | null;
  error_message: string | null;
};

const largestBatch = 200;
const retryEveryMs = 250;

/**
 * Writes settlements down, many at a time: the next batch as soon as the last one is written.
 * With the database away they wait in memory; `settle` resolves when its row is on disk.
 */
export class Settler {
  readonly #sql: Statements;
  #waiting: { settlement: Settlement; done: () => void }[] = [];
  #isPumping = false;

  constructor(sql: Statements) {
    this.#sql = sql;
  }

  settle(settlement: Settlement): Promise<void> {
    return new Promise((done) => {
      this.#waiting.push({ settlement, done });
      if (!this.#isPumping) void this.#pump();
    });
  }

  async #pump(): Promise<void> {
    this.#isPumping = true;
    // The attempts that end in this tick share the first batch.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, largestBatch);
      await this.#write(batch.map(({ settlement }) => settlement));
      for (const { done } of batch) done();
    }
    // In the tick of the last look: whoever settles next finds no pump and starts one.
    this.#isPumping = false;
  }

  async #write(batch: Settlement[]): Promise<void> {
    for (let isFirst = true; ; isFirst = false) {
      try {
        return await writeSettlements(this.#sql, batch);
      } catch (error) {
        const reason = reasonOf(error);
        if (isFirst) log.error("webhook results not yet written", { count: batch.length, reason });
        if (isRefusedData(error)) return this.#writeRefused(batch, reason);
        await sleep(retryEveryMs);
      }
    }
  }

  /** One result that the database refuses must hold back no other, nor itself for what it says. */
  async #writeRefused(batch: Settlement[], reason: string): Promise<void> {
    const [only, ...others] = batch;
    if (others.length > 0) {
      for (const one of batch) await this.#write([one]);
    } else if (only && !isStripped(only)) {
      await this.#write([strip(only, reason)]);
    } else if (only) {
      // Its claim runs out, so it comes to be written down as interrupted.
      log.error("webhook result given up", { delivery_id: only.delivery_id, reason });
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

async function writeSettlements(sql: Statements, batch: Settlement[]): Promise<void> {
  await sql`
    with result as (
      select * from json_to_recordset(${JSON.stringify(batch)}::text::json) as one (
        delivery_id uuid, attempt int, claimed_until timestamptz, trigger text, ending text, status text, delay_ms float8,
        steps_used int, started_at timestamptz, duration_ms int, url text, address text,
        request_headers jsonb, response_code int, response_headers jsonb, response_body text,
        is_response_cut boolean, error_class text, error_message text)
    ), settled as (
      update webhook_deliveries delivery set
        status = case when result.status = 'pending' and not ${isWanted(sql)} then 'cancelled' else result.status end,
        attempts = delivery.attempts - (ending = 'withdrawn')::int,
        next_attempt_at = case when result.status = 'pending' and ${isWanted(sql)}
          then clock_timestamp() + result.delay_ms * interval '1 ms' end,
        steps_used = result.steps_used,
        trigger = case when ending = 'failure' and result.status = 'pending' then 'automatic' else delivery.trigger end,
        response_code = case when ending = 'withdrawn' then delivery.response_code else result.response_code end,
        response_body = case when ending = 'withdrawn' then delivery.response_body else result.response_body end,
        error_message = case when ending = 'withdrawn' then delivery.error_message else result.error_message end,
        delivered_at = case when ending = 'success' then clock_timestamp() else delivery.delivered_at end,
        claimed_until = null
      from result, webhook_subscriptions webhook
      where delivery.id = result.delivery_id and webhook.id = delivery.subscription_id
        and delivery.attempts = result.attempt
        and delivery.claimed_until = coalesce(result.claimed_until, delivery.claimed_until)
        and delivery.status = 'pending'
      returning result.*, webhook.id as webhook_id, webhook.url = result.url as is_at_its_url
    ), ${keepStreaks(sql)}
    insert into webhook_attempts (delivery_id, number, trigger, outcome, started_at, duration_ms, url,
      address, request_headers, response_code, response_headers, response_body, is_response_cut,
      error_class, error_message)
    select delivery_id, attempt, trigger, ending, started_at, duration_ms, url,
      address, request_headers, response_code, response_headers, response_body, is_response_cut,
      error_class, error_message
    from settled where ending <> 'withdrawn'`;
}

/** Does the webhook still want anything? If not, what would wait is cancelled. */
const isWanted = (sql: Statements) =>
  sql`(webhook.state <> 'deleted' and (webhook.state <> 'disabled' or webhook.disabled_reason is distinct from 'gone'))`;

/**
 * Each lane's streak of failures since its last success. A success of the batch outweighs its
 * failures, and tests that fail do not count. While all goes well no lane is written.
 */
const keepStreaks = (sql: Statements) => sql`
  ended as (
    select webhook_id, bool_or(ending = 'success') as is_success,
      count(*) filter (where ending = 'failure')::int as failures
    from settled
    where is_at_its_url and (ending = 'success' or (ending = 'failure' and trigger <> 'test'))
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
