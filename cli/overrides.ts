import type { Command } from "./command";

export type CommandOverride = Partial<
  Pick<Command, "name" | "done" | "note" | "watched" | "scopedBy" | "examples">
> & {
  /** Names of flags, where the field's own would mislead or is taken. */
  flags?: Readonly<Record<string, string>>;
  /** Fields without a flag: the path or a flag of every command already says them. */
  omit?: readonly string[];
  /** Objects whose fields are given one by one. */
  expand?: readonly string[];
  /** What the answer is a list of. */
  plural?: string;
};

/** By the resource and the name that follows from the path; "*" is every resource. */
export const commandOverrides: Readonly<Record<string, CommandOverride>> = {
  "* add-comment": {
    name: "comment",
    done: "Comment created successfully!",
    omit: ["entity_type", "entity_id"],
  },
  "issues create": {
    examples: [
      'turbo issues create --title "Test Issue" --description "Testing webhooks" \\\n' +
        "    --project-id <project-id> --type task --priority medium",
    ],
  },
  "issues add-tag": { name: "tag", done: "Tag applied successfully!" },
  "issues remove-tag": { name: "untag" },
  "issues add-dependency": { name: "depend", flags: { depends_on_id: "on" } },
  "issues remove-dependency": { name: "undepend", flags: { depends_on_id: "on" } },
  "documents add-link": { name: "link", done: "Document linked successfully!" },
  "documents remove-link": { name: "unlink", done: "Document unlinked successfully!" },
  "webhooks create": {
    note: "Keep the secret: it is shown in full only now.",
    examples: [
      'turbo webhooks create --name "Test Webhook" --url http://localhost:9001/webhook \\\n' +
        "    --event-types issue.created,issue.updated",
      "turbo webhooks create --name Urgent --url http://localhost:9001/webhook \\\n" +
        '    --event-types "issue.*" --filters \'{"priority": "critical"}\' --skip-own actor',
    ],
  },
  "webhooks pause": { done: "Webhook paused successfully!" },
  "webhooks resume": { done: "Webhook resumed successfully!" },
  "webhooks rotate-secret": {
    name: "rotate",
    done: "Secret rotated successfully!",
    note: "Keep the secret: it is shown in full only now.",
  },
  "webhooks test": { watched: "test" },
  "webhooks dry-run": {
    plural: "events",
    done: "",
    examples: [
      "turbo webhooks dry-run --event-types issue.updated --filters @critical.json --since 30d",
    ],
  },
  "webhooks recover": {
    watched: "recovery",
    examples: [
      "turbo webhooks recover <webhook-id> --since 24h --dry-run",
      "turbo webhooks recover <webhook-id> --since 2026-11-23T08:00:00Z --scope missing",
    ],
  },
  "webhooks recovery": { flags: { rid: "recovery-id" } },
  "webhooks remove-recovery": {
    name: "cancel-recovery",
    flags: { rid: "recovery-id" },
  },
  "deliveries list": {
    scopedBy: { flag: "webhook-id", path: "/webhooks/{webhook_id}/deliveries" },
    examples: [
      "turbo deliveries list --status failed",
      'turbo deliveries list --event-type "issue.*" --code-class 5xx --since 24h',
    ],
  },
  "deliveries retry": { done: "Delivery is being sent again!" },
  "events list": {
    flags: { actor: "by" },
    examples: ['turbo events list --event-type "issue.*" --by ai:reviewer --since 24h'],
  },
  "events create": {
    name: "emit",
    done: "Emitted successfully!",
    expand: ["data"],
    flags: { "data.current": "data" },
    omit: ["actor"],
    examples: [
      'turbo events emit --event-type literature.paper_found --data \'{"title": "On webhooks"}\'',
      "turbo events emit --file events.json",
      "produce-events | turbo events emit --file -",
    ],
  },
  "events explain": {
    plural: "webhooks",
    examples: ["turbo events explain <event-id> --webhook-id <webhook-id>"],
  },
};

/** What stands for the value of a text in help, by the API's field. */
export const placeholders: Readonly<Record<string, string>> = {
  url: "URL",
  color: "#RRGGBB",
  assignee: "NAME",
  author_name: "NAME",
  created_by: "NAME",
  actor: "ai:NAME",
  event_type: "TYPE",
  event_types: "TYPE",
  cursor: "CURSOR",
};

