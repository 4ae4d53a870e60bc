import type { Resource, View } from "./command";
import { choice, id, since, until } from "./flags";
import { getCommand, listCommand } from "./standard-commands";

const statuses = ["pending", "success", "failed", "cancelled"] as const;

const view: View = {
  name: "deliveries",
  noun: "Delivery",
  columns: [
    { label: "ID", field: "id" },
    { label: "Event type", field: "event_type" },
    { label: "Status", field: "status" },
    { label: "Attempts", field: "attempts" },
    { label: "Code", field: "response_code" },
    { label: "Created", field: "created_at" },
  ],
  details: [
    { label: "ID", field: "id" },
    { label: "Event type", field: "event_type" },
    { label: "Event", field: "event_id" },
    { label: "Webhook", field: "subscription_id" },
    { label: "Status", field: "status" },
    { label: "Held", field: "is_held" },
    { label: "Attempts", field: "attempts" },
    { label: "Next attempt", field: "next_attempt_at" },
    { label: "Code", field: "response_code" },
    { label: "Error", field: "error_message" },
    { label: "Created", field: "created_at" },
    { label: "Delivered", field: "delivered_at" },
  ],
  tables: [
    {
      label: "Attempts",
      field: "attempt_log",
      columns: [
        { label: "Number", field: "number" },
        { label: "Trigger", field: "trigger" },
        { label: "Started", field: "started_at" },
        { label: "Took ms", field: "duration_ms" },
        { label: "Outcome", field: "outcome" },
        { label: "Code", field: "response_code" },
        { label: "Error", field: "error_message" },
      ],
    },
  ],
};

export const deliveries: Resource = {
  ...view,
  summary: "The delivery log",
  commands: [
    {
      ...listCommand(view, {
        flags: [
          id("webhook-id", "Only those of this webhook"),
          choice("status", statuses, "Only those in this state"),
          { name: "event-type", placeholder: "TYPE", help: "Only of this type, also issue.*" },
          id("event-id", "Only those of this event"),
          id("entity-id", "Only of events about this project, issue or the like"),
          choice("code-class", ["2xx", "3xx", "4xx", "5xx"], "Only those last answered so"),
          since,
          until,
        ],
        examples: [
          "turbo deliveries list --status failed",
          'turbo deliveries list --event-type "issue.*" --code-class 5xx --since 24h',
        ],
      }),
      scopedBy: { flag: "webhook-id", path: "/webhooks/{webhook_id}/deliveries" },
    },
    { ...getCommand(view), summary: "Show one delivery with its attempts" },
    {
      name: "retry",
      summary: "Send a delivery again, at once",
      method: "POST",
      path: "/deliveries/{id}/retry",
      done: "Delivery is being sent again!",
      flags: [],
      examples: ["turbo deliveries retry <delivery-id>"],
    },
  ],
};
