import { z } from "zod";
import { disabledReasons, skipOwnChoices, webhookStates } from "@/db/schema";
import { count, givenTime, time, uuid } from "@/lib/fields";
import { isStorable, longText, plainText } from "@/lib/text";

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
  .transform((types) => [...new Set(types)])
  .pipe(z.array(z.string()))
  .describe("Event types, `issue.*` for all of an entity, or `*` for all there are.");

// As they were given, to the last key: what they may be is checked against the event types.
const anyObject: z.ZodType<Record<string, unknown>, Record<string, unknown>> = z
  .any()
  .refine(
    (given) => typeof given === "object" && given !== null && !Array.isArray(given),
    'must be an object, such as {"priority": "high"}; {} is no filter',
  );
const filters = anyObject.meta({
  type: "object",
  additionalProperties: true,
  description: "Conditions on the events, all of which must hold; `{}` is none.",
});

const skipOwn = z
  .enum(skipOwnChoices)
  .nullable()
  .describe(
    "Leaves out events of whoever made the webhook: of the same `actor`, or the same API `key`.",
  );

/** What callers say of a webhook and can change; what each takes and, behind a pipe, shows. */
const attributes = {
  name: plainText(100).describe("For people."),
  description: longText(500)
    .unwrap()
    .transform((given) => given?.trim() || null)
    .pipe(z.string().nullable())
    .describe("What it is for."),
  // Which URLs a receiver may have is judged by the target check; here only that there is one.
  url: z
    .string()
    .min(1, "must not be empty")
    .pipe(z.string().meta({ format: "uri" }))
    .describe(
      "Where events are POSTed to: http or https, and an address that this installation allows.",
    ),
  event_types: eventTypes,
  active: z.boolean().describe("False: paused, its deliveries are held until it is resumed."),
  filters,
  skip_own: skipOwn,
};

const encodedSecret = /^whsec_(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** 24 to 255 visible characters, or `whsec_` and the base64 of 24 to 64 bytes. */
export function isSecret(text: string): boolean {
  if (!text.startsWith("whsec_")) return /^[\x21-\x7e]{24,255}$/.test(text);
  if (!encodedSecret.test(text)) return false;
  const { length } = Buffer.from(text.slice(6), "base64");
  return length >= 24 && length <= 64;
}

const secretWords =
  "What deliveries are signed with. Given: 24 to 255 visible characters, or `whsec_` and the base64 of 24 to 64 bytes; else one is made. Shown in full when it is made, masked ever after.";

const secretToken = z
  .string()
  .refine(
    isSecret,
    "must be 24 to 255 visible characters, or whsec_ and the base64 of 24 to 64 bytes",
  )
  .nullish()
  .describe(secretWords);

export const CreateWebhook = z.strictObject({
  ...attributes,
  description: attributes.description.default(null),
  active: attributes.active.default(true),
  filters: filters.default({}),
  skip_own: skipOwn.default(null),
  secret_token: secretToken,
});
export type CreateWebhook = z.input<typeof CreateWebhook>;

export const UpdateWebhook = z.strictObject(attributes).partial();
export type UpdateWebhook = z.input<typeof UpdateWebhook>;

export const RotateSecret = z.strictObject({
  secret_token: secretToken,
  overlap_hours: z
    .number()
    .int()
    .min(0)
    .max(168)
    .default(24)
    .describe("How long the old secret signs beside the new one; 0: not at all."),
});
export type RotateSecret = z.input<typeof RotateSecret>;

/** A webhook as shown outside; `secret_token` is masked save in the answer of create and rotate. */
export const Webhook = z.object({
  id: uuid.describe("A UUID that sorts by time."),
  ...attributes,
  state: z
    .enum(webhookStates)
    .exclude(["deleted"])
    .describe("Active, paused by somebody, or disabled by the service."),
  disabled_reason: z
    .enum(disabledReasons)
    .nullable()
    .describe("`gone`: its receiver answered 410. `failing`: it failed for 5 days."),
  disabled_at: time.nullable().describe("When the service disabled it."),
  failing_since: time
    .nullable()
    .describe("The first failed attempt since the last success; null: none."),
  failures_in_row: count.describe("Failed attempts since the last success."),
  secret_token: z.string().describe(secretWords),
  previous_secret_expires_at: time
    .nullable()
    .describe("Until then the secret before this one signs, too."),
  created_by: z.string().nullable().describe("Who made it, as `ai:claude`."),
  version: z.int().min(1).describe("Rises by one with each change."),
  created_at: time.describe("A time in UTC, to the millisecond."),
  updated_at: time.describe("When it was last changed."),
});
export type Webhook = z.output<typeof Webhook>;

/** A webhook as everybody may see it, in its own events: nothing of its secrets. */
export const OpenWebhook = Webhook.omit({
  secret_token: true,
  previous_secret_expires_at: true,
  created_by: true,
  version: true,
});
export type OpenWebhook = z.output<typeof OpenWebhook>;

export const TestDelivery = z.strictObject({
  event_type: z.string().default("webhook.test").describe("The type whose sample is sent."),
});

/** Which events since a time, at most 30 days ago, a webhook of these terms would have got. */
export const DryRunWebhook = z.strictObject({
  event_types: eventTypes,
  filters: filters.default({}),
  skip_own: skipOwn.default(null),
  // By whose owner `skip_own` is judged; absent: by the caller.
  webhook_id: z
    .uuid("must be a UUID")
    .optional()
    .describe("The webhook that is to be changed so; left out: a new one."),
  since: givenTime.optional().describe("From this time on, as 2026-11-23T08:00:00Z."),
  cursor: z.string().optional().describe("The `next_cursor` of the answer before."),
});

/**
 * Of the `examined` events of the types that lie in [since, until), as far as they could be looked at
 * in the time: `is_complete` is false when older ones are left, and `next_cursor` goes on with those.
 */
export const DryRun = z.object({
  since: time.describe("From this time on, as 2026-11-23T08:00:00Z."),
  until: time.describe("Up to this time, which is not part of it."),
  examined: count.describe("Events of these types that were looked at."),
  matched: count.describe("How many of them the webhook would have got."),
  is_complete: z
    .boolean()
    .describe("False: there are older ones; `next_cursor` goes on with them."),
  next_cursor: z.string().nullable().describe("For `cursor` of the next request."),
  events: z
    .array(
      z.object({
        event_id: uuid.describe("The event's id."),
        event_type: z.string().describe("As `issue.created`."),
        entity_type: z.string().describe("What it is about, as `issue`."),
        entity_id: uuid.describe("The id of what it is about."),
        timestamp: time.describe("When it happened."),
        actor: z.string().describe("Who caused it."),
      }),
    )
    .describe("The newest that match, up to 20."),
  mismatches: z
    .array(
      z.object({
        pointer: z
          .string()
          .describe("A JSON pointer into the request, or the name of a header or parameter."),
        count: count.describe("How many."),
      }),
    )
    .describe("What kept out how many, by its pointer into the request: up to ten."),
});
export type DryRun = z.output<typeof DryRun>;
