import type { Tone } from "@/components/ui/badge";
import type { Verdict } from "@/lib/webhooks/explanation-schema";

/** What is shown of an event beside its type. */
export type ShownEvent = {
  event_id: string;
  event_type: string;
  entity_type: string;
  entity_id: string;
  timestamp: string;
  actor: { type: string; name: string };
  data: { current: Record<string, unknown> };
};

/** What keeps an event away on purpose is neutral. */
export const verdictLooks: Record<Verdict, { label: string; tone: Tone }> = {
  delivered: { label: "Delivered", tone: "ok" },
  waiting: { label: "Waiting", tone: "accent" },
  held: { label: "Held", tone: "warn" },
  failed: { label: "Failed", tone: "bad" },
  cancelled: { label: "Cancelled", tone: "neutral" },
  filtered: { label: "Filtered", tone: "neutral" },
  own: { label: "Its own", tone: "neutral" },
  not_subscribed: { label: "Not subscribed", tone: "neutral" },
  about_itself: { label: "About itself", tone: "neutral" },
  older_than_webhook: { label: "Older", tone: "neutral" },
  test: { label: "A test", tone: "neutral" },
  disabled: { label: "Disabled", tone: "warn" },
  deleted: { label: "Deleted", tone: "neutral" },
  missing: { label: "Missing", tone: "bad" },
};

/** As events name their actor: "ai:claude". */
export function actorName({ type, name }: ShownEvent["actor"]): string {
  return `${type}:${name}`;
}

/** What the thing an event is about is called; null: it has no name. */
export function titleOf({ data: { current } }: ShownEvent): string | null {
  const title = current.title ?? current.name;
  return typeof title === "string" && title !== "" ? title : null;
}
