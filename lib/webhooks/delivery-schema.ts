import { z } from "zod";
import { attemptOutcomes, attemptTriggers, deliveryStatuses } from "@/db/schema";
import { EventFilters } from "@/lib/events/list-events";
import { count, givenId, json, time, uuid } from "@/lib/fields";

const headers = z.record(z.string(), z.string()).nullable();
const trigger = z
  .enum(attemptTriggers)
  .describe("What led to it: the schedule, somebody, a test or a recovery.");
const responseCode = z
  .int()
  .nullable()
  .describe("The status the receiver answered; null: it did not.");
const responseBody = z.string().nullable().describe("What the receiver answered, at most 16 KiB.");
const errorMessage = z.string().nullable().describe("What went wrong, in words.");

/** A delivery as lists show it. */
export const Delivery = z.object({
  id: uuid.describe("A UUID that sorts by time."),
  webhook_id: uuid.describe("The webhook it goes to."),
  event_id: uuid.describe("The event it carries."),
  event_type: z.string().describe("As `issue.created`."),
  status: z
    .enum(deliveryStatuses)
    .describe(
      "`pending`: it waits for its next attempt. `failed`: all attempts are used up. `cancelled`: nothing is sent any more.",
    ),
  response_code: responseCode,
  response_body: responseBody,
  error_message: errorMessage,
  attempts: count.describe("How often it has been tried."),
  trigger,
  is_in_flight: z.boolean().describe("An attempt is under way."),
  is_held: z.boolean().describe("Its webhook is paused or disabled, so it waits."),
  next_attempt_at: time.nullable().describe("When it is tried next."),
  created_at: time.describe("A time in UTC, to the millisecond."),
  delivered_at: time.nullable().describe("When the receiver took it."),
});
export type Delivery = z.output<typeof Delivery>;

export const Attempt = z.object({
  number: z.int().min(1).describe("Which attempt it was, from 1."),
  trigger,
  outcome: z
    .enum(attemptOutcomes)
    .describe("`interrupted`: nobody knows how it ended, so it is made again."),
  started_at: time.describe("When it began."),
  duration_ms: count.nullable().describe("How long it took, in milliseconds."),
  url: z.string().nullable().describe("The URL it went to."),
  address: z.string().nullable().describe("The IP address it went to."),
  request_headers: headers.describe("The headers that were sent."),
  response_code: responseCode,
  response_headers: headers.describe("The headers the receiver answered."),
  response_body: responseBody,
  is_response_cut: z.boolean().describe("The receiver answered more than is kept."),
  error_class: z.string().nullable().describe("What went wrong, in a word."),
  error_message: errorMessage,
});
export type Attempt = z.output<typeof Attempt>;

/** One delivery whole: with the payload it posts and every attempt, oldest first. */
export const DeliveryDetail = Delivery.extend({
  payload: json.describe("The event, as it is POSTed."),
  attempt_log: z.array(Attempt).describe("Every attempt, oldest first."),
});
export type DeliveryDetail = z.output<typeof DeliveryDetail>;

const codeClasses = ["1xx", "2xx", "3xx", "4xx", "5xx"] as const;

/** What the deliveries of one webhook may be narrowed to. */
export const DeliveryFiltersOfWebhook = EventFilters.pick({
  event_type: true,
  entity_id: true,
  since: true,
  until: true,
}).extend({
  status: z
    .enum(deliveryStatuses, `must be one of ${deliveryStatuses.join(", ")}`)
    .optional()
    .describe("In this state."),
  event_id: givenId.optional().describe("Of this event."),
  code_class: z
    .enum(codeClasses, `must be one of ${codeClasses.join(", ")}`)
    .optional()
    .describe("Whose last answer was of this class."),
});

/** What a list of all deliveries may be narrowed to. */
export const DeliveryFilters = DeliveryFiltersOfWebhook.extend({
  webhook_id: givenId.optional().describe("To this webhook."),
});
export type DeliveryFilters = z.output<typeof DeliveryFilters>;
