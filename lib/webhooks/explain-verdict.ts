import type { DeliveryStatus, SkipOwn, WebhookState } from "@/db/schema";
import type { Explanation, Found } from "./explanation-schema";

/** What is known of an event and a webhook, as far as it matters. */
export type Facts = {
  event_type: string;
  is_test: boolean;
  is_about_itself: boolean;
  /** What the webhook is now. */
  state: WebhookState;
  is_over: boolean;
  delivery: DeliveryFacts | null;
  /** What it was when the event was matched; null: it was not there yet. */
  then: TermsFacts | null;
};

export type DeliveryFacts = {
  id: string;
  status: DeliveryStatus;
  attempts: number;
  response_code: number | null;
  error_message: string | null;
  next_attempt_at: string | null;
  is_due: boolean;
  is_in_flight: boolean;
};

export type TermsFacts = {
  version: number;
  state: WebhookState;
  is_over: boolean;
  event_types: string[];
  filters: Record<string, unknown>;
  skip_own: SkipOwn | null;
  owner_actor: string | null;
  owner_key: string | null;
  names_type: boolean;
  is_own: boolean;
  /** Where the filter keeps the event out; null: nowhere. */
  mismatch: string | null;
  /** What the event has where the conditions at that pointer, or in it, look. */
  found: { at: string; values: unknown[] }[];
};

export type Judgement = Pick<Explanation, "verdict" | "reason"> &
  Partial<Pick<Explanation, "until" | "condition">>;

/** The one answer there is; what a delivery shows comes before what it should be. */
export function judge(facts: Facts, { isEnabled }: { isEnabled: boolean }): Judgement {
  const { event_type, delivery, then } = facts;
  if (delivery) return judgeDelivery(delivery, facts, isEnabled);
  if (facts.is_test)
    return { verdict: "test", reason: "It was a test, sent to one webhook alone." };
  if (facts.is_about_itself)
    return { verdict: "about_itself", reason: "It speaks of this webhook, so only others get it." };
  if (!then)
    return { verdict: "older_than_webhook", reason: "The event is older than the webhook." };
  if (then.state === "deleted")
    return { verdict: "deleted", reason: "The webhook was deleted by then." };
  if (!then.names_type) {
    const named = then.event_types.join(", ");
    const reason = `${event_type} is not among what it was subscribed to: ${named}.`;
    return { verdict: "not_subscribed", reason };
  }
  if (then.is_own) return judgeOwn(then);
  if (then.mismatch !== null) return judgeFiltered(then, then.mismatch);
  if (then.is_over) {
    const reason = "The webhook was disabled by then: its receiver had answered 410 Gone.";
    return { verdict: "disabled", reason };
  }
  return judgeMissing(facts);
}

function judgeDelivery(delivery: DeliveryFacts, facts: Facts, isEnabled: boolean): Judgement {
  const { status, attempts, response_code, error_message } = delivery;
  const times = attempts === 1 ? "1 attempt" : `${attempts} attempts`;
  if (status === "success")
    return {
      verdict: "delivered",
      reason: `The receiver answered ${response_code ?? "with success"} after ${times}.`,
    };
  if (status === "failed")
    return { verdict: "failed", reason: `It has failed after ${times}: ${error_message ?? "?"}` };
  if (status === "cancelled")
    return { verdict: "cancelled", reason: `${whyOver(facts)} Nothing more is sent of it.` };
  return judgePending(delivery, facts, isEnabled);
}

function whyOver({ state, is_over }: Pick<Facts, "state" | "is_over">): string {
  if (state === "deleted") return "The webhook is deleted.";
  if (is_over) return "Its receiver answered 410 Gone.";
  return "It was cancelled while the webhook was deleted or gone.";
}

function judgePending(delivery: DeliveryFacts, facts: Facts, isEnabled: boolean): Judgement {
  const { attempts, error_message, next_attempt_at, is_due, is_in_flight } = delivery;
  const { state, is_over } = facts;
  if (is_in_flight) return { verdict: "waiting", reason: `Attempt ${attempts} is under way.` };
  if (is_over)
    return { verdict: "cancelled", reason: `${whyOver(facts)} It is about to be cancelled.` };
  if (!isEnabled)
    return { verdict: "held", reason: "WEBHOOK_ENABLED is false, so nothing is sent." };
  if (state === "paused")
    return { verdict: "held", reason: "The webhook is paused; it is sent when that is resumed." };
  if (state === "disabled") {
    const reason =
      "The webhook is disabled, having failed for days; it is sent when that is resumed.";
    return { verdict: "held", reason };
  }
  const next = `attempt ${attempts + 1}`;
  const last = attempts > 0 ? ` The last one failed: ${error_message ?? "?"}` : "";
  const reason = is_due
    ? `It is due: ${next} is made when its turn comes.${last}`
    : `It waits until ${next_attempt_at} for ${next}.${last}`;
  return { verdict: "waiting", reason, until: next_attempt_at };
}

function judgeOwn({ skip_own, owner_actor, owner_key }: TermsFacts): Judgement {
  const owner = skip_own === "key" ? `the key ${owner_key}` : owner_actor;
  const reason = `It was caused by ${owner}, as the webhook was, and that left such out.`;
  return { verdict: "own", reason };
}

function judgeFiltered({ filters, found }: TermsFacts, pointer: string): Judgement {
  const condition = valueAt({ filters }, pointer);
  const isPlain = found.every(({ at }) => at === pointer);
  return {
    verdict: "filtered",
    reason: `The filter is not fulfilled at ${pointer}.`,
    condition: { pointer, condition, found: isPlain ? listOf(found) : byPointer(found) },
  };
}

function listOf(found: TermsFacts["found"]): unknown[] {
  return found.flatMap(({ values }) => values);
}

function byPointer(found: TermsFacts["found"]): Found {
  const grouped: Record<string, unknown[]> = {};
  for (const { at, values } of found) grouped[at] = [...(grouped[at] ?? []), ...values];
  return grouped;
}

function judgeMissing(facts: Facts): Judgement {
  const cure = facts.is_over ? whyOver(facts) : 'A recovery with the scope "missing" sends it.';
  return { verdict: "missing", reason: `It should have a delivery, and has none. ${cure}` };
}

/** What a JSON pointer names. */
function valueAt(root: unknown, pointer: string): unknown {
  let value = root;
  for (const step of pointer.split("/").slice(1)) {
    if (typeof value !== "object" || value === null) return null;
    const key = step.replaceAll("~1", "/").replaceAll("~0", "~");
    value = (value as Record<string, unknown>)[key];
  }
  return value ?? null;
}
