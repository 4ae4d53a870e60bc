import { z } from "zod";
import {
  attemptOutcomes,
  attemptTriggers,
  deliveryStatuses,
  disabledReasons,
  recoveryStates,
  recoveryStatuses,
  skipOwnChoices,
  webhookStates,
} from "@/db/schema";
import type { ShownEventType } from "@/lib/events/event-type";
import { verdicts } from "@/lib/webhooks/schema";
import type * as shown from "@/lib/webhooks/schema";

// Answers as they are shown; that they are so, the contract test sees in every answer it gets.

const time = z.iso.datetime();
const id = z.uuid();
const json = z.record(z.string(), z.unknown());
const headers = z.record(z.string(), z.string());
const count = z.int().min(0);

export const Webhook = z.object({
  id,
  name: z.string(),
  url: z.url(),
  event_types: z.array(z.string()),
  active: z.boolean(),
  state: z.enum(webhookStates).exclude(["deleted"]),
  disabled_reason: z.enum(disabledReasons).nullable(),
  disabled_at: time.nullable(),
  failing_since: time.nullable(),
  failures_in_row: count,
  secret_token: z.string(),
  previous_secret_expires_at: time.nullable(),
  filters: json,
  skip_own: z.enum(skipOwnChoices).nullable(),
  created_by: z.string().nullable(),
  version: z.int().min(1),
  created_at: time,
  updated_at: time,
}) satisfies z.ZodType<shown.Webhook>;

export const Delivery = z.object({
  id,
  subscription_id: id,
  event_id: id,
  event_type: z.string(),
  status: z.enum(deliveryStatuses),
  response_code: z.int().nullable(),
  response_body: z.string().nullable(),
  error_message: z.string().nullable(),
  attempts: count,
  trigger: z.enum(attemptTriggers),
  is_in_flight: z.boolean(),
  is_held: z.boolean(),
  next_attempt_at: time.nullable(),
  created_at: time,
  delivered_at: time.nullable(),
}) satisfies z.ZodType<shown.Delivery>;

const Attempt = z.object({
  number: z.int().min(1),
  trigger: z.enum(attemptTriggers),
  outcome: z.enum(attemptOutcomes),
  started_at: time,
  duration_ms: count.nullable(),
  url: z.string().nullable(),
  address: z.string().nullable(),
  request_headers: headers.nullable(),
  response_code: z.int().nullable(),
  response_headers: headers.nullable(),
  response_body: z.string().nullable(),
  is_response_cut: z.boolean(),
  error_class: z.string().nullable(),
  error_message: z.string().nullable(),
}) satisfies z.ZodType<shown.Attempt>;

export const DeliveryDetail = Delivery.extend({
  payload: json,
  attempt_log: z.array(Attempt),
}) satisfies z.ZodType<shown.DeliveryDetail>;

export const RecoveryCount = z.object({
  webhook_id: id,
  status: z.enum(recoveryStatuses),
  since: time,
  until: time,
  count,
}) satisfies z.ZodType<shown.RecoveryCount>;

export const Recovery = RecoveryCount.omit({ count: true }).extend({
  id,
  state: z.enum(recoveryStates),
  total: count,
  recovered: count,
  created_at: time,
  finished_at: time.nullable(),
}) satisfies z.ZodType<shown.Recovery>;

export const DryRun = z.object({
  since: time,
  until: time,
  examined: count,
  matched: count,
  is_complete: z.boolean(),
  next_cursor: z.string().nullable(),
  events: z.array(
    z.object({
      event_id: id,
      event_type: z.string(),
      entity_type: z.string(),
      entity_id: id,
      timestamp: time,
      actor: z.string(),
    }),
  ),
  mismatches: z.array(z.object({ pointer: z.string(), count })),
}) satisfies z.ZodType<shown.DryRun>;

const place = id.nullable();

export const Event = z.object({
  event_id: id,
  event_type: z.string(),
  timestamp: time,
  entity_type: z.string(),
  entity_id: id,
  action: z.string(),
  actor: z.object({
    type: z.enum(["user", "ai", "system"]),
    name: z.string(),
    metadata: json,
  }),
  data: z.object({
    current: json,
    previous: json.nullable(),
    changes: z.array(z.string()),
  }),
  context: z.object({
    project_id: place,
    milestone_id: place,
    initiative_id: place,
    issue_id: place,
  }),
  entity_version: z.int().min(1),
  is_thin: z.literal(true).optional(),
  fetch_url: z.url().optional(),
});

const found = z.array(z.unknown());

export const Explanation = z.object({
  webhook_id: id,
  webhook_name: z.string(),
  verdict: z.enum(verdicts),
  reason: z.string(),
  delivery_id: id.nullable(),
  until: time.nullable(),
  condition: z
    .object({
      pointer: z.string(),
      condition: z.unknown(),
      found: z.union([found, z.record(z.string(), found)]),
    })
    .nullable(),
  webhook_version: z.int().nullable(),
}) satisfies z.ZodType<shown.Explanation>;

export const EventDetail = Event.extend({
  deliveries: z.array(
    z.object({
      id,
      webhook_id: id,
      status: z.enum(deliveryStatuses),
      attempts: count,
      next_attempt_at: time.nullable(),
    }),
  ),
  webhooks: z.array(Explanation),
});

export const EventType = z.object({
  name: z.string(),
  entity: z.string(),
  description: z.string().nullable(),
  source: z.enum(["catalogue", "registered"]),
  is_subscribable: z.boolean(),
  schema: json,
  sample: json,
  example: json,
  created_at: time.nullable(),
  updated_at: time.nullable(),
}) satisfies z.ZodType<ShownEventType>;

/** Whoever may not see more gets the status alone. */
export const Health = z.object({
  status: z.enum(["ok", "unavailable"]),
  version: z.string().optional(),
  database: z.object({ ok: z.boolean(), error: z.string().optional() }).optional(),
  engine: z
    .object({
      ok: z.boolean(),
      kind: z.enum(["embedded", "server"]),
      queued: count.optional(),
    })
    .optional(),
  backlog: z.object({ due: count, oldest_age_seconds: z.number().min(0) }).optional(),
  in_flight: count.optional(),
  audit: z
    .object({ checked_at: time, mismatches: count, kinds: z.record(z.string(), count) })
    .optional(),
});

export const Problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int().min(400).max(599),
  detail: z.string(),
  code: z.string(),
  request_id: z.string(),
  errors: z
    .array(z.object({ pointer: z.string(), code: z.string(), message: z.string() }))
    .optional(),
});
