import { eventGroups } from "@/lib/event-types/catalogue";

export type EventGroup = { entity: string; types: { type: string; summary: string }[] };

/** An event type that a user has registered. */
export type RegisteredType = { name: string; description: string | null };

/** What most people begin with; the picker shows these first. */
export const mostUsed = [
  "issue.created",
  "issue.updated",
  "issue.assigned",
  "project.created",
  "milestone.completed",
  "comment.created",
];

/** The groups of the catalogue, and behind them those of the registered types. */
export function groupTypes(registered: readonly RegisteredType[]): EventGroup[] {
  const groups = new Map(eventGroups.map(({ entity, types }) => [entity, [...types]]));
  for (const { name, description } of registered) {
    const entity = entityOf(name);
    const entry = { type: name, summary: description ?? "Registered without a description." };
    groups.set(entity, [...(groups.get(entity) ?? []), entry]);
  }
  return [...groups].map(([entity, types]) => ({ entity, types }));
}

/** The types whose name or summary has every word that is sought. */
export function findTypes(groups: readonly EventGroup[], sought: string): EventGroup[] {
  const words = sought.trim().toLowerCase().split(/\s+/);
  return groups
    .map(({ entity, types }) => ({
      entity,
      types: types.filter((entry) => {
        const text = `${entry.type} ${entry.summary}`.toLowerCase();
        return words.every((word) => text.includes(word));
      }),
    }))
    .filter((group) => group.types.length > 0);
}

/** The chosen patterns that no group knows: of types that were, or are not yet, registered. */
export function findStrangers(groups: readonly EventGroup[], selected: readonly string[]) {
  const known = new Set(["*", ...groups.flatMap(patternsIn)]);
  return selected.filter((pattern) => !known.has(pattern));
}

/** The wildcard of a group and its types, in the order they are shown. */
export function patternsIn({ entity, types }: EventGroup): string[] {
  return [wildcardOf(entity), ...types.map(({ type }) => type)];
}

export function wildcardOf(entity: string): string {
  return `${entity}.*`;
}

/** "issue" of "issue.created" and of "issue.*". */
export function entityOf(pattern: string): string {
  const [entity = ""] = pattern.split(".", 1);
  return entity;
}
