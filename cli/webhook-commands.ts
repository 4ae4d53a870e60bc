import { choice, cursor, limit, type Resource } from "./command";

export const webhooks: Resource = {
  name: "webhooks",
  noun: "Webhook",
  summary: "Webhooks, which send events to a URL",
  columns: [
    { label: "ID", field: "id" },
    { label: "Name", field: "name" },
    { label: "State", field: "state" },
    { label: "Failing since", field: "failing_since" },
    { label: "URL", field: "url" },
    { label: "Event types", field: "event_types" },
  ],
  details: [
    { label: "ID", field: "id" },
    { label: "Name", field: "name" },
    { label: "URL", field: "url" },
    { label: "Event types", field: "event_types" },
    { label: "State", field: "state" },
    { label: "Secret", field: "secret_token" },
  ],
  commands: [
    {
      name: "create",
      summary: "Register a webhook; its secret is shown in full only now",
      method: "POST",
      path: "/webhooks",
      done: "created",
      flags: [
        { name: "name", placeholder: "TEXT", help: "1 to 100 characters", isRequired: true },
        { name: "url", placeholder: "URL", help: "Where events are sent", isRequired: true },
        {
          name: "event-types",
          placeholder: "TYPE,…",
          help: "Which events, such as issue.created, issue.* or *; repeatable",
          kind: "list",
          isRequired: true,
        },
        { name: "active", placeholder: "true|false", help: "Begin at once", kind: "boolean" },
        { name: "secret-token", placeholder: "SECRET", help: "Your own secret; else one is made" },
      ],
      examples: [
        'turbo webhooks create --name "Test Webhook" --url http://localhost:9001/webhook \\\n' +
          "    --event-types issue.created,issue.updated",
      ],
    },
    {
      name: "list",
      summary: "List webhooks, newest first",
      method: "GET",
      path: "/webhooks",
      flags: [limit, cursor],
      examples: ["turbo webhooks list"],
    },
    {
      name: "test",
      summary: "Send a test event and wait for the outcome",
      method: "POST",
      path: "/webhooks/{id}/test",
      watched: "test",
      flags: [],
      examples: ["turbo webhooks test <webhook-id>"],
    },
    {
      name: "recover",
      summary: "Send again what failed, or send what is missing, since a time",
      method: "POST",
      path: "/webhooks/{id}/recover",
      watched: "recovery",
      flags: [
        {
          name: "since",
          placeholder: "TIME",
          help: "From when on: 2026-11-23T08:00:00Z, or so long ago: 90m, 24h, 7d",
          kind: "time",
          isRequired: true,
        },
        { name: "until", placeholder: "TIME", help: "Up to when; else now", kind: "time" },
        choice("status", ["failed", "missing"], "What failed (the default), or was never sent"),
        { name: "dry-run", placeholder: "", help: "Only count", kind: "switch" },
      ],
      examples: [
        "turbo webhooks recover <webhook-id> --since 24h --dry-run",
        "turbo webhooks recover <webhook-id> --since 2026-11-23T08:00:00Z --status missing",
      ],
    },
  ],
};
