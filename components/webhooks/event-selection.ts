import { patternsOf } from "@/lib/event-types/catalogue";
import { entityOf, type EventGroup, patternsIn, wildcardOf } from "./event-groups";

const everything = "*";

/** Does the selection hold the pattern, itself or by a wildcard above it? */
export function isCovered(selected: readonly string[], pattern: string): boolean {
  return patternsOf(pattern).some((above) => selected.includes(above));
}

/**
 * The selection after a press on one pattern, in the order of the groups. What a wildcard covered and
 * is pressed off leaves the rest of that wildcard chosen, so that every toggle does what it looks like.
 */
export function togglePattern(
  selected: readonly string[],
  pattern: string,
  groups: readonly EventGroup[],
): string[] {
  const next = isCovered(selected, pattern)
    ? remove(selected, pattern, groups)
    : add(selected, pattern);
  const order = [everything, ...groups.flatMap(patternsIn)];
  const placeOf = (one: string) => (order.includes(one) ? order.indexOf(one) : order.length);
  return next.toSorted((a, b) => placeOf(a) - placeOf(b));
}

function add(selected: readonly string[], pattern: string): string[] {
  if (pattern === everything) return [everything];
  if (!isWildcard(pattern)) return [...selected, pattern];
  return [...selected.filter((kept) => entityOf(kept) !== entityOf(pattern)), pattern];
}

function remove(
  selected: readonly string[],
  pattern: string,
  groups: readonly EventGroup[],
): string[] {
  if (pattern === everything) return [];
  const entity = entityOf(pattern);
  const spelled = selected.includes(everything)
    ? groups.map((group) => wildcardOf(group.entity))
    : selected;
  if (isWildcard(pattern)) return spelled.filter((kept) => entityOf(kept) !== entity);
  const siblings = groups.find((group) => group.entity === entity)?.types ?? [];
  return spelled
    .flatMap((kept) => (kept === wildcardOf(entity) ? siblings.map(({ type }) => type) : [kept]))
    .filter((kept) => kept !== pattern);
}

function isWildcard(pattern: string): boolean {
  return pattern.endsWith(".*");
}
