import type { Database, Sql } from "@/db/client";
import { startReceiver, type Answer, type Receiver, type Respond } from "@/test/kit/receiver";
import { Deliverer } from "./delivery/deliverer";
import type { Resolve } from "./outbound/resolve";
import { createSender } from "./outbound/send";
import { localPolicy } from "./delivery/testing";
import { unknownActor, type Context, type AfterCommit } from "./context";
import { readEnv, setEnv, type Env } from "./env";
import { newId } from "./id";

export type { Answer, Post as ReceivedPost, Receiver } from "@/test/kit/receiver";
export { until as eventually } from "@/test/kit/until";

/** Puts an environment of these variables in place, local and with a secret key. */
export function useEnv(variables: Record<string, string> = {}): Env {
  const env = readEnv({ TURBO_SECRET_KEY: "a secret key for tests only", ...variables });
  setEnv(env);
  return env;
}

/** Makes this the database of this process, as the launcher does. */
export function useDatabase(database: Database): void {
  Object.assign(globalThis, { turboDatabase: database });
}

/** An `AfterCommit` that does nothing and notes what it was given. */
export type RecordingAfterCommit = AfterCommit & {
  rings: string[][];
  fences: { webhookId: string; terms: number }[];
  tests: string[];
  recoveries: string[];
};

export function recordingAfterCommit(): RecordingAfterCommit {
  const post: RecordingAfterCommit = {
    rings: [],
    fences: [],
    tests: [],
    recoveries: [],
    ring: (webhookIds) => void post.rings.push(webhookIds),
    fence: async (webhookId, terms) => void post.fences.push({ webhookId, terms }),
    sendTest: (deliveryId) => void post.tests.push(deliveryId),
    recover: (recoveryId) => void post.recoveries.push(recoveryId),
  };
  return post;
}

/** The context of a caller nobody knows. */
export function contextOn<Post extends AfterCommit>(
  db: Database,
  afterCommit: Post,
): Context & { afterCommit: Post } {
  return {
    db,
    actor: unknownActor,
    key: null,
    cause: null,
    ifMatch: null,
    requestId: "test",
    afterCommit,
  };
}

type WebhookGiven = {
  url?: string;
  event_types?: string[];
  state?: "active" | "paused" | "disabled" | "deleted";
  disabled_reason?: string | null;
  secret_token?: string;
};

/** A webhook and its lane, written past the service; its secret is not sealed. */
export async function addWebhook(sql: Sql, given: WebhookGiven = {}): Promise<string> {
  const row = {
    id: newId(),
    name: "Test webhook",
    url: "http://127.0.0.1:9/webhook",
    event_types: ["*"],
    state: "active",
    disabled_reason: null,
    secret_token: "an unsealed secret of a test",
    ...given,
  };
  await sql`insert into webhook_subscriptions ${sql(row)}`;
  await sql`insert into webhook_lanes (webhook_id) values (${row.id})`;
  return row.id;
}

type DeliveriesGiven = {
  count?: number;
  /** How long ago, in milliseconds, they became due; negative: due in so long. */
  dueMsAgo?: number;
  trigger?: string;
};

/** Due deliveries of one webhook, each of an event of its own; answers their ids, oldest first. */
export async function addDeliveries(
  sql: Sql,
  webhookId: string,
  { count = 1, dueMsAgo = 0, trigger = "automatic" }: DeliveriesGiven = {},
): Promise<string[]> {
  const ids = Array.from({ length: count }, () => newId());
  await sql`
    with drafted as (
      select id, row_number() over () as place, gen_random_uuid() as event_id
      from unnest(${ids}::uuid[]) as id
    ), recorded as (
      insert into events (id, type, entity_type, entity_id, entity_version, body, created_at)
      select event_id, 'issue.created', 'issue', gen_random_uuid(), 1,
        jsonb_build_object('event_id', event_id)::text, clock_timestamp()
      from drafted
    )
    insert into webhook_deliveries (id, subscription_id, event_id, event_type, trigger, next_attempt_at)
    select id, ${webhookId}, event_id, 'issue.created', ${trigger},
      clock_timestamp() - ${dueMsAgo} * interval '1 ms' + place * interval '1 us'
    from drafted`;
  return ids;
}

