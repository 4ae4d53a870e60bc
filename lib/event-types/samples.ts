import type { EventType } from "./catalogue";
import type { EventDraft } from "@/lib/events/envelope";

const idOf = (place: number) => `0190a5c0-0000-7000-8000-00000000000${place}`;
const at = "2026-01-02T03:04:05.678Z";
const stamps = { version: 1, created_at: at, updated_at: at };

/** One of each entity, as its events show it; the catalogue's samples are made of these. */
const samples = {
  project: {
    id: idOf(1),
    name: "Sample project",
    description: null,
    status: "active",
    priority: "medium",
    is_archived: false,
    issue_count: 4,
    completion_percentage: 25,
    document_ids: [idOf(7)],
    ...stamps,
  },
  issue: {
    id: idOf(2),
    title: "Sample issue",
    description: "What a webhook receives.",
    type: "task",
    status: "open",
    priority: "medium",
    assignee: null,
    due_date: "2026-01-09",
    created_by: "sample",
    project_id: idOf(1),
    is_blocked: false,
    milestone_ids: [idOf(4)],
    initiative_ids: [idOf(5)],
    tag_ids: [idOf(8)],
    depends_on_ids: [],
    dependent_ids: [],
    document_ids: [],
    ...stamps,
  },
  webhook: {
    id: idOf(3),
    name: "Sample webhook",
    description: "Tells the builds what to do.",
    url: "https://example.com/webhook",
    event_types: ["issue.created"],
    active: true,
    state: "active",
    disabled_reason: null,
    disabled_at: null,
    failing_since: "2025-12-28T03:04:05.678Z",
    failures_in_row: 42,
    filters: {},
    skip_own: null,
    created_at: at,
    updated_at: at,
  },
  milestone: {
    id: idOf(4),
    name: "Sample milestone",
    description: null,
    status: "in_progress",
    start_date: "2026-01-01",
    due_date: "2026-01-09",
    project_id: idOf(1),
    issue_count: 10,
    completion_percentage: 50,
    document_ids: [],
    ...stamps,
  },
  initiative: {
    id: idOf(5),
    name: "Sample initiative",
    description: null,
    status: "in_progress",
    start_date: null,
    target_date: "2026-06-30",
    project_id: idOf(1),
    issue_count: 3,
    completion_percentage: 0,
    ...stamps,
  },
  comment: {
    id: idOf(6),
    entity_type: "issue",
    entity_id: idOf(2),
    content: "Looks good to me, @ada.",
    author_name: "claude",
    author_type: "ai",
    ...stamps,
  },
  document: {
    id: idOf(7),
    title: "Sample document",
    content: "# How it works",
    type: "note",
    project_id: idOf(1),
    links: [{ entity_type: "project", entity_id: idOf(1) }],
    ...stamps,
  },
  tag: { id: idOf(8), name: "backend", color: "#6366f1", issue_count: 1, ...stamps },
  system: { id: idOf(9) },
};
type SampleName = keyof typeof samples;

type Change = {
  to?: Record<string, unknown>;
  from?: Record<string, unknown>;
  /** What this event alone shows beside the entity. */
  more?: Record<string, unknown>;
};

const renamed = (field: string, name: string): Change => ({
  to: { [field]: `${name}, renamed` },
  from: { [field]: name },
});
const status = (to: string, from: string): Change => ({
  to: { status: to },
  from: { status: from },
});
const period = { since: "2026-01-01T08:00:00.000Z", until: "2026-01-02T08:00:00.000Z" };
const counts = {
  events: { "issue.created": 7, "issue.closed": 3 },
  open_issues: 12,
  overdue_issues: 2,
};

