import { and, count, desc, eq, lt, ne, sql } from "drizzle-orm";
import { webhook_lanes, webhook_subscriptions, type SealedSecret } from "@/db/schema";
import { clock } from "@/lib/clock";
import type { Context } from "@/lib/context";
import { env } from "@/lib/env";
import { AppError, invalid, notFound } from "@/lib/errors";
import { checkIfMatch } from "@/lib/etag";
import { recordEvents } from "@/lib/events/record";
import { isId, newId } from "@/lib/id";
import { parseInput } from "@/lib/input";
import { readPage, type Page } from "@/lib/page";
import { inTransaction } from "@/lib/transaction";
import { targetPolicy, webhookSealer } from "./policy";
import { CreateWebhook, RotateSecret, UpdateWebhook, type Webhook } from "./schema";
import { makeSecret } from "./secret";
import { selectWebhooks, show, type WebhookRow } from "./show";
import { checkTargetUrl } from "@/lib/outbound/target";
import { checkSkipOwn, ownerOf, planTerms } from "./terms";
import { webhookEvent } from "./webhook-event";

const mostPreviousSecrets = 10;
/** Whoever makes a webhook takes it, so that none is made beside a count. */
const advisoryLock = 7_283_003;

/** A new webhook and its lane; its secret is in this answer in full, and never again. */
export async function createWebhook(ctx: Context, input: unknown): Promise<Webhook> {
  const { active, secret_token, ...given } = parseInput(CreateWebhook, input);
  const url = allowedUrl(given.url);
  const owner = ownerOf(ctx);
  checkSkipOwn(given.skip_own, owner);
  const id = newId();
  const secret = secret_token ?? makeSecret();
  return inTransaction(ctx, async (inside) => {
    const { sql, orm } = inside.db;
    const filter_plan = await planTerms(sql, given);
    await checkRoom(inside);
    await orm.insert(webhook_subscriptions).values({
      ...given,
      ...owner,
      id,
      url,
      filter_plan,
      state: active ? "active" : "paused",
      secret_token: webhookSealer().seal(secret, id),
    });
    await orm.insert(webhook_lanes).values({ webhook_id: id });
    return { ...(await getWebhook(inside, id)), secret_token: secret };
  });
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
  return inTransaction(ctx, async (inside) => {
    const before = await lock(inside, id);
    if (given.skip_own) checkSkipOwn(given.skip_own, before);
    const changes = {
      ...given,
      ...(url === undefined ? {} : { url }),
      ...(given.event_types || given.filters
        ? { filter_plan: await planTerms(inside.db.sql, { ...before, ...given }) }
        : {}),
      ...(active === false ? pausing(before) : {}),
      ...(active === true ? resuming : {}),
    };
    const after = await write(inside, before, changes);
    const isStopped = active === false && after.state === "paused";
    if (url !== undefined || isStopped) await inside.afterCommit.fence(id, after.terms);
    return show(after);
  });
}

/** Its deliveries are held from this answer on. A disabled webhook stays disabled. */
export async function pauseWebhook(ctx: Context, id: string): Promise<Webhook> {
  return updateWebhook(ctx, { id, input: { active: false } });
}

/** Active again, whatever stopped it, its failures forgotten; what was held is sent. */
export async function resumeWebhook(ctx: Context, id: string): Promise<Webhook> {
  return updateWebhook(ctx, { id, input: { active: true } });
}

/** After this no POST begins for it; what waits is cancelled, the rest of many in the background. */
export async function deleteWebhook(ctx: Context, id: string): Promise<void> {
  await inTransaction(ctx, async (inside) => {
    const before = await lock(inside, id);
    const changes = { state: "deleted", deleted_at: clock().now() } as const;
    const after = await write(inside, before, changes);
    await inside.afterCommit.fence(id, after.terms);
  });
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
  return inTransaction(ctx, async (inside) => {
    const before = await lock(inside, id);
    // Without an overlap the old secret must sign nothing that begins after this answer.
    const isFenced = overlap_hours === 0;
    const after = await write(inside, before, {
      secret_token: webhookSealer().seal(secret, id),
      previous_secrets: overlapping(before, overlap_hours),
      terms: before.terms + (isFenced ? 1 : 0),
    });
    if (isFenced) await inside.afterCommit.fence(id, after.terms);
    return { ...show(after), secret_token: secret };
  });
}

