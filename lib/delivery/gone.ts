import type { Sql } from "@/db/client";
import { log } from "@/lib/log";
import { cancelOrphans } from "./claim";
import type { Settlement } from "./settle";

/**
 * 410 Gone: the receiver wants nothing more. Disables the webhook, unless it has been pointed
 * elsewhere since the attempt began, and cancels what waits for it.
 */
export async function disableGone(sql: Sql, { delivery_id, url }: Settlement): Promise<void> {
  const [webhook] = await sql<{ id: string; name: string }[]>`
    update webhook_subscriptions webhook set
      state = 'disabled', disabled_reason = 'gone', revision = revision + 1, updated_at = now()
    from webhook_deliveries delivery
    where delivery.id = ${delivery_id} and webhook.id = delivery.subscription_id
      and webhook.url = ${url} and webhook.state in ('active', 'paused')
    returning webhook.id, webhook.name`;
  if (!webhook) return;
  log.warn(`webhook "${webhook.name}" disabled: its receiver answered 410 Gone`, {
    webhook_id: webhook.id,
  });
  await cancelOrphans(sql);
}
