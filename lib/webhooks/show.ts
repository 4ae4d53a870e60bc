import { eq, getTableColumns } from "drizzle-orm";
import type { Orm } from "@/db/client";
import { webhook_lanes, webhook_subscriptions } from "@/db/schema";
import { clock } from "@/lib/clock";
import { webhookSealer } from "./policy";
import type { Webhook } from "./schema";
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

/** A webhook as everybody may see it: nothing of its secrets. */
export type OpenWebhook = Omit<
  Webhook,
  "secret_token" | "previous_secret_expires_at" | "created_by" | "version"
>;

export function showOpenly(row: WebhookRow): OpenWebhook {
  return {
    id: row.id,
    name: row.name,
    url: row.url,
    event_types: row.event_types,
    active: row.active,
    state: row.state === "deleted" ? "disabled" : row.state,
    disabled_reason: row.disabled_reason,
    disabled_at: row.disabled_at?.toISOString() ?? null,
    failing_since: row.failing_since?.toISOString() ?? null,
    failures_in_row: row.failures_in_row,
    filters: row.filters,
    skip_own: row.skip_own,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
}

/** Never the secret itself: what is shown of it tells two secrets apart, no more. */
export function show(row: WebhookRow): Webhook {
  const nowMs = clock().nowMs();
  const previous = row.previous_secrets.find((one) => Date.parse(one.expires_at) > nowMs);
  const { filters, skip_own, created_at, updated_at, ...open } = showOpenly(row);
  return {
    ...open,
    secret_token: maskedSecret(row),
    previous_secret_expires_at: previous?.expires_at ?? null,
    filters,
    skip_own,
    created_by: row.owner_actor,
    version: row.version,
    created_at,
    updated_at,
  };
}

function maskedSecret({ id, secret_token }: WebhookRow): string {
  try {
    return maskSecret(webhookSealer().open(secret_token, id));
  } catch {
    return maskSecret("");
  }
}
