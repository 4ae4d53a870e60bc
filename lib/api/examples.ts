import { z } from "zod";
import { toJsonSchema } from "@/lib/event-types/json-schema";
import { sampleOf } from "@/lib/event-types/samples";
import { CreateWebhook } from "@/lib/webhooks/schema";

const idOf = (place: number) =>
  `0190a5c0-0000-7000-8000-0000000002${String(place).padStart(2, "0")}`;
const at = "2026-01-02T03:04:05.678Z";
const later = "2026-01-02T03:04:05.912Z";

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw1tQxkCAbUvk=";

const webhookId = idOf(1);
const webhook = {
  ...sampleOf("webhook.test").current,
  id: webhookId,
  event_types: ["issue.created", "project.*"],
  filters: { priority: ["high", "critical"] },
  failing_since: null,
  failures_in_row: 0,
  secret_token: "whsec_••••wxyz",
  previous_secret_expires_at: null,
  created_by: "user:admin",
  version: 1,
};

/** What somebody would send for it; what is null there they would leave out. */
function askedFor(example: Record<string, unknown>): Record<string, unknown> {
  const { secret_token: _, ...fields } = CreateWebhook.shape;
  const given = Object.keys(fields).map((name) => [name, example[name]]);
  return Object.fromEntries(given.filter(([, value]) => value !== null));
}

const delivery = {
  id: idOf(2),
  webhook_id: webhookId,
  event_id: idOf(3),
  event_type: "issue.created",
  status: "success",
  response_code: 200,
  response_body: "ok",
  error_message: null,
  attempts: 1,
  trigger: "automatic",
  is_in_flight: false,
  is_held: false,
  next_attempt_at: null,
  created_at: at,
  delivered_at: later,
};

const failedSince = {
  webhook_id: webhookId,
  scope: "failed",
  since: "2026-01-01T00:00:00.000Z",
  until: at,
};

const meeting = {
  schema: toJsonSchema(z.object({ title: z.string(), starts_at: z.iso.datetime() })),
  sample: { title: "Planning", starts_at: "2026-01-05T09:00:00.000Z" },
};

const newEventType = {
  name: "calendar.meeting_booked",
  description: "A meeting is booked.",
  ...meeting,
};

const { type, current, ...created } = sampleOf("issue.created");

const event = {
  event_id: delivery.event_id,
  event_type: type,
  timestamp: at,
  entity_type: created.entity_type,
  entity_id: created.entity_id,
  action: "created",
  actor: { type: "ai", name: "claude", metadata: { change_id: idOf(6) } },
  data: { current, previous: null, changes: [] },
  context: created.context,
  entity_version: 1,
};

/** One of each answer, for the document and for whoever reads it. */
export const examples = {
  webhook,
  webhookWithSecret: { ...webhook, secret_token: secret },
  newWebhook: askedFor(webhook),
  delivery,
  event,
  deliveryDetail: {
    ...delivery,
    payload: event,
    attempt_log: [
      {
        number: 1,
        trigger: "automatic",
        outcome: "success",
        started_at: at,
        duration_ms: 234,
        url: "https://example.com/webhook",
        address: "203.0.113.7",
        request_headers: { "x-turbo-event": "issue.created", "x-turbo-attempt": "1" },
        response_code: 200,
        response_headers: { "content-type": "text/plain" },
        response_body: "ok",
        is_response_cut: false,
        error_class: null,
        error_message: null,
      },
    ],
  },
  recoveryCount: { ...failedSince, count: 3 },
  recovery: {
    id: idOf(4),
    ...failedSince,
    status: "running",
    total: 3,
    recovered: 1,
    created_at: at,
    finished_at: null,
  },
  dryRun: {
    since: "2025-12-03T03:04:05.678Z",
    until: at,
    examined: 120,
    matched: 1,
    is_complete: true,
    next_cursor: null,
    events: [
      {
        event_id: delivery.event_id,
        event_type: delivery.event_type,
        entity_type: "issue",
        entity_id: idOf(5),
        timestamp: at,
        actor: "ai:claude",
      },
    ],
    mismatches: [{ pointer: "/filters/priority", count: 119 }],
  },
  explanation: {
    webhook_id: webhookId,
    webhook_name: "CI",
    verdict: "delivered",
    reason: "It arrived at the first attempt.",
    delivery_id: delivery.id,
    until: null,
    condition: null,
    webhook_version: 1,
  },
  postedEvent: {
    event_type: newEventType.name,
    data: { current: meeting.sample },
  },
  newEventType,
  eventType: {
    ...newEventType,
    entity: "calendar",
    source: "registered",
    is_subscribable: true,
    example: {
      ...event,
      event_type: newEventType.name,
      entity_type: "calendar",
      action: "meeting_booked",
      data: { current: meeting.sample, previous: null, changes: [] },
    },
    created_at: at,
    updated_at: at,
  },
  health: {
    status: "ok",
    version: "0.1.0",
    database: { ok: true },
    engine: { ok: true, kind: "embedded", queued: 0 },
    backlog: { due: 0, oldest_age_seconds: 0 },
    in_flight: 0,
  },
};
