import { z } from "zod";
import { isStorable, plainText } from "@/lib/text";
import type {
  AttemptOutcome,
  AttemptTrigger,
  DeliveryStatus,
  RecoveryState,
  RecoveryStatus,
  SkipOwn,
  WebhookState,
} from "@/db/schema";

// Which patterns there are depends on the registered types: that is checked where the database is.
const eventTypes = z
  .array(
    z
      .string()
      .max(100, "must have at most 100 characters")
      .refine(isStorable, "must not contain NUL or half a surrogate pair"),
  )
  .min(1, "choose at least one event type")
  .max(200)
  .transform((types) => [...new Set(types)]);

const encodedSecret = /^whsec_(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** 24 to 255 visible characters, or `whsec_` and the base64 of 24 to 64 bytes. */
export function isSecret(text: string): boolean {
  if (!text.startsWith("whsec_")) return /^[\x21-\x7e]{24,255}$/.test(text);
  if (!encodedSecret.test(text)) return false;
  const { length } = Buffer.from(text.slice(6), "base64");
  return length >= 24 && length <= 64;
}

// Which URLs a receiver may have is judged by the target check; here only that there is one.
const url = z.string().min(1, "must not be empty");

const secretToken = z
  .string()
  .refine(
    isSecret,
    "must be 24 to 255 visible characters, or whsec_ and the base64 of 24 to 64 bytes",
  )
  .nullish();

// As they were given, to the last key: what they may be is checked against the event types.
const filters = z
  .unknown()
  .refine(
    (given) => typeof given === "object" && given !== null && !Array.isArray(given),
    'must be an object, such as {"priority": "high"}; {} is no filter',
  )
  .transform((given) => given as Record<string, unknown>)
  .meta({ type: "object", additionalProperties: true });

const skipOwn = z.enum(["actor", "key"] satisfies SkipOwn[]).nullable();

export const CreateWebhook = z.strictObject({
  name: plainText(100),
  url,
  event_types: eventTypes,
  active: z.boolean().default(true),
  secret_token: secretToken,
  filters: filters.default({}),
  skip_own: skipOwn.default(null),
});
export type CreateWebhook = z.input<typeof CreateWebhook>;

export const UpdateWebhook = z.strictObject({
  name: plainText(100).optional(),
  url: url.optional(),
  event_types: eventTypes.optional(),
  active: z.boolean().optional(),
  filters: filters.optional(),
  skip_own: skipOwn.optional(),
});
export type UpdateWebhook = z.input<typeof UpdateWebhook>;

/** How long the old secret still signs beside the new one; 0: not at all. */
export const RotateSecret = z.strictObject({
  secret_token: secretToken,
  overlap_hours: z.number().int().min(0).max(168).default(24),
});
export type RotateSecret = z.input<typeof RotateSecret>;

const time = z
  .string()
  .refine(
    (text) => z.iso.datetime({ offset: true }).safeParse(text).success && Date.parse(text) >= 0,
    "must be a time such as 2026-11-23T08:00:00Z",
  )
  .transform((text) => new Date(text))
  .meta({ format: "date-time" });

/** What to send again: what failed, or what was never sent, in [since, until); `until` is now at most. */
export const RecoverWebhook = z.strictObject({
  since: time,
  until: time.optional(),
  status: z.enum(["failed", "missing"]).default("failed"),
  dry_run: z.boolean().default(false),
});
export type RecoverWebhook = z.input<typeof RecoverWebhook>;

/** Which events since a time, at most 30 days ago, a webhook of these terms would have got. */
export const DryRunWebhook = z.strictObject({
  event_types: eventTypes,
  filters: filters.default({}),
  skip_own: skipOwn.default(null),
  // A webhook that is to be changed so: by whose owner `skip_own` is judged; absent: by the caller.
  webhook_id: z.uuid("must be a UUID").optional(),
  since: time.optional(),
  cursor: z.string().optional(),
});
export type DryRunWebhook = z.input<typeof DryRunWebhook>;

/** A webhook as shown outside; `secret_token` is masked save in the answer of create and rotate. */
export type Webhook = {
  id: string;
  name: string;
  url: string;
  event_types: string[];
  active: boolean;
  state: Exclude<WebhookState, "deleted">;
  disabled_reason: string | null;
  disabled_at: string | null;
  /** The first failed attempt since the last success, and how many there are in a row; null and 0: none. */
  failing_since: string | null;
  failures_in_row: number;
  secret_token: string;
  previous_secret_expires_at: string | null;
  filters: Record<string, unknown>;
  /** Whose events it is spared: those of the actor, or the API key, that made it; null: nobody's. */
  skip_own: SkipOwn | null;
  /** Who made it, as "ai:claude"; null: it is not known. */
  created_by: string | null;
  /** Rises with every change of what is shown, save failures and times. */
  version: number;
  created_at: string;
  updated_at: string;
};

/** A delivery as lists show it. `is_held`: its webhook is paused or disabled, so it waits. */
export type Delivery = {
  id: string;
  subscription_id: string;
  event_id: string;
  event_type: string;
  status: DeliveryStatus;
  response_code: number | null;
  response_body: string | null;
  error_message: string | null;
  attempts: number;
  trigger: AttemptTrigger;
  is_in_flight: boolean;
  is_held: boolean;
  next_attempt_at: string | null;
  created_at: string;
  delivered_at: string | null;
};

export type Attempt = {
  number: number;
  trigger: AttemptTrigger;
  outcome: AttemptOutcome;
  started_at: string;
  duration_ms: number | null;
  url: string | null;
  address: string | null;
  request_headers: Record<string, string> | null;
  response_code: number | null;
  response_headers: Record<string, string> | null;
  response_body: string | null;
  is_response_cut: boolean;
  error_class: string | null;
  error_message: string | null;
};

/** One delivery whole: with the payload it posts and every attempt, oldest first. */
export type DeliveryDetail = Delivery & { payload: unknown; attempt_log: Attempt[] };

/** What a recovery would be about: how many deliveries (`failed`) or events (`missing`). */
export type RecoveryCount = {
  webhook_id: string;
  status: RecoveryStatus;
  since: string;
  until: string;
  count: number;
};

/** Of `total` found when it began, `recovered` have been made due; more may fail meanwhile. */
export type Recovery = Omit<RecoveryCount, "count"> & {
  id: string;
  state: RecoveryState;
  total: number;
  recovered: number;
  created_at: string;
  finished_at: string | null;
};

/**
 * Of the `examined` events of the types that lie in [since, until), as far as they could be looked at
 * in the time: `is_complete` is false when older ones are left, and `next_cursor` goes on with those.
 */
export type DryRun = {
  since: string;
  until: string;
  examined: number;
  matched: number;
  is_complete: boolean;
  next_cursor: string | null;
  /** The newest that match, up to 20. */
  events: {
    event_id: string;
    event_type: string;
    entity_type: string;
    entity_id: string;
    timestamp: string;
    actor: string;
  }[];
  /** What kept out how many, by its JSON pointer into the input: the ten that kept out most. */
  mismatches: { pointer: string; count: number }[];
};

/** Which webhook is asked about; without it all of them are. */
export const ExplainEvent = z.object({ webhook: z.guid("must be a UUID").optional() });

/**
 * What became of an event for a webhook: its delivery is `delivered`, `waiting`, `held`, `failed` or
 * `cancelled`; or there is none, because of what the webhook was then; or there should be one, and
 * it is `missing`.
 */
export const verdicts = [
  "delivered",
  "waiting",
  "held",
  "failed",
  "cancelled",
  "filtered",
  "own",
  "about_itself",
  "not_subscribed",
  "disabled",
  "deleted",
  "older_than_webhook",
  "test",
  "missing",
] as const;
export type Verdict = (typeof verdicts)[number];

export type Explanation = {
  webhook_id: string;
  webhook_name: string;
  verdict: Verdict;
  /** The same in a sentence. */
  reason: string;
  delivery_id: string | null;
  /** When the next attempt is due, of what waits for it. */
  until: string | null;
  /**
   * Of what is `filtered`: where in the webhook the condition stands, what it is, and what the event
   * has there, a list with an entry for each place that was looked at and is there; of `or` and `not`
   * such lists by the pointers of the conditions in it.
   */
  condition: { pointer: string; condition: unknown; found: Found } | null;
  /** Which version of the webhook the event was matched against; null: there was none yet. */
  webhook_version: number | null;
};
export type Found = unknown[] | Record<string, unknown[]>;
