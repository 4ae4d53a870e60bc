import type { Statements } from "@/db/client";
import type { Context } from "@/lib/context";
import { AppError, notFound } from "@/lib/errors";
import { isId } from "@/lib/id";
import { readList, type Page } from "@/lib/page";
import { shownBy } from "@/lib/shown";
import {
  DeliveryFilters,
  DeliveryFiltersOfWebhook,
  Attempt,
  Delivery,
  type DeliveryDetail,
} from "./delivery-schema";

/** A row as the database gives it: its times are Dates. */
type DeliveryRow = Omit<Delivery, "next_attempt_at" | "created_at" | "delivered_at"> & {
  next_attempt_at: Date | null;
  created_at: Date;
  delivered_at: Date | null;
};
type AttemptRow = Omit<Attempt, "started_at"> & { started_at: Date };

const columns = (sql: Statements) => sql`
  delivery.id, delivery.subscription_id as webhook_id, delivery.event_id, delivery.event_type,
  delivery.status,
  delivery.response_code, delivery.response_body, delivery.error_message, delivery.attempts,
  delivery.trigger, coalesce(delivery.claimed_until > clock_timestamp(), false) as is_in_flight,
  (delivery.status = 'pending' and webhook.state <> 'active') as is_held,
  delivery.next_attempt_at, delivery.created_at, delivery.delivered_at`;

/** One page of deliveries, newest first. */
export async function listDeliveries(
  ctx: Context,
  query: URLSearchParams,
): Promise<{ rows: Delivery[]; page: Page }> {
  const { page, filters } = readList(query, DeliveryFilters);
  return readDeliveries(ctx, page, filters);
}

/** One page of the deliveries of a webhook, newest first. */
export async function listDeliveriesOf(
  ctx: Context,
  webhook_id: string,
  query: URLSearchParams,
): Promise<{ rows: Delivery[]; page: Page }> {
  const { page, filters } = readList(query, DeliveryFiltersOfWebhook);
  return readDeliveries(ctx, page, { ...filters, webhook_id });
}

async function readDeliveries(
  ctx: Context,
  page: Page,
  filters: DeliveryFilters,
): Promise<{ rows: Delivery[]; page: Page }> {
  const { sql } = ctx.db;
  const rows = await sql<DeliveryRow[]>`
    select ${columns(sql)} from webhook_deliveries delivery
    join webhook_subscriptions webhook on webhook.id = delivery.subscription_id
    where ${page.after ? sql`delivery.id < ${page.after}` : sql`true`} ${conditions(sql, filters)}
    order by delivery.id desc limit ${page.limit + 1}`;
  return { rows: rows.map((row) => shownBy(Delivery, row)), page };
}

function conditions(sql: Statements, filters: DeliveryFilters) {
  const { webhook_id, status, event_id, event_type, entity_id, code_class, since, until } = filters;
  return [
    webhook_id === undefined ? sql`` : sql`and delivery.subscription_id = ${webhook_id}`,
    status === undefined ? sql`` : sql`and delivery.status = ${status}`,
    event_id === undefined ? sql`` : sql`and delivery.event_id = ${event_id}`,
    event_type === undefined ? sql`` : sql`and ${typeCondition(sql, event_type)}`,
    entity_id === undefined
      ? sql``
      : sql`and delivery.event_id in (select id from events where entity_id = ${entity_id})`,
    code_class === undefined
      ? sql``
      : sql`and delivery.response_code / 100 = ${Number(code_class[0])}`,
    since === undefined ? sql`` : sql`and delivery.created_at >= ${since}`,
    until === undefined ? sql`` : sql`and delivery.created_at < ${until}`,
  ];
}

function typeCondition(sql: Statements, pattern: string) {
  if (!pattern.endsWith(".*")) return sql`delivery.event_type = ${pattern}`;
  return sql`starts_with(delivery.event_type, ${pattern.slice(0, -1)})`;
}

/** One delivery with the payload it posts and its attempts, oldest first. */
export async function getDelivery(ctx: Context, id: string): Promise<DeliveryDetail> {
  const { sql } = ctx.db;
  const [row] = isId(id)
    ? await sql<(DeliveryRow & { body: string })[]>`
        select ${columns(sql)}, event.body from webhook_deliveries delivery
        join webhook_subscriptions webhook on webhook.id = delivery.subscription_id
        join events event on event.id = delivery.event_id
        where delivery.id = ${id}`
    : [];
  if (!row) throw notFound("Delivery", id);
  const attempts = await sql<AttemptRow[]>`
    select number, trigger, outcome, started_at, duration_ms, url, address, request_headers,
      response_code, response_headers, response_body, is_response_cut, error_class, error_message
    from webhook_attempts where delivery_id = ${id} order by number`;
  return {
    ...shownBy(Delivery, row),
    payload: JSON.parse(row.body),
    attempt_log: attempts.map((attempt) => shownBy(Attempt, attempt)),
  };
}

/** Due at once, whether it waits, has failed or has arrived; when it fails it goes back on the schedule. */
export async function retryDelivery(ctx: Context, id: string): Promise<Delivery> {
  const { sql } = ctx.db;
  const [row] = isId(id)
    ? await sql<DeliveryRow[]>`
        update webhook_deliveries delivery set status = 'pending', trigger = 'manual',
          next_attempt_at = clock_timestamp(), interruptions = 0,
          steps_used = case when status = 'pending' then steps_used else 0 end
        from webhook_subscriptions webhook
        where delivery.id = ${id} and webhook.id = delivery.subscription_id
          and delivery.claimed_until is null and delivery.status <> 'cancelled'
          and not webhook.is_over
        returning ${columns(sql)}`
    : [];
  if (!row) throw await retryRefusal(ctx, id);
  ctx.afterCommit.ring([row.webhook_id]);
  return shownBy(Delivery, row);
}

async function retryRefusal(ctx: Context, id: string): Promise<AppError> {
  const { status } = await getDelivery(ctx, id);
  if (status === "cancelled") return new AppError("conflict", "It was cancelled.");
  const [row] = await ctx.db.sql<{ is_claimed: boolean }[]>`
    select claimed_until is not null as is_claimed from webhook_deliveries where id = ${id}`;
  if (row?.is_claimed) return new AppError("conflict", "An attempt of it is under way.");
  return new AppError("conflict", "Its webhook is deleted or gone.");
}
