import { and, count, desc, eq, inArray, lt, ne, sql } from "drizzle-orm";
import type { Orm } from "@/db/client";
import { webhook_lanes, webhook_subscriptions, type SealedSecret } from "@/db/schema";
import { clock } from "@/lib/clock";
import type { Context } from "@/lib/context";
import { env } from "@/lib/env";
import { AppError, invalid, notFound } from "@/lib/errors";
import { commitChange } from "@/lib/events/record";
import { isId, newId } from "@/lib/id";
import { parseInput } from "@/lib/input";
import { readPage, type Page } from "@/lib/page";
import { CreateWebhook, RotateSecret, UpdateWebhook, type Webhook } from "./schema";
import { targetPolicy, webhookSealer } from "./policy";
import { makeSecret } from "./secret";
import { selectWebhooks, show, type WebhookRow } from "./show";
import { checkTargetUrl } from "./target";
import { webhookEvent } from "./webhook-event";

type Row = typeof webhook_subscriptions.$inferSelect;
const mostPreviousSecrets = 10;

/** A new webhook and its lane; its secret is in this answer in full, and never again. */
export async function createWebhook(ctx: Context, input: unknown): Promise<Webhook> {
  const given = parseInput(CreateWebhook, input);
  const url = allowedUrl(given.url);
  await checkRoom(ctx);
  const id = newId();
  const secret = given.secret_token ?? makeSecret();
  await ctx.db.orm.transaction(async (tx) => {
    await tx.insert(webhook_subscriptions).values({
      id,
      name: given.name,
      url,
      event_types: given.event_types,
      state: given.active ? "active" : "paused",
      secret_token: webhookSealer().seal(secret, id),
      filters: given.filters,
    });
    await tx.insert(webhook_lanes).values({ webhook_id: id });
  });
  return { ...(await getWebhook(ctx, id)), secret_token: secret };
}

export async function getWebhook(ctx: Context, id: string): Promise<Webhook> {
  return show(await find(ctx, id));
}

/** One page, newest first. */
export async function listWebhooks(
  ctx: Context,
  query = new URLSearchParams(),
): Promise<{ rows: Webhook[]; page: Page }> {
  const page = readPage(query);
  const rows = await selectWebhooks(ctx.db.orm)
    .where(and(isLiving, page.after ? lt(webhook_subscriptions.id, page.after) : undefined))
    .orderBy(desc(webhook_subscriptions.id))
    .limit(page.limit + 1);
  return { rows: rows.map(show), page };
}

/** Every webhook, newest first: WEBHOOK_MAX bounds them. */
export async function listAllWebhooks(ctx: Context): Promise<Webhook[]> {
  const rows = await selectWebhooks(ctx.db.orm)
    .where(isLiving)
    .orderBy(desc(webhook_subscriptions.id));
  return rows.map(show);
}

/** Changes the fields given; `active` pauses or resumes. A new URL holds from this answer on. */
export async function updateWebhook(
  ctx: Context,
  { id, input }: { id: string; input: unknown },
): Promise<Webhook> {
  const { active, ...given } = parseInput(UpdateWebhook, input);
  const url = given.url === undefined ? undefined : allowedUrl(given.url);
  const changes = { ...given, ...(url === undefined ? {} : { url }) };
  if (Object.keys(changes).length > 0) {
    const row = await (url === undefined
      ? change(ctx.db.orm, id, changes)
      : move(ctx, id, { ...changes, url }));
    if (url !== undefined) await ctx.post.fence(id, row.revision);
  }
  if (active === false) return pauseWebhook(ctx, id);
  if (active === true) return resumeWebhook(ctx, id);
  return getWebhook(ctx, id);
}

/** Its deliveries are held from this answer on. A disabled webhook stays disabled. */
export async function pauseWebhook(ctx: Context, id: string): Promise<Webhook> {
  const [paused] = await ctx.db.orm
    .update(webhook_subscriptions)
    .set({ state: "paused", revision: nextRevision, updated_at: clock().now() })
    .where(and(hasId(id), eq(webhook_subscriptions.state, "active")))
    .returning();
  // Whoever paused it first may still wait for the fence, or may have died of waiting.
  const { state, revision } = paused ?? (await find(ctx, id));
  if (state === "paused") await ctx.post.fence(id, revision);
  return getWebhook(ctx, id);
}

/** Active again, whatever stopped it, its failures forgotten; what was held is sent. */
export async function resumeWebhook(ctx: Context, id: string): Promise<Webhook> {
  for (;;) {
    const before = await find(ctx, id);
    if (before.state === "active") return show(before);
    if (await activate(ctx, before)) break;
  }
  ctx.post.ring([id]);
  return getWebhook(ctx, id);
}

const noStreak = { failing_since: null, failures_in_row: 0 } as const;

