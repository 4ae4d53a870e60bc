import { eventGroups, patternsOf } from "@/lib/events/catalogue";

const everything = "*";

const order = new Map(
  [
    everything,
    ...eventGroups.flatMap(({ entity, types }) => [
      wildcardOf(entity),
      ...types.map((entry) => entry.type),
    ]),
  ].map((pattern, position) => [pattern, position]),
);

export function wildcardOf(entity: string): string {
  return `${entity}.*`;
}

/** Does the selection hold the pattern, itself or by a wildcard above it? */
export function isCovered(selected: readonly string[], pattern: string): boolean {
  return patternsOf(pattern).some((above) => selected.includes(above));
}

/**
 * The selection after a press on one pattern. What a wildcard covered and is pressed off leaves the
 * rest of that wildcard chosen, so that every toggle does what it looks like.
 */
export function togglePattern(selected: readonly string[], pattern: string): string[] {
  const next = isCovered(selected, pattern) ? remove(selected, pattern) : add(selected, pattern);
  return next.toSorted((a, b) => (order.get(a) ?? order.size) - (order.get(b) ?? order.size));
}

function add(selected: readonly string[], pattern: string): string[] {
  if (pattern === everything) return [everything];
  if (!isWildcard(pattern)) return [...selected, pattern];
  return [...selected.filter((kept) => entityOf(kept) !== entityOf(pattern)), pattern];
}

function remove(selected: readonly string[], pattern: string): string[] {
  if (pattern === everything) return [];
  const entity = entityOf(pattern);
  const spelled = selected.includes(everything)
    ? eventGroups.map((group) => wildcardOf(group.entity))
    : selected;
  if (isWildcard(pattern)) return spelled.filter((kept) => entityOf(kept) !== entity);
  return spelled
    .flatMap((kept) => (kept === wildcardOf(entity) ? typesOf(entity) : [kept]))
    .filter((kept) => kept !== pattern);
}

function typesOf(entity: string): string[] {
  const group = eventGroups.find((candidate) => candidate.entity === entity);
  return group ? group.types.map((entry) => entry.type) : [];
}

function isWildcard(pattern: string): boolean {
  return pattern.endsWith(".*");
}

function entityOf(pattern: string): string {
  return pattern.slice(0, pattern.indexOf("."));
}
