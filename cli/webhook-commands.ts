import type { Command, Flag, Resource, View } from "./command";
import { choice, cursor, required, since, until, whenCreating } from "./flags";
import {
  createCommand,
  deleteCommand,
  getCommand,
  listCommand,
  updateCommand,
} from "./standard-commands";

const view: View = {
  name: "webhooks",
  noun: "Webhook",
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
    { label: "Filters", field: "filters" },
    { label: "Skips own", field: "skip_own" },
    { label: "Created by", field: "created_by" },
    { label: "State", field: "state" },
    { label: "Disabled for", field: "disabled_reason" },
    { label: "Failing since", field: "failing_since" },
    { label: "Secret", field: "secret_token" },
  ],
};

const dryRunView: View = {
  name: "events",
  noun: "Dry run",
  columns: [],
  details: [
    { label: "Since", field: "since" },
    { label: "Until", field: "until" },
    { label: "Examined", field: "examined" },
    { label: "Matched", field: "matched" },
    { label: "Complete", field: "is_complete" },
  ],
  tables: [
    {
      label: "The newest that match",
      field: "events",
      columns: [
        { label: "ID", field: "event_id" },
        { label: "Type", field: "event_type" },
        { label: "Time", field: "timestamp" },
        { label: "Actor", field: "actor" },
      ],
    },
    {
      label: "What keeps the others out",
      field: "mismatches",
      columns: [
        { label: "Condition", field: "pointer" },
        { label: "Events", field: "count" },
      ],
    },
  ],
};

const eventTypes: Flag = {
  name: "event-types",
  placeholder: "TYPE,…",
  help: "Which events, such as issue.created, issue.* or *; repeatable",
  kind: "list",
};
const filters: Flag = {
  name: "filters",
  placeholder: "JSON|@FILE",
  help: 'Which of them, such as {"priority": "critical"}; {} is all',
  kind: "json",
};
const skipOwn: Flag = {
  ...choice("skip-own", ["actor", "key"], "Leave out what its maker, or its maker's key, causes"),
  isClearable: true,
};

const flags: readonly Flag[] = [
  { name: "name", placeholder: "TEXT", help: "1 to 100 characters" },
  { name: "url", placeholder: "URL", help: "Where events are sent" },
  eventTypes,
  filters,
  skipOwn,
  { name: "active", placeholder: "true|false", help: "Send, or hold", kind: "boolean" },
];

const deliveryCommands: readonly Command[] = [
  {
    name: "dry-run",
    summary: "Tell which past events a webhook would have been sent",
    method: "POST",
    path: "/webhooks/dry-run",
    view: dryRunView,
    flags: [
      required(eventTypes),
      filters,
      skipOwn,
      { name: "webhook-id", placeholder: "ID", help: "Judge --skip-own by who made this one" },
      { ...since, help: `${since.help}; else 30d, which is the most` },
      cursor,
    ],
    examples: [
      "turbo webhooks dry-run --event-types issue.updated --filters @critical.json --since 30d",
    ],
  },
  {
    name: "test",
    summary: "Send a test event and wait for the outcome",
    method: "POST",
    path: "/webhooks/{id}/test",
    watched: "test",
    flags: [
      { name: "event-type", placeholder: "TYPE", help: "Whose sample to send (else webhook.test)" },
    ],
    examples: ["turbo webhooks test <webhook-id>"],
  },
  {
    name: "recover",
    summary: "Send again what failed, or send what is missing, since a time",
    method: "POST",
    path: "/webhooks/{id}/recover",
    watched: "recovery",
    flags: [
      required(since),
      until,
      choice("status", ["failed", "missing"], "What failed (the default), or was never sent"),
      { name: "dry-run", placeholder: "", help: "Only count", kind: "switch" },
    ],
    examples: [
      "turbo webhooks recover <webhook-id> --since 24h --dry-run",
      "turbo webhooks recover <webhook-id> --since 2026-11-23T08:00:00Z --status missing",
    ],
  },
];

export const webhooks: Resource = {
  ...view,
  summary: "Webhooks, which send events to a URL",
  commands: [
    {
      ...createCommand(view, {
        flags: [
          ...whenCreating(flags, ["name", "url", "event-types"]),
          {
            name: "secret-token",
            placeholder: "SECRET",
            help: "Your own secret; else one is made",
          },
        ],
        examples: [
          'turbo webhooks create --name "Test Webhook" --url http://localhost:9001/webhook \\\n' +
            "    --event-types issue.created,issue.updated",
          "turbo webhooks create --name Urgent --url http://localhost:9001/webhook \\\n" +
            '    --event-types "issue.*" --filters \'{"priority": "critical"}\' --skip-own actor',
        ],
      }),
      summary: "Register a webhook; its secret is shown in full only now",
    },
    listCommand(view, { flags: [], examples: ["turbo webhooks list"] }),
    getCommand(view),
    updateCommand(view, {
      flags,
      examples: [
        "turbo webhooks update <webhook-id> --filters @critical.json",
        "turbo webhooks update <webhook-id> --active false",
      ],
    }),
    deleteCommand(view),
    ...deliveryCommands,
  ],
};
