import type { Statements } from "@/db/client";
import type { RecoveryStatus } from "@/db/schema";
import type { Context } from "@/lib/context";
import { AppError, invalid, notFound } from "@/lib/errors";
import { checkIfMatchText } from "@/lib/etag";
import { isId, newId } from "@/lib/id";
import { parseInput } from "@/lib/input";
import { readPage, type Page } from "@/lib/page";
import { shownBy } from "@/lib/shown";
import { countRecoverable, type Recoverable } from "./recover-scope";
import { Recovery, RecoveryCount, RecoverWebhook } from "./recovery-schema";
import { getWebhook } from "./service";

type Row = Recoverable & {
  id: string;
  status: RecoveryStatus;
  total: number;
  recovered: number;
  created_at: Date;
  finished_at: Date | null;
};

/**
 * Sends a webhook again what `failed`, or what it should have got and is `missing`, in
 * [since, until): in steps, so that new events keep flowing. A dry run only counts.
 * Refuses while one of the same scope runs, and for a webhook that is deleted or gone.
 */
export async function recoverWebhook(
  ctx: Context,
  { id, input }: { id: string; input: unknown },
): Promise<{ count: RecoveryCount } | { recovery: Recovery }> {
  const { dry_run, ...given } = parseInput(RecoverWebhook, input ?? {});
  const now = await checkTakesDeliveries(ctx.db.sql, id);
  const asked = { webhook_id: id, scope: given.scope, ...windowOf(given, now) };
  const count = await countRecoverable(ctx.db.sql, asked);
  if (dry_run) return { count: shownBy(RecoveryCount, { ...asked, count }) };
  const row = await begin(ctx, asked, count);
  if (row.status === "running") ctx.afterCommit.recover(row.id);
  return { recovery: shownBy(Recovery, row) };
}

type Window = { since: Date; until?: Date | undefined };

/** It ends now at the latest: what is still to come cannot have failed. */
function windowOf(given: Window, now: Date): { since: Date; until: Date } {
  const { since } = given;
  if (since >= now) {
    throw invalid({ pointer: "/since", code: "invalid", message: "must be in the past" });
  }
  if (given.until && given.until <= since) {
    throw invalid({ pointer: "/until", code: "invalid", message: "must be after since" });
  }
  return { since, until: given.until && given.until < now ? given.until : now };
}

/** Refuses for a webhook that is deleted or gone; answers what time it is in the database. */
async function checkTakesDeliveries(sql: Statements, id: string): Promise<Date> {
  const [webhook] = isId(id)
    ? await sql<{ state: string; is_over: boolean; now_ms: number }[]>`
        select state, is_over,
          ceil(extract(epoch from clock_timestamp()) * 1000)::float8 as now_ms
        from webhook_subscriptions where id = ${id}`
    : [];
  if (!webhook) throw notFound("Webhook", id);
  if (webhook.state === "deleted") throw new AppError("conflict", "The webhook is deleted.");
  if (webhook.is_over) {
    const why = "Its receiver answered 410 Gone, so nothing is sent to it; resume it first.";
    throw new AppError("conflict", why);
  }
  return new Date(webhook.now_ms);
}

async function begin({ db }: Context, asked: Recoverable, total: number): Promise<Row> {
  const { webhook_id, scope, since, until } = asked;
  return db.begin(async ({ sql }) => {
    // One after another, so that each sees in its next statement what the one before it began.
    await sql`select id from webhook_subscriptions where id = ${webhook_id} for no key update`;
    const [running] = await sql<{ id: string }[]>`
      select id from webhook_recoveries
      where webhook_id = ${webhook_id} and scope = ${scope} and status = 'running'`;
    if (running) {
      const what = `A recovery of what is ${scope}`;
      throw new AppError("conflict", `${what} is running already: ${running.id}`);
    }
    const isOver = total === 0;
    const [row] = await sql<Row[]>`
      insert into webhook_recoveries
        (id, webhook_id, scope, since, until, total, status, finished_at)
      values (${newId()}, ${webhook_id}, ${scope}, ${since}, ${until}, ${total},
        ${isOver ? "done" : "running"}, ${isOver ? sql`now()` : null})
      returning *`;
    if (!row) throw new Error("The recovery was not written.");
    return row;
  });
}

/** One page of a webhook's recoveries, newest first. */
export async function listRecoveries(
  ctx: Context,
  { id, query }: { id: string; query: URLSearchParams },
): Promise<{ rows: Recovery[]; page: Page }> {
  const page = readPage(query);
  await getWebhook(ctx, id);
  const { sql } = ctx.db;
  const rows = await sql<Row[]>`
    select * from webhook_recoveries
    where webhook_id = ${id} ${page.after ? sql`and id < ${page.after}` : sql``}
    order by id desc limit ${page.limit + 1}`;
  return { rows: rows.map((row) => shownBy(Recovery, row)), page };
}

type Named = { webhookId: string; recoveryId: string };

/** How far it is; also of a webhook that is deleted by now. */
export async function getRecovery(ctx: Context, named: Named): Promise<Recovery> {
  return shownBy(Recovery, await find(ctx.db.sql, named));
}

/** What was not made due yet is left as it is. Refuses when nothing is left to cancel. */
export async function cancelRecovery(ctx: Context, named: Named): Promise<void> {
  const { sql } = ctx.db;
  const found = await find(sql, named);
  checkIfMatchText(ctx, JSON.stringify(shownBy(Recovery, found)));
  const { id, status } = found;
  if (status === "cancelled") return;
  const cancelled = await sql`
    update webhook_recoveries set status = 'cancelled', finished_at = now()
    where id = ${id} and status = 'running' returning id`;
  if (cancelled.length > 0 || (await find(sql, named)).status === "cancelled") return;
  throw new AppError("conflict", "It is done: everything has been made due.");
}

async function find(sql: Statements, { webhookId, recoveryId }: Named): Promise<Row> {
  const [row] =
    isId(webhookId) && isId(recoveryId)
      ? await sql<Row[]>`
          select * from webhook_recoveries where id = ${recoveryId} and webhook_id = ${webhookId}`
      : [];
  if (!row) throw notFound("Recovery", recoveryId);
  return row;
}