/** Others are told when it was disabled. False: it has changed meanwhile. */
function activate(ctx: Context, before: WebhookRow): Promise<boolean> {
  const { actor } = ctx;
  const at = clock().now();
  const columns = {
    state: "active",
    disabled_reason: null,
    disabled_at: null,
    updated_at: at,
  } as const;
  const changes = { ...columns, ...noStreak };
  const events =
    before.state === "disabled" ? [webhookEvent("enabled", { before, changes, actor, at })] : [];
  const { sql } = ctx.db;
  const writes = [
    sql`
      update webhook_subscriptions webhook set ${sql(columns)}, revision = revision + 1
      from (select webhook_id from webhook_lanes where webhook_id = ${before.id} for update) lane
      where webhook.id = lane.webhook_id
        and webhook.state = ${before.state} and webhook.revision = ${before.revision}
      returning webhook.id`,
    sql`
      update webhook_lanes lane set ${sql({ ...noStreak, failing_told_at: null })}
      from write_0 where lane.webhook_id = write_0.id
      returning lane.webhook_id`,
  ];
  return commitChange(ctx, { sql, writes, expected: writes.length, events });
}

/** After this no POST begins for it; what waits is cancelled, the rest of many in the background. */
export async function deleteWebhook(ctx: Context, id: string): Promise<void> {
  const row = await change(ctx.db.orm, id, {
    state: "deleted",
    deleted_at: clock().now(),
    revision: nextRevision,
  });
  await ctx.post.fence(id, row.revision);
  await ctx.db.sql`
    update webhook_deliveries set status = 'cancelled', next_attempt_at = null
    where id in (
      select id from webhook_deliveries
      where subscription_id = ${id} and status = 'pending' and claimed_until is null
      limit 1000 for update skip locked)`;
}

/** A new secret, shown in full in this answer; the old one signs beside it for `overlap_hours`. */
export async function rotateSecret(
  ctx: Context,
  { id, input }: { id: string; input: unknown },
): Promise<Webhook> {
  const { secret_token, overlap_hours } = parseInput(RotateSecret, input ?? {});
  const secret = secret_token ?? makeSecret();
  const sealed = webhookSealer().seal(secret, id);
  const row = await ctx.db.orm.transaction(async (tx) => {
    const [before] = await tx.select().from(webhook_subscriptions).where(hasId(id)).for("update");
    if (!before) throw notFound("Webhook", id);
    const [rotated] = await tx
      .update(webhook_subscriptions)
      .set({
        secret_token: sealed,
        previous_secrets: overlapping(before, overlap_hours),
        // Without an overlap the old secret must sign nothing that begins after this answer.
        revision: before.revision + (overlap_hours === 0 ? 1 : 0),
        updated_at: clock().now(),
      })
      .where(hasId(id))
      .returning();
    return rotated;
  });
  if (!row) throw notFound("Webhook", id);
  if (overlap_hours === 0) await ctx.post.fence(id, row.revision);
  return { ...(await getWebhook(ctx, id)), secret_token: secret };
}

function overlapping(before: Row, hours: number): SealedSecret[] {
  if (hours === 0) return [];
  const nowMs = clock().nowMs();
  const expires_at = new Date(nowMs + hours * 3_600_000).toISOString();
  const living = before.previous_secrets.filter((one) => Date.parse(one.expires_at) > nowMs);
  return [{ sealed: before.secret_token, expires_at }, ...living].slice(0, mostPreviousSecrets);
}

const nextRevision = sql`${webhook_subscriptions.revision} + 1`;
const isLiving = ne(webhook_subscriptions.state, "deleted");
const hasId = (id: string) =>
  isId(id) ? and(eq(webhook_subscriptions.id, id), isLiving) : sql`false`;

async function find(ctx: Context, id: string): Promise<WebhookRow> {
  const [row] = await selectWebhooks(ctx.db.orm).where(hasId(id));
  if (!row) throw notFound("Webhook", id);
  return row;
}

type Writer = Pick<Orm, "update">;
type Changes = Parameters<ReturnType<Orm["update"]>["set"]>[0];

/** With another URL: under new terms, its failures forgotten. */
function move(ctx: Context, id: string, changes: Changes & { url: string }): Promise<Row> {
  const isMoved = ne(webhook_subscriptions.url, changes.url);
  const moved = ctx.db.orm
    .select({ id: webhook_subscriptions.id })
    .from(webhook_subscriptions)
    .where(and(hasId(id), isMoved));
  return ctx.db.orm.transaction(async (tx) => {
    // First the lane, then its webhook, as everywhere: so none waits for another in a ring.
    await tx
      .update(webhook_lanes)
      .set({ ...noStreak, failing_told_at: null })
      .where(inArray(webhook_lanes.webhook_id, moved));
    const revision = sql`${webhook_subscriptions.revision} + (${isMoved})::int`;
    return change(tx, id, { ...changes, revision });
  });
}

async function change(writer: Writer, id: string, changes: Changes): Promise<Row> {
  const [row] = await writer
    .update(webhook_subscriptions)
    .set({ ...changes, updated_at: clock().now() })
    .where(hasId(id))
    .returning();
  if (!row) throw notFound("Webhook", id);
  return row;
}

async function checkRoom(ctx: Context): Promise<void> {
  const { max } = env().webhook;
  const [row] = await ctx.db.orm
    .select({ all: count() })
    .from(webhook_subscriptions)
    .where(isLiving);
  if (row && row.all >= max) {
    throw new AppError(
      "conflict",
      `There are ${row.all} webhooks already; WEBHOOK_MAX allows ${max}.`,
    );
  }
}

/** The canonical form of a URL a receiver may have; refuses any other, pointing at `/url`. */
function allowedUrl(raw: string): string {
  const target = checkTargetUrl(raw, targetPolicy());
  if (target.ok) return target.url;
  throw invalid({ pointer: "/url", code: target.code, message: target.message });
}
