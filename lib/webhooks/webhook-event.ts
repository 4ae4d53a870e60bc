import type { Actor } from "@/lib/context";
import { env } from "@/lib/env";
import { changedFields, pick } from "@/lib/events/changes";
import { toEventRow, type EventRow } from "@/lib/events/envelope";
import { newId } from "@/lib/id";
import { showOpenly, type WebhookRow } from "./show";

type Told = {
  before: WebhookRow;
  /** What the write of the same statement changes, beside the revision, which it raises by one. */
  changes: Partial<WebhookRow>;
  actor: Actor;
  at: Date;
};

/** What happens to a webhook itself, for others to hear; its version is the webhook's revision. */
export function webhookEvent(
  action: "failing" | "disabled" | "enabled",
  { before, changes, actor, at }: Told,
): EventRow {
  const after = { ...before, ...changes };
  const old = showOpenly(before);
  const current = showOpenly({ ...after, active: after.state === "active" });
  const fields = changedFields(old, current).filter((field) => field !== "updated_at");
  return toEventRow(
    {
      type: `webhook.${action}`,
      entity_type: "webhook",
      entity_id: before.id,
      entity_version: before.revision + 1,
      current,
      previous: fields.length > 0 ? pick(old, fields) : null,
      changes: fields,
      context: {},
    },
    {
      actor: { ...actor, metadata: { ...actor.metadata, change_id: newId() } },
      at,
      baseUrl: env().baseUrl,
    },
  );
}
