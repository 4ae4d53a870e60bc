import { eq } from "drizzle-orm";
import { webhook_deliveries, webhook_subscriptions } from "@/db/schema";
import { clock } from "@/lib/clock";
import { systemActor, type SystemContext } from "@/lib/context";
import { commitChange } from "@/lib/events/record";
import { log } from "@/lib/log";
import { selectWebhooks, type WebhookRow } from "@/lib/webhooks/show";
import { webhookEvent } from "@/lib/webhooks/webhook-event";
import { cancelOrphans, type Claim } from "./claim";

/**
 * 410 Gone: the receiver wants nothing more. Disables the webhook, unless it has been pointed
 * elsewhere since the attempt began, tells of it, and cancels what waits for it. Answers whether it
 * was this that disabled it.
 */
export async function disableGone(
  ctx: SystemContext,
  { delivery_id, url }: Pick<Claim, "delivery_id" | "url">,
): Promise<boolean> {
  for (;;) {
    const before = await findWebhookOf(ctx, delivery_id);
    if (before?.url !== url || (before.state !== "active" && before.state !== "paused")) {
      return false;
    }
    if (!(await disable(ctx, before))) continue;
    log.warn(`webhook "${before.name}" disabled: its receiver answered 410 Gone`, {
      webhook_id: before.id,
    });
    await cancelOrphans(ctx.db.sql);
    return true;
  }
}

async function findWebhookOf(
  { db }: SystemContext,
  deliveryId: string,
): Promise<WebhookRow | undefined> {
  const [webhook] = await selectWebhooks(db.orm)
    .innerJoin(webhook_deliveries, eq(webhook_deliveries.subscription_id, webhook_subscriptions.id))
    .where(eq(webhook_deliveries.id, deliveryId));
  return webhook;
}

/** False: it has changed meanwhile. */
function disable(ctx: SystemContext, before: WebhookRow): Promise<boolean> {
  const { sql } = ctx.db;
  const at = clock().now();
  const changes = {
    state: "disabled",
    disabled_reason: "gone",
    disabled_at: at,
    updated_at: at,
  } as const;
  const write = sql`
    update webhook_subscriptions set ${sql(changes)}, terms = terms + 1
    where id = ${before.id} and state = ${before.state} and terms = ${before.terms}
    returning id`;
  const events = [webhookEvent("disabled", { before, changes, actor: systemActor, at })];
  return commitChange(ctx, { sql, writes: [write], expected: 1, events });
}
