import { eq, getTableColumns } from "drizzle-orm";
import type { Orm } from "@/db/client";
import { webhook_lanes, webhook_subscriptions } from "@/db/schema";
import { clock } from "@/lib/clock";
import { shownBy } from "@/lib/shown";
import { webhookSealer } from "./policy";
import { OpenWebhook, Webhook } from "./schema";
import { maskSecret } from "./secret";

const columns = {
  ...getTableColumns(webhook_subscriptions),
  failing_since: webhook_lanes.failing_since,
  failures_in_row: webhook_lanes.failures_in_row,
};

/** Webhooks, each with the streak of failures its lane keeps; a condition is to follow. */
export function selectWebhooks(orm: Orm) {
  return orm
    .select(columns)
    .from(webhook_subscriptions)
    .innerJoin(webhook_lanes, eq(webhook_lanes.webhook_id, webhook_subscriptions.id));
}

export type WebhookRow = Awaited<ReturnType<typeof selectWebhooks>>[number];

export function showOpenly(row: WebhookRow): OpenWebhook {
  return shownBy(OpenWebhook, { ...row, state: livingState(row) });
}

/** Never the secret itself: what is shown of it tells two secrets apart, no more. */
export function show(row: WebhookRow): Webhook {
  const nowMs = clock().nowMs();
  const previous = row.previous_secrets.find((one) => Date.parse(one.expires_at) > nowMs);
  return shownBy(Webhook, {
    ...row,
    state: livingState(row),
    secret_token: maskedSecret(row),
    previous_secret_expires_at: previous?.expires_at ?? null,
    created_by: row.owner_actor,
  });
}

/** What is deleted is shown to nobody; while it is being deleted it is as good as disabled. */
function livingState({ state }: WebhookRow): Webhook["state"] {
  return state === "deleted" ? "disabled" : state;
}

function maskedSecret({ id, secret_token }: WebhookRow): string {
  try {
    return maskSecret(webhookSealer().open(secret_token, id));
  } catch {
    return maskSecret("");
  }
}