function overlapping(before: WebhookRow, hours: number): SealedSecret[] {
  if (hours === 0) return [];
  const nowMs = clock().nowMs();
  const expires_at = new Date(nowMs + hours * 3_600_000).toISOString();
  const living = before.previous_secrets.filter((one) => Date.parse(one.expires_at) > nowMs);
  return [{ sealed: before.secret_token, expires_at }, ...living].slice(0, mostPreviousSecrets);
}

const isLiving = ne(webhook_subscriptions.state, "deleted");
const hasId = (id: string) =>
  isId(id) ? and(eq(webhook_subscriptions.id, id), isLiving) : sql`false`;

async function find(ctx: Context, id: string): Promise<WebhookRow> {
  const [row] = await selectWebhooks(ctx.db.orm).where(hasId(id));
  if (!row) throw notFound("Webhook", id);
  return row;
}

/**
 * The webhook as it stays until the transaction ends, if `If-Match` allows its change. First the
 * lane, then its webhook, as everywhere: so none waits for another in a ring.
 */
async function lock(ctx: Context, id: string): Promise<WebhookRow> {
  const { sql, orm } = ctx.db;
  if (isId(id)) await sql`select from webhook_lanes where webhook_id = ${id} for update`;
  const [row] = await selectWebhooks(orm)
    .where(hasId(id))
    .for("no key update", { of: webhook_subscriptions });
  if (!row) throw notFound("Webhook", id);
  checkIfMatch(ctx, row.version);
  return row;
}

type Changes = Partial<typeof webhook_subscriptions.$inferInsert>;

const resuming = { state: "active", disabled_reason: null, disabled_at: null } as const;
const noStreak = { failing_since: null, failures_in_row: 0 } as const;

function pausing({ state }: WebhookRow): Changes {
  return state === "active" ? { state: "paused" } : {};
}

/**
 * Writes to a webhook that is locked. Another URL or state are other terms; with another URL, or when
 * it is resumed, its failures are forgotten. Others are told when it was disabled.
 */
async function write(ctx: Context, before: WebhookRow, changes: Changes): Promise<WebhookRow> {
  if (Object.keys(changes).length === 0) return before;
  const { url = before.url, state = before.state } = changes;
  const isMoved = url !== before.url;
  const isResumed = state === "active" && before.state !== "active";
  const streak = isMoved || isResumed ? noStreak : {};
  const at = clock().now();
  const { sql, orm } = ctx.db;
  if (isMoved || isResumed)
    await sql`update webhook_lanes set ${sql({ ...noStreak, failing_told_at: null })}
      where webhook_id = ${before.id}`;
  const terms = before.terms + (isMoved || state !== before.state ? 1 : 0);
  const [row] = await orm
    .update(webhook_subscriptions)
    .set({ terms, updated_at: at, ...changes })
    .where(eq(webhook_subscriptions.id, before.id))
    .returning();
  const after = { ...before, ...row, ...streak };
  if (isResumed) {
    if (before.state === "disabled") {
      const events = [webhookEvent("enabled", { ...ctx, before, changes: after, at })];
      await recordEvents(ctx, { sql, events });
    }
    ctx.afterCommit.ring([before.id]);
  }
  return after;
}

/** Until the transaction ends, no other makes a webhook. */
async function checkRoom(ctx: Context): Promise<void> {
  const { max } = env().webhook;
  await ctx.db.sql`select pg_advisory_xact_lock(${advisoryLock})`;
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