export type ViewOverride = {
  /** Of a list; one thing shows these first. */
  columns: readonly string[];
  /** What one thing shows first, if not the columns. */
  details?: readonly string[];
  hidden?: readonly string[];
  blocks?: readonly string[];
  tables?: Readonly<Record<string, readonly string[]>>;
  labels?: Readonly<Record<string, string>>;
};

/** Known by its columns; the full value is in --json. */
export const hidden = ["version", "created_at", "updated_at", "next_cursor"];

/** Where the field's own name in words would not do. */
export const labels: Readonly<Record<string, string>> = {
  id: "ID",
  url: "URL",
  secret_token: "Secret",
  completion_percentage: "Completed %",
  depends_on_ids: "Depends on",
  duration_ms: "Took ms",
  response_code: "Code",
  error_message: "Error",
  attempt_log: "Attempts",
};

const delivery: ViewOverride = {
  columns: ["id", "event_type", "status", "attempts", "response_code", "created_at"],
  hidden: ["response_body", "payload"],
  tables: {
    attempt_log: [
      "number",
      "trigger",
      "started_at",
      "duration_ms",
      "outcome",
      "response_code",
      "error_message",
    ],
  },
};

const eventKeys = ["event_id", "event_type", "timestamp", "entity_type", "entity_id"];
const event: ViewOverride = {
  columns: [...eventKeys, "actor.type", "actor.name"],
  details: [...eventKeys, "entity_version", "actor.type", "actor.name"],
  hidden: ["action", "actor.metadata", "is_thin", "fetch_url"],
  blocks: ["data.previous", "data.current"],
  labels: {
    event_id: "ID",
    event_type: "Type",
    timestamp: "Time",
    entity_type: "Entity",
    entity_id: "Entity ID",
    entity_version: "Version",
    "actor.type": "By",
    "actor.name": "Name",
    "data.changes": "Changed",
    "data.previous": "Before",
    "data.current": "Now",
  },
};

/** By the name of the answer's schema. */
export const viewOverrides: Readonly<Record<string, ViewOverride>> = {
  Project: { columns: ["id", "name", "status", "priority"] },
  Issue: { columns: ["id", "title", "status", "priority", "type", "assignee"] },
  Milestone: {
    columns: ["id", "name", "status", "due_date", "issue_count", "completion_percentage"],
  },
  Initiative: {
    columns: ["id", "name", "status", "target_date", "issue_count", "completion_percentage"],
  },
  Document: {
    columns: ["id", "title", "type", "project_id"],
    tables: { links: ["entity_type", "entity_id"] },
    labels: { links: "Linked to", entity_type: "Type", entity_id: "ID" },
  },
  LinkedDocumentLinks: {
    columns: ["entity_type", "id", "title|name", "status"],
    hidden: ["title", "name"],
    labels: { entity_type: "Type", "title|name": "Title" },
  },
  Comment: {
    columns: ["id", "entity_type", "author_name", "created_at", "content"],
    labels: { entity_type: "On", entity_id: "Its ID" },
  },
  Webhook: { columns: ["id", "name", "state", "failing_since", "url", "event_types"] },
  Recovery: { columns: ["id", "scope", "since", "status", "recovered", "total"] },
  Delivery: delivery,
  DeliveryDetail: delivery,
  Event: event,
  PostedEvents: event,
  EventDetail: event,
  EventType: {
    columns: ["name", "source", "description"],
    hidden: ["example"],
    blocks: ["schema", "sample"],
  },
  Explanations: {
    columns: ["webhook_name", "verdict", "reason"],
    labels: {
      webhook_id: "Webhook ID",
      "condition.pointer": "Condition",
      "condition.condition": "It wants",
      "condition.found": "It found",
    },
  },
  DryRun: {
    columns: ["since", "until", "examined", "matched", "is_complete"],
    tables: {
      events: ["event_id", "event_type", "timestamp", "actor"],
      mismatches: ["pointer", "count"],
    },
    labels: {
      events: "The newest that match",
      mismatches: "What keeps the others out",
      event_id: "ID",
      event_type: "Type",
      timestamp: "Time",
      pointer: "Condition",
      count: "Events",
    },
  },
};