export type DeliveryRow = {
  id: string;
  status: string;
  attempts: number;
  trigger: string;
  steps_used: number;
  interruptions: number;
  response_code: number | null;
  error_message: string | null;
  next_attempt_at: Date | null;
  claimed_until: Date | null;
};

export async function readDelivery(sql: Sql, id: string): Promise<DeliveryRow> {
  const [row] = await sql<DeliveryRow[]>`select * from webhook_deliveries where id = ${id}`;
  if (!row) throw new Error(`there is no delivery ${id}`);
  return row;
}

/** Ends deliveries, past everything that would: nothing of them is due or under way any more. */
export async function endDeliveries(
  sql: Sql,
  ids: string[],
  status: "success" | "failed" | "cancelled" = "success",
): Promise<void> {
  await sql`
    update webhook_deliveries set status = ${status}, next_attempt_at = null, claimed_until = null
    where id = any(${ids}::uuid[])`;
}

/** How many deliveries of a webhook have this status. */
export async function countDeliveries(
  sql: Sql,
  webhookId: string,
  status: string,
): Promise<number> {
  const [row] = await sql<{ count: number }[]>`
    select count(*)::int from webhook_deliveries
    where subscription_id = ${webhookId} and status = ${status}`;
  return row?.count ?? 0;
}

export type AttemptRow = {
  number: number;
  outcome: string;
  trigger: string;
  response_code: number | null;
  response_body: string | null;
  error_class: string | null;
  error_message: string | null;
};

export async function readAttempts(sql: Sql, deliveryId: string): Promise<AttemptRow[]> {
  return sql<AttemptRow[]>`
    select * from webhook_attempts where delivery_id = ${deliveryId} order by number`;
}

/** Answers each POST with what `answer` says, 200 unless it is given. */
export function openReceiver(answer: Answer | Respond = 200): Promise<Receiver> {
  return startReceiver({ answer });
}

export type DelivererGiven = Partial<Env["webhook"]> & {
  graceMs?: number;
  resolve?: Resolve;
  openSecret?: () => string;
};

/** A deliverer, with secrets as they are in the table: as many as there are play processes. */
export function makeDeliverer(
  db: Database,
  { graceMs, resolve, openSecret, ...settings }: DelivererGiven = {},
): Deliverer {
  return new Deliverer({
    db,
    sender: createSender(localPolicy, { resolve }),
    openSecret: openSecret ?? ((sealed) => sealed),
    userAgent: "Turbo-Webhooks/test",
    settings: { ...readEnv({}).webhook, timeoutMs: 2_000, ...settings },
    graceMs,
  });
}

/**
 * Makes every claim wait, in the midst of its statement, until `open` is called: what it reads it
 * has read by then.
 */
export async function holdClaims(
  sql: Sql,
): Promise<{ waiting: () => Promise<boolean>; open: () => Promise<void> }> {
  await sql.unsafe(`
    create or replace function wait_for_gate() returns trigger language plpgsql as $$
      begin perform pg_advisory_xact_lock_shared(4711); return new; end $$;
    create or replace trigger claim_gate before update on webhook_deliveries for each row
      when (old.claimed_until is null and new.claimed_until is not null)
      execute function wait_for_gate()`);
  const gate = await sql.reserve();
  await gate`select pg_advisory_lock(4711)`;
  return {
    waiting: async () => {
      const rows = await gate`
        select pid from pg_stat_activity
        where datname = current_database() and wait_event = 'advisory'`;
      return rows.length > 0;
    },
    open: async () => {
      await gate`select pg_advisory_unlock(4711)`;
      gate.release();
      await sql`drop trigger claim_gate on webhook_deliveries`;
    },
  };
}

/** Lets time pass where the fact under test is that nothing happens, or a race is to be met. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
