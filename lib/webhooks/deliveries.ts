import type { Sql } from "@/db/client";
import { deliveryStatuses } from "@/db/schema";
import type { Context } from "@/lib/context";
import { AppError, invalid, notFound, type FieldError } from "@/lib/errors";
import { isId } from "@/lib/id";
import { readPage, type Page } from "@/lib/page";
import type { Attempt, Delivery, DeliveryDetail } from "./schema";

const columns = (sql: Sql) => sql`
  delivery.id, delivery.subscription_id, delivery.event_id, delivery.event_type, delivery.status,
  delivery.response_code, delivery.response_body, delivery.error_message, delivery.attempts,
  delivery.trigger, coalesce(delivery.claimed_until > clock_timestamp(), false) as is_in_flight,
  (delivery.status = 'pending' and webhook.state <> 'active') as is_held,
  delivery.next_attempt_at, delivery.created_at, delivery.delivered_at`;

const filterNames = [
  "webhook_id",
  "status",
  "event_type",
  "event_id",
  "entity_id",
  "code_class",
  "since",
  "until",
];

/** Newest first; filters: webhook_id, status, event_type (also `issue.*`), event_id, entity_id, code_class (2xx), since, until. */
export async function listDeliveries(
  ctx: Context,
  query: URLSearchParams,
): Promise<{ rows: Delivery[]; page: Page }> {
  const page = readPage(query, filterNames);
  checkFilters(query);
  const { sql } = ctx.db;
  const has = (name: string) => query.get(name) ?? "";
  const conditions = [
    page.after ? sql`and delivery.id < ${page.after}` : sql``,
    query.has("webhook_id") ? sql`and delivery.subscription_id = ${has("webhook_id")}` : sql``,
    query.has("status") ? sql`and delivery.status = ${has("status")}` : sql``,
    query.has("event_id") ? sql`and delivery.event_id = ${has("event_id")}` : sql``,
    query.has("event_type") ? sql`and ${typeCondition(sql, has("event_type"))}` : sql``,
    query.has("entity_id")
      ? sql`and delivery.event_id in (select id from events where entity_id = ${has("entity_id")})`
      : sql``,
    query.has("code_class")
      ? sql`and delivery.response_code / 100 = ${Number(has("code_class")[0])}`
      : sql``,
    query.has("since") ? sql`and delivery.created_at >= ${new Date(has("since"))}` : sql``,
    query.has("until") ? sql`and delivery.created_at < ${new Date(has("until"))}` : sql``,
  ];
  const rows = await sql<Delivery[]>`
    select ${columns(sql)} from webhook_deliveries delivery
    join webhook_subscriptions webhook on webhook.id = delivery.subscription_id
    where true ${conditions}
    order by delivery.id desc limit ${page.limit + 1}`;
  return { rows, page };
}

function typeCondition(sql: Sql, pattern: string) {
  if (!pattern.endsWith(".*")) return sql`delivery.event_type = ${pattern}`;
  return sql`starts_with(delivery.event_type, ${pattern.slice(0, -1)})`;
}

function checkFilters(query: URLSearchParams): void {
  const errors: FieldError[] = [];
  const check = (name: string, isRight: (value: string) => boolean, message: string) => {
    const value = query.get(name);
    if (value !== null && !isRight(value))
      errors.push({ pointer: `/${name}`, code: "invalid", message });
  };
  for (const name of ["webhook_id", "event_id", "entity_id"]) check(name, isId, "must be a UUID");
  const statuses: readonly string[] = deliveryStatuses;
  check("status", (value) => statuses.includes(value), `must be one of ${statuses.join(", ")}`);
  check("code_class", (value) => /^[1-5]xx$/.test(value), "must be 2xx, 3xx, 4xx or 5xx");
  for (const name of ["since", "until"]) {
    check(
      name,
      (value) => !Number.isNaN(Date.parse(value)),
      "must be a time such as 2026-11-23T08:00:00Z",
    );
  }
  if (errors.length > 0) throw invalid(...errors);
}

/** One delivery with the payload it posts and its attempts, oldest first. */
export async function getDelivery(ctx: Context, id: string): Promise<DeliveryDetail> {
  const { sql } = ctx.db;
  const [row] = isId(id)
    ? await sql<(Delivery & { body: string })[]>`
        select ${columns(sql)}, event.body from webhook_deliveries delivery
        join webhook_subscriptions webhook on webhook.id = delivery.subscription_id
        join events event on event.id = delivery.event_id
        where delivery.id = ${id}`
    : [];
  if (!row) throw notFound("Delivery", id);
  const attempt_log = await sql<Attempt[]>`
    select number, trigger, outcome, started_at, duration_ms, url, address, request_headers,
      response_code, response_headers, response_body, is_response_cut, error_class, error_message
    from webhook_attempts where delivery_id = ${id} order by number`;
  const { body, ...delivery } = row;
  return { ...delivery, payload: JSON.parse(body), attempt_log: [...attempt_log] };
}

/** Due at once, whether it waits, has failed or has arrived; when it fails it goes back on the schedule. */
export async function retryDelivery(ctx: Context, id: string): Promise<Delivery> {
  const { sql } = ctx.db;
  const [row] = isId(id)
    ? await sql<Delivery[]>`
        update webhook_deliveries delivery set status = 'pending', trigger = 'manual',
          next_attempt_at = clock_timestamp(), interruptions = 0,
          steps_used = case when status = 'pending' then steps_used else 0 end
        from webhook_subscriptions webhook
        where delivery.id = ${id} and webhook.id = delivery.subscription_id
          and delivery.claimed_until is null and delivery.status <> 'cancelled'
          and webhook.state <> 'deleted' and webhook.disabled_reason is distinct from 'gone'
        returning ${columns(sql)}`
    : [];
  if (!row) throw await retryRefusal(ctx, id);
  ctx.post.ring([row.subscription_id]);
  return row;
}

async function retryRefusal(ctx: Context, id: string): Promise<AppError> {
  const { status } = await getDelivery(ctx, id);
  if (status === "cancelled") return new AppError("conflict", "It was cancelled.");
  const [row] = await ctx.db.sql<{ is_claimed: boolean }[]>`
    select claimed_until is not null as is_claimed from webhook_deliveries where id = ${id}`;
  if (row?.is_claimed) return new AppError("conflict", "An attempt of it is under way.");
  return new AppError("conflict", "Its webhook is deleted or gone.");
}
