import type { Context } from "@/lib/context";
import { changedFields, pick } from "@/lib/events/changes";
import { originOf, toEventRow, type EventRow } from "@/lib/events/envelope";
import { showOpenly, type WebhookRow } from "./show";

type Told = Pick<Context, "actor"> &
  Partial<Pick<Context, "key" | "cause">> & {
    before: WebhookRow;
    /** What the write of the same statement changes, beside the terms, which it raises by one. */
    changes: Partial<WebhookRow>;
    at: Date;
  };

/** What happens to a webhook itself, for others to hear; its version is the webhook's terms. */
export function webhookEvent(
  action: "failing" | "disabled" | "enabled",
  { before, changes, at, ...by }: Told,
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
      entity_version: before.terms + 1,
      current,
      previous: fields.length > 0 ? pick(old, fields) : null,
      changes: fields,
      context: {},
    },
    originOf(by, at),
  );
}