const changes: Record<EventType, Change> = {
  "issue.created": {},
  "issue.updated": renamed("title", "Sample issue"),
  "issue.assigned": { to: { assignee: "ada" }, from: { assignee: null } },
  "issue.unassigned": { to: { assignee: null }, from: { assignee: "ada" } },
  "issue.status_changed": status("in_progress", "open"),
  "issue.priority_changed": { to: { priority: "critical" }, from: { priority: "medium" } },
  "issue.closed": status("closed", "testing"),
  "issue.reopened": status("open", "closed"),
  "issue.commented": { more: { comment: samples.comment } },
  "issue.tagged": {
    to: { tag_ids: [idOf(8)] },
    from: { tag_ids: [] },
    more: { tag: samples.tag },
  },
  "issue.due_date_approaching": { more: { days_left: 7 } },
  "issue.overdue": { to: { due_date: "2026-01-01" }, more: { days_overdue: 1 } },
  "issue.blocked": {
    to: { is_blocked: true, depends_on_ids: [idOf(9)] },
    from: { is_blocked: false, depends_on_ids: [] },
    more: { blocked_by: { ...samples.issue, id: idOf(9) } },
  },
  "issue.unblocked": { to: { is_blocked: false }, from: { is_blocked: true } },
  "issue.linked_to_milestone": {
    to: { milestone_ids: [idOf(4)] },
    from: { milestone_ids: [] },
    more: { milestone: samples.milestone },
  },
  "issue.linked_to_initiative": {
    to: { initiative_ids: [idOf(5)] },
    from: { initiative_ids: [] },
    more: { initiative: samples.initiative },
  },
  "issue.deleted": {},
  "project.created": { to: { issue_count: 0, completion_percentage: 0, document_ids: [] } },
  "project.updated": renamed("name", "Sample project"),
  "project.status_changed": status("on_hold", "active"),
  "project.archived": {
    to: { status: "archived", is_archived: true },
    from: { status: "active" },
  },
  "project.completion_milestone": {
    to: { completion_percentage: 50 },
    from: { completion_percentage: 25 },
    more: { threshold: 50 },
  },
  "project.deleted": {},
  "milestone.created": {},
  "milestone.updated": renamed("name", "Sample milestone"),
  "milestone.status_changed": status("in_progress", "planned"),
  "milestone.completed": status("completed", "in_progress"),
  "milestone.progress_updated": {
    to: { completion_percentage: 60 },
    from: { completion_percentage: 50 },
    more: { threshold: 60 },
  },
  "milestone.due_date_approaching": { more: { days_left: 3 } },
  "milestone.overdue": { to: { due_date: "2026-01-01" }, more: { days_overdue: 1 } },
  "milestone.deleted": {},
  "initiative.created": {},
  "initiative.updated": renamed("name", "Sample initiative"),
  "initiative.status_changed": status("in_progress", "planning"),
  "initiative.completed": status("completed", "in_progress"),
  "initiative.issue_added": {
    to: { issue_count: 4 },
    from: { issue_count: 3 },
    more: { issue: samples.issue },
  },
  "initiative.deleted": {},
  "comment.created": {},
  "comment.updated": {
    to: { content: "Looks good to me, @ada." },
    from: { content: "Looks good to me." },
  },
  "comment.mention": { more: { mentioned: "ada" } },
  "comment.deleted": {},
  "document.created": {},
  "document.updated": renamed("title", "Sample document"),
  "document.linked": {
    to: { links: [{ entity_type: "project", entity_id: idOf(1) }] },
    from: { links: [] },
    more: { linked: { entity_type: "project", entity_id: idOf(1) } },
  },
  "document.deleted": {},
  "tag.created": {},
  "tag.updated": renamed("name", "backend"),
  "tag.applied": {
    to: { issue_count: 1 },
    from: { issue_count: 0 },
    more: { issue: samples.issue },
  },
  "tag.removed": {
    to: { issue_count: 0 },
    from: { issue_count: 1 },
    more: { issue: samples.issue },
  },
  "tag.deleted": {},
  "system.daily_digest": { more: { ...period, ...counts } },
  "system.weekly_report": {
    more: { ...period, since: "2025-12-26T08:00:00.000Z", ...counts },
  },
  "system.health_check_failed": {
    more: {
      reason: "backlog",
      since: at,
      until: null,
      detail: "The oldest due delivery waits for 312 s.",
    },
  },
  "system.loop_detected": {
    more: { chain: [idOf(1), idOf(2)], depth: 9, request: "PATCH /api/v1/issues" },
  },
  "system.backup_completed": { more: { size_bytes: 1_048_576, location: "s3://backups/turbo" } },
  "system.ai_analysis_complete": { more: { summary: "Three issues describe the same fault." } },
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

/** Entities that are never real: an event of one of them was sent as a test. */
export const sampleEntityIds: readonly string[] = Object.values(samples).map(({ id }) => id);

/** What an event of each entity says of where it happened. */
const contexts: Partial<Record<SampleName, EventDraft["context"]>> = {
  project: { project_id: idOf(1) },
  issue: {
    project_id: idOf(1),
    milestone_id: idOf(4),
    initiative_id: idOf(5),
    issue_id: idOf(2),
  },
  milestone: { project_id: idOf(1), milestone_id: idOf(4) },
  initiative: { project_id: idOf(1), initiative_id: idOf(5) },
  comment: { project_id: idOf(1), issue_id: idOf(2) },
  document: { project_id: idOf(1) },
};

/** An event of this type as a receiver might get it, made of fixed sample values. */
export function sampleOf(type: EventType): EventDraft {
  const entity_type = type.slice(0, type.indexOf(".")) as SampleName;
  const base = samples[entity_type];
  const { to, from, more } = changes[type];
  const version = from ? 2 : 1;
  return {
    type,
    entity_type,
    entity_id: base.id,
    entity_version: version,
    current: { ...base, ...to, ...("version" in base && { version }), ...more },
    previous: from ?? null,
    changes: Object.keys(from ?? {}),
    context: contexts[entity_type] ?? {},
  };
}
