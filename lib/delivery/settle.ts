import { setTimeout as sleep } from "node:timers/promises";
import type { Sql } from "@/db/client";
import { log, reasonOf } from "@/lib/log";

/**
 * How an attempt ended, as it is written down. `withdrawn`: no byte was sent, so the claim is
 * undone and the attempt never was. `interrupted`: we stopped; due again at once.
 */
export type Settlement = {
  delivery_id: string;
  attempt: number;
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
  readonly #sql: Sql;
  #waiting: { settlement: Settlement; done: () => void }[] = [];
  #isPumping = false;

  constructor(sql: Sql) {
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
        if (isRefused(error)) return this.#writeRefused(batch, reason);
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

/** Classes 22 and 23 of SQLSTATE: the data itself is at fault. */
function isRefused(error: unknown): boolean {
  return error instanceof Error && "code" in error && /^2[23]/.test(String(error.code));
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

async function writeSettlements(sql: Sql, batch: Settlement[]): Promise<void> {
  await sql`
    with result as (
      select * from json_to_recordset(${JSON.stringify(batch)}::text::json) as one (
        delivery_id uuid, attempt int, trigger text, ending text, status text, delay_ms float8,
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
      from result join webhook_deliveries current on current.id = result.delivery_id
        join webhook_subscriptions webhook on webhook.id = current.subscription_id
      where delivery.id = result.delivery_id and delivery.attempts = result.attempt
        and delivery.claimed_until is not null and delivery.status = 'pending'
      returning delivery.id
    )
    insert into webhook_attempts (delivery_id, number, trigger, outcome, started_at, duration_ms, url,
      address, request_headers, response_code, response_headers, response_body, is_response_cut,
      error_class, error_message)
    select delivery_id, attempt, result.trigger, ending, started_at, duration_ms, url,
      address, request_headers, response_code, response_headers, response_body, is_response_cut,
      error_class, error_message
    from result join settled on settled.id = result.delivery_id
    where ending <> 'withdrawn'`;
}

/** Does the webhook still want anything? If not, what would wait is cancelled. */
const isWanted = (sql: Sql) =>
  sql`(webhook.state <> 'deleted' and (webhook.state <> 'disabled' or webhook.disabled_reason is distinct from 'gone'))`;
