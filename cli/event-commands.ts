import type { Flag, Resource, View } from "./command";
import { cursor, id, limit, required, since, until } from "./flags";
import { getCommand, listCommand } from "./standard-commands";

const view: View = {
  name: "events",
  noun: "Event",
  columns: [
    { label: "ID", field: "event_id" },
    { label: "Type", field: "event_type" },
    { label: "Time", field: "timestamp" },
    { label: "Entity", field: "entity_type" },
    { label: "Entity ID", field: "entity_id" },
    { label: "By", field: "actor.type" },
    { label: "Name", field: "actor.name" },
  ],
  details: [
    { label: "ID", field: "event_id" },
    { label: "Type", field: "event_type" },
    { label: "Time", field: "timestamp" },
    { label: "Entity", field: "entity_type" },
    { label: "Entity ID", field: "entity_id" },
    { label: "Version", field: "entity_version" },
    { label: "By", field: "actor.type" },
    { label: "Name", field: "actor.name" },
    { label: "Project", field: "context.project_id" },
    { label: "Milestone", field: "context.milestone_id" },
    { label: "Initiative", field: "context.initiative_id" },
    { label: "Issue", field: "context.issue_id" },
    { label: "Changed", field: "data.changes" },
  ],
  blocks: [
    { label: "Before", field: "data.previous" },
    { label: "Now", field: "data.current" },
  ],
};

const explanationView: View = {
  name: "webhooks",
  noun: "Answer",
  columns: [
    { label: "Webhook", field: "webhook_name" },
    { label: "Verdict", field: "verdict" },
    { label: "Reason", field: "reason" },
  ],
  details: [
    { label: "Webhook", field: "webhook_name" },
    { label: "Webhook ID", field: "webhook_id" },
    { label: "Verdict", field: "verdict" },
    { label: "Reason", field: "reason" },
    { label: "Until", field: "until" },
    { label: "Delivery", field: "delivery_id" },
    { label: "Condition", field: "condition.pointer" },
    { label: "It wants", field: "condition.condition" },
    { label: "It found", field: "condition.found" },
  ],
};

const emitFlags: readonly Flag[] = [
  required({
    name: "event-type",
    placeholder: "TYPE",
    help: "A type of the catalogue or your own",
  }),
  required({
    name: "data",
    placeholder: "JSON|@FILE",
    help: "What it tells, sent as data.current",
    kind: "json",
    field: "data.current",
  }),
  {
    name: "previous",
    placeholder: "JSON|@FILE",
    help: "The old values of what changed",
    kind: "json",
    field: "data.previous",
  },
  {
    name: "changes",
    placeholder: "FIELD,…",
    help: "What changed; repeatable",
    kind: "list",
    field: "data.changes",
  },
  { name: "entity-type", placeholder: "WORD", help: "What it is about" },
  id("entity-id", "The ID of that"),
  { name: "entity-version", placeholder: "N", help: "How often that has changed", kind: "count" },
  {
    name: "context",
    placeholder: "JSON|@FILE",
    help: 'Where it belongs, such as {"project_id": "…"}',
    kind: "json",
  },
  {
    name: "file",
    placeholder: "FILE|-",
    help: "A whole event, or an array of up to 100, instead of the flags above",
    kind: "file",
    field: "",
  },
];

export const events: Resource = {
  ...view,
  summary: "Events: what happened, and why a webhook got it or not",
  commands: [
    listCommand(view, {
      flags: [
        { name: "event-type", placeholder: "TYPE", help: "Only of this type, also issue.*" },
        { name: "entity-type", placeholder: "WORD", help: "Only those about such" },
        id("entity-id", "Only those about this one"),
        {
          name: "by",
          placeholder: "ai:NAME",
          help: "Only those this actor caused",
          field: "actor",
        },
        id("cause-id", "Only those this event caused"),
        since,
        until,
      ],
      examples: ['turbo events list --event-type "issue.*" --by ai:reviewer --since 24h'],
    }),
    getCommand(view),
    {
      name: "emit",
      summary: "Emit an event of your own, or many at once",
      method: "POST",
      path: "/events",
      done: "Emitted successfully!",
      flags: emitFlags,
      examples: [
        'turbo events emit --event-type literature.paper_found --data \'{"title": "On webhooks"}\'',
        "turbo events emit --file events.json",
        "produce-events | turbo events emit --file -",
      ],
    },
    {
      name: "explain",
      summary: "Tell why a webhook got an event or not, or why each of them did",
      method: "GET",
      path: "/events/{id}/explain",
      view: explanationView,
      flags: [{ ...id("webhook-id", "Only for this webhook"), field: "webhook" }, limit, cursor],
      examples: [
        "turbo events explain <event-id>",
        "turbo events explain <event-id> --webhook-id <webhook-id>",
      ],
    },
  ],
};
