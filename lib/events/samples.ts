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
  active: true,
  state: "active",
  disabled_reason: null,
  disabled_at: null,
  failing_since: "2025-12-28T03:04:05.678Z",
  failures_in_row: 42,
  filters: {},
  created_at: at,
  updated_at: at,
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
  "webhook.failing": {},
  "webhook.disabled": {
    to: { active: false, state: "disabled", disabled_reason: "failing", disabled_at: at },
    from: { active: true, state: "active", disabled_reason: null, disabled_at: null },
  },
  "webhook.enabled": {
    to: { failing_since: null, failures_in_row: 0 },
    from: {
      active: false,
      state: "disabled",
      disabled_reason: "failing",
      disabled_at: at,
      failing_since: "2025-12-28T03:04:05.678Z",
      failures_in_row: 42,
    },
  },
  "webhook.test": {},
};

const samples: Record<string, Record<string, unknown> & { id: string }> = {
  project,
  issue,
  webhook,
};

/** Entities that are never real: an event of one of them was sent as a test. */
export const sampleEntityIds: readonly string[] = Object.values(samples).map(({ id }) => id);

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
    current: { ...base, ...to, ...("version" in base && { version }) },
    previous: from ?? null,
    changes: Object.keys(from ?? {}),
    context: {
      project_id: entity_type === "webhook" ? null : projectId,
      issue_id: entity_type === "issue" ? issueId : null,
    },
  };
}
