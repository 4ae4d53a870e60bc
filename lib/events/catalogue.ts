type Entry = { type: string; entity: string; summary: string; isSubscribable?: false };

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
  { type: "issue.deleted", entity: "issue", summary: "An issue is removed." },
  { type: "project.created", entity: "project", summary: "A project is created." },
  { type: "project.updated", entity: "project", summary: "Any field of a project changes." },
  { type: "project.status_changed", entity: "project", summary: "A project's status changes." },
  { type: "project.archived", entity: "project", summary: "A project becomes archived." },
  { type: "project.deleted", entity: "project", summary: "A project is removed." },
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
