type Entry = {
  type: string;
  entity: string;
  summary: string;
  /** Only `POST /events` emits it. */
  isPosted?: true;
  isSubscribable?: false;
};

/** Every event type there is; types, picker, validation and tests are made from this one list. */
export const catalogue = [
  { type: "issue.created", entity: "issue", summary: "An issue is created." },
  { type: "issue.updated", entity: "issue", summary: "Any field of an issue changes." },
  { type: "issue.assigned", entity: "issue", summary: "An issue is assigned to somebody." },
  { type: "issue.unassigned", entity: "issue", summary: "An issue's assignee is cleared." },
  { type: "issue.status_changed", entity: "issue", summary: "An issue's status changes." },
  { type: "issue.priority_changed", entity: "issue", summary: "An issue's priority changes." },
  { type: "issue.closed", entity: "issue", summary: "An issue's status becomes closed." },
  { type: "issue.reopened", entity: "issue", summary: "An issue leaves the status closed." },
  { type: "issue.commented", entity: "issue", summary: "A comment is made on an issue." },
  { type: "issue.tagged", entity: "issue", summary: "A tag is applied to an issue." },
  {
    type: "issue.due_date_approaching",
    entity: "issue",
    summary: "An issue's due date is 7, 3 or 1 days away.",
  },
  {
    type: "issue.overdue",
    entity: "issue",
    summary: "An issue's due date has passed and it is not closed.",
  },
  {
    type: "issue.blocked",
    entity: "issue",
    summary: "An issue comes to depend on an unfinished one.",
  },
  {
    type: "issue.unblocked",
    entity: "issue",
    summary:
      "The last unfinished issue that an issue depends on is closed, or the dependency removed.",
  },
  {
    type: "issue.linked_to_milestone",
    entity: "issue",
    summary: "An issue is linked to a milestone.",
  },
  {
    type: "issue.linked_to_initiative",
    entity: "issue",
    summary: "An issue is linked to an initiative.",
  },
  { type: "issue.deleted", entity: "issue", summary: "An issue is removed." },
  { type: "project.created", entity: "project", summary: "A project is created." },
  { type: "project.updated", entity: "project", summary: "Any field of a project changes." },
  { type: "project.status_changed", entity: "project", summary: "A project's status changes." },
  { type: "project.archived", entity: "project", summary: "A project becomes archived." },
  {
    type: "project.completion_milestone",
    entity: "project",
    summary: "The share of a project's closed issues crosses 25, 50, 75 or 100 % upwards.",
  },
  { type: "project.deleted", entity: "project", summary: "A project is removed." },
  { type: "milestone.created", entity: "milestone", summary: "A milestone is created." },
  { type: "milestone.updated", entity: "milestone", summary: "Any field of a milestone changes." },
  {
    type: "milestone.status_changed",
    entity: "milestone",
    summary: "A milestone's status changes.",
  },
  {
    type: "milestone.completed",
    entity: "milestone",
    summary: "A milestone is completed, or its last open issue is closed.",
  },
  {
    type: "milestone.progress_updated",
    entity: "milestone",
    summary: "The share of a milestone's closed issues crosses a multiple of 10 %.",
  },
  {
    type: "milestone.due_date_approaching",
    entity: "milestone",
    summary: "A milestone's due date is 7, 3 or 1 days away.",
  },
  {
    type: "milestone.overdue",
    entity: "milestone",
    summary: "A milestone's due date has passed and it is neither completed nor cancelled.",
  },
  { type: "milestone.deleted", entity: "milestone", summary: "A milestone is removed." },
  { type: "initiative.created", entity: "initiative", summary: "An initiative is created." },
  {
    type: "initiative.updated",
    entity: "initiative",
    summary: "Any field of an initiative changes.",
  },
  {
    type: "initiative.status_changed",
    entity: "initiative",
    summary: "An initiative's status changes.",
  },
  {
    type: "initiative.completed",
    entity: "initiative",
    summary: "An initiative's status becomes completed.",
  },
  {
    type: "initiative.issue_added",
    entity: "initiative",
    summary: "An issue is linked to an initiative.",
  },
  { type: "initiative.deleted", entity: "initiative", summary: "An initiative is removed." },
  { type: "comment.created", entity: "comment", summary: "A comment is made." },
  { type: "comment.updated", entity: "comment", summary: "A comment is edited." },
  {
    type: "comment.mention",
    entity: "comment",
    summary: "Somebody is newly mentioned in a comment, as @name.",
  },
  { type: "comment.deleted", entity: "comment", summary: "A comment is removed." },
  { type: "document.created", entity: "document", summary: "A document is created." },
  { type: "document.updated", entity: "document", summary: "Any field of a document changes." },
  {
    type: "document.linked",
    entity: "document",
    summary: "A document is linked to a project, an issue or a milestone.",
  },
  { type: "document.deleted", entity: "document", summary: "A document is removed." },
  { type: "tag.created", entity: "tag", summary: "A tag is created." },
  { type: "tag.updated", entity: "tag", summary: "Any field of a tag changes." },
  { type: "tag.applied", entity: "tag", summary: "A tag is applied to an issue." },
  { type: "tag.removed", entity: "tag", summary: "A tag is taken off an issue." },
  { type: "tag.deleted", entity: "tag", summary: "A tag is removed." },
  {
    type: "system.daily_digest",
    entity: "system",
    summary: "08:00 UTC: what happened in the day before.",
  },
  {
    type: "system.weekly_report",
    entity: "system",
    summary: "Mondays, 08:00 UTC: what happened in the week before.",
  },
  {
    type: "system.health_check_failed",
    entity: "system",
    summary: "This service found itself unhealthy.",
  },
  {
    type: "system.loop_detected",
    entity: "system",
    summary: "A chain of events that cause each other was stopped.",
  },
  {
    type: "system.backup_completed",
    entity: "system",
    summary: "A backup was made, by whoever made it.",
    isPosted: true,
  },
  {
    type: "system.ai_analysis_complete",
    entity: "system",
    summary: "An analysis was made, by whoever made it.",
    isPosted: true,
  },
  {
    type: "webhook.failing",
    entity: "webhook",
    summary: "Another webhook has brought nothing but failures for days.",
  },
  {
    type: "webhook.disabled",
    entity: "webhook",
    summary: "Another webhook is disabled: its receiver is gone, or it kept failing.",
  },
  { type: "webhook.enabled", entity: "webhook", summary: "A disabled webhook is active again." },
  {
    type: "webhook.test",
    entity: "webhook",
    summary: "Somebody pressed Send test.",
    isSubscribable: false,
  },
] as const satisfies readonly Entry[];

export type EventType = (typeof catalogue)[number]["type"];

const subscribable = catalogue.filter((entry: Entry) => entry.isSubscribable !== false);

/** The types a webhook may name, in the order of the catalogue. */
export const subscribableTypes: readonly string[] = subscribable.map((entry) => entry.type);

/** The entities with subscribable types, each with its types: the groups of the picker. */
export const eventGroups: { entity: string; types: { type: string; summary: string }[] }[] = [
  ...new Set(subscribable.map((entry) => entry.entity)),
].map((entity) => ({
  entity,
  types: subscribable.filter((entry) => entry.entity === entity),
}));

/** Is this a type, an entity's wildcard (`issue.*`) or the wildcard of everything (`*`)? */
export function isEventPattern(text: string): boolean {
  if (text === "*" || subscribableTypes.includes(text)) return true;
  return eventGroups.some((group) => text === `${group.entity}.*`);
}

/** The patterns that match a type: itself, its entity's wildcard, the wildcard of everything. */
export function patternsOf(type: string): string[] {
  return [type, `${type.slice(0, type.indexOf("."))}.*`, "*"];
}
