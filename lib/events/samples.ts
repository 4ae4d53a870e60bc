import type { EventType } from "./catalogue";
import type { EventDraft } from "./envelope";

const projectId = "0190a5c0-0000-7000-8000-000000000001";
const issueId = "0190a5c0-0000-7000-8000-000000000002";
const webhookId = "0190a5c0-0000-7000-8000-000000000003";
const at = "2026-01-02T03:04:05.678Z";

const project = {
  id: projectId,
  name: "Sample project",
  description: null,
  status: "active",
  priority: "medium",
  is_archived: false,
  version: 1,
  created_at: at,
  updated_at: at,
};

const issue = {
  id: issueId,
  title: "Sample issue",
  description: "What a webhook receives.",
  type: "task",
  status: "open",
  priority: "medium",
  assignee: null,
  due_date: null,
  created_by: "sample",
  project_id: projectId,
  version: 1,
  created_at: at,
  updated_at: at,
};

const webhook = {
  id: webhookId,
  name: "Sample webhook",
  url: "https://example.com/webhook",
  event_types: ["issue.created"],
};

type Change = { to?: Record<string, unknown>; from?: Record<string, unknown> };

const changes: Record<EventType, Change> = {
  "issue.created": {},
  "issue.updated": { to: { title: "Sample issue, renamed" }, from: { title: "Sample issue" } },
  "issue.assigned": { to: { assignee: "ada" }, from: { assignee: null } },
  "issue.unassigned": { to: { assignee: null }, from: { assignee: "ada" } },
  "issue.status_changed": { to: { status: "in_progress" }, from: { status: "open" } },
  "issue.priority_changed": { to: { priority: "critical" }, from: { priority: "medium" } },
  "issue.closed": { to: { status: "closed" }, from: { status: "testing" } },
  "issue.reopened": { to: { status: "open" }, from: { status: "closed" } },
  "issue.deleted": {},
  "project.created": {},
  "project.updated": { to: { name: "Sample project, renamed" }, from: { name: "Sample project" } },
  "project.status_changed": { to: { status: "on_hold" }, from: { status: "active" } },
  "project.archived": {
    to: { status: "archived", is_archived: true },
    from: { status: "active" },
  },
  "project.deleted": {},
  "webhook.test": {},
};

const samples: Record<string, Record<string, unknown> & { id: string }> = {
  project,
  issue,
  webhook,
};

/** An event of this type as a receiver might get it, made of fixed sample values. */
export function sampleOf(type: EventType): EventDraft {
  const entity_type = type.slice(0, type.indexOf("."));
  const base = samples[entity_type] ?? webhook;
  const { to, from } = changes[type];
  const version = from ? 2 : 1;
  return {
    type,
    entity_type,
    entity_id: base.id,
    entity_version: version,
    current: entity_type === "webhook" ? base : { ...base, ...to, version },
    previous: from ?? null,
    changes: Object.keys(from ?? {}),
    context: {
      project_id: entity_type === "webhook" ? null : projectId,
      issue_id: entity_type === "issue" ? issueId : null,
    },
  };
}
