import { and, count, desc, eq, inArray, lt, ne, sql } from "drizzle-orm";
import { webhook_lanes, webhook_subscriptions, type SealedSecret } from "@/db/schema";
import { clock } from "@/lib/clock";
import type { Context } from "@/lib/context";
import { env } from "@/lib/env";
import { AppError, invalid, notFound } from "@/lib/errors";
import { isId, newId } from "@/lib/id";
import { parseInput } from "@/lib/input";
import { readPage, type Page } from "@/lib/page";
import { CreateWebhook, RotateSecret, UpdateWebhook, type Webhook } from "./schema";
import { targetPolicy, webhookSealer } from "./policy";
import { makeSecret, maskSecret } from "./secret";
import { checkTargetUrl } from "./target";

type Row = typeof webhook_subscriptions.$inferSelect;
const mostPreviousSecrets = 10;

/** A new webhook and its lane; its secret is in this answer in full, and never again. */
export async function createWebhook(ctx: Context, input: unknown): Promise<Webhook> {
  const given = parseInput(CreateWebhook, input);
  const url = allowedUrl(given.url);
  await checkRoom(ctx);
  const id = newId();
  const secret = given.secret_token ?? makeSecret();
  const row = await ctx.db.orm.transaction(async (tx) => {
    const [created] = await tx
      .insert(webhook_subscriptions)
      .values({
        id,
        name: given.name,
        url,
        event_types: given.event_types,
        state: given.active ? "active" : "paused",
        secret_token: webhookSealer().seal(secret, id),
        filters: given.filters,
      })
      .returning();
    await tx.insert(webhook_lanes).values({ webhook_id: id });
    return created;
  });
  if (!row) throw new Error("The webhook was not written.");
  return { ...shown(row), secret_token: secret };
}

export async function getWebhook(ctx: Context, id: string): Promise<Webhook> {
  return shown(await find(ctx, id));
}

/** One page, newest first. */
export async function listWebhooks(
  ctx: Context,
  query = new URLSearchParams(),
): Promise<{ rows: Webhook[]; page: Page }> {
  const page = readPage(query);
  const rows = await ctx.db.orm
    .select()
    .from(webhook_subscriptions)
    .where(and(isLiving, page.after ? lt(webhook_subscriptions.id, page.after) : undefined))
    .orderBy(desc(webhook_subscriptions.id))
    .limit(page.limit + 1);
  return { rows: rows.map(shown), page };
}

/** Every webhook, newest first: WEBHOOK_MAX bounds them. */
export async function listAllWebhooks(ctx: Context): Promise<Webhook[]> {
  const rows = await ctx.db.orm
    .select()
    .from(webhook_subscriptions)
    .where(isLiving)
    .orderBy(desc(webhook_subscriptions.id));
  return rows.map(shown);
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
    const isMoved = url === undefined ? sql`0` : sql`(${webhook_subscriptions.url} <> ${url})::int`;
    const revision = sql`${webhook_subscriptions.revision} + ${isMoved}`;
    const row = await change(ctx, id, { ...changes, revision });
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
    .set({ state: "paused", revision: nextRevision, updated_at: new Date() })
    .where(and(hasId(id), eq(webhook_subscriptions.state, "active")))
    .returning();
  if (!paused) return getWebhook(ctx, id);
  await ctx.post.fence(id, paused.revision);
  return shown(paused);
}

/** Active again, whatever stopped it; what was held is sent. */
export async function resumeWebhook(ctx: Context, id: string): Promise<Webhook> {
  const [resumed] = await ctx.db.orm
    .update(webhook_subscriptions)
    .set({ state: "active", disabled_reason: null, updated_at: new Date() })
    .where(and(hasId(id), inArray(webhook_subscriptions.state, ["paused", "disabled"])))
    .returning();
  if (!resumed) return getWebhook(ctx, id);
  ctx.post.ring([id]);
  return shown(resumed);
}

/** After this no POST begins for it; what waits is cancelled, the rest of many in the background. */
export async function deleteWebhook(ctx: Context, id: string): Promise<void> {
  const row = await change(ctx, id, {
    state: "deleted",
    deleted_at: new Date(),
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
        updated_at: new Date(),
      })
      .where(hasId(id))
      .returning();
    return rotated;
  });
  if (!row) throw notFound("Webhook", id);
  if (overlap_hours === 0) await ctx.post.fence(id, row.revision);
  return { ...shown(row), secret_token: secret };
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

async function find(ctx: Context, id: string): Promise<Row> {
  const [row] = await ctx.db.orm.select().from(webhook_subscriptions).where(hasId(id));
  if (!row) throw notFound("Webhook", id);
  return row;
}

type Changes = Parameters<ReturnType<Context["db"]["orm"]["update"]>["set"]>[0];

async function change(ctx: Context, id: string, changes: Changes): Promise<Row> {
  const [row] = await ctx.db.orm
    .update(webhook_subscriptions)
    .set({ ...changes, updated_at: new Date() })
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

/** Never the secret itself: what is shown of it tells two secrets apart, no more. */
function shown(row: Row): Webhook {
  const nowMs = clock().nowMs();
  const previous = row.previous_secrets.find((one) => Date.parse(one.expires_at) > nowMs);
  return {
    id: row.id,
    name: row.name,
    url: row.url,
    event_types: row.event_types,
    active: row.active,
    state: row.state === "deleted" ? "disabled" : row.state,
    disabled_reason: row.disabled_reason,
    secret_token: maskedSecret(row),
    previous_secret_expires_at: previous?.expires_at ?? null,
    filters: row.filters,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
}

function maskedSecret(row: Row): string {
  try {
    return maskSecret(webhookSealer().open(row.secret_token, row.id));
  } catch {
    return maskSecret("");
  }
}
