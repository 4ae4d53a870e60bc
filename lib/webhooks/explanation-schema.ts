import { z } from "zod";
import { deliveryStatuses } from "@/db/schema";
import { Event } from "@/lib/events/event-schema";
import { count, givenId, time, uuid } from "@/lib/fields";

/** Which webhook is asked about; without it all of them are. */
export const ExplainEvent = z.object({
  webhook_id: givenId.optional().describe("The webhook asked about; left out: all of them."),
});

/**
 * What became of an event for a webhook: its delivery is `delivered`, `waiting`, `held`, `failed` or
 * `cancelled`; or there is none, because of what the webhook was then; or there should be one, and
 * it is `missing`.
 */
const verdicts = [
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

// A list with an entry for each place that was looked at and is there; of `or` and `not` such lists by
// the pointers of the conditions in it.
const list = z.array(z.unknown());
const Found = z.union([list, z.record(z.string(), list)]);
export type Found = z.output<typeof Found>;

export const Explanation = z.object({
  webhook_id: uuid.describe("The webhook it is about."),
  webhook_name: z.string().describe("The webhook's name."),
  verdict: z.enum(verdicts).describe("What became of it, in a word."),
  reason: z.string().describe("The same in a sentence."),
  delivery_id: uuid.nullable().describe("The delivery it became; null: none."),
  until: time.nullable().describe("When the next attempt is due."),
  condition: z
    .object({
      pointer: z.string().describe("Where in the webhook the condition stands."),
      condition: z.unknown().describe("The condition itself."),
      found: Found.describe("What the event has there."),
    })
    .nullable()
    .describe("Of what is `filtered`: what kept it out."),
  webhook_version: z
    .int()
    .nullable()
    .describe("The version of the webhook it was matched against; null: there was none yet."),
});
export type Explanation = z.output<typeof Explanation>;

export const EventDelivery = z.object({
  id: uuid.describe("The delivery's id."),
  webhook_id: uuid.describe("The webhook it goes to."),
  status: z
    .enum(deliveryStatuses)
    .describe("Whether it waits, has arrived, has failed or was cancelled."),
  attempts: count.describe("How often it has been tried."),
  next_attempt_at: time.nullable().describe("When it is tried next."),
});
export type EventDelivery = z.output<typeof EventDelivery>;

/** One event with what became of it. */
export const EventDetail = Event.extend({
  deliveries: z.array(EventDelivery).describe("Its deliveries, newest first, up to 100."),
  webhooks: z.array(Explanation).describe("Why each webhook got it or did not, up to 100."),
});
