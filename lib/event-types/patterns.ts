import type { Statements } from "@/db/client";
import { invalid, type AppError } from "@/lib/errors";
import { nearest } from "@/lib/nearest";
import {
  catalogue,
  isEventPattern,
  patternsOf,
  subscribableTypes,
  type EventType,
} from "./catalogue";

const postedTypes: readonly string[] = catalogue.flatMap((entry) =>
  "isPosted" in entry ? [entry.type] : [],
);
/** So many registered types are looked at for what was meant. */
const mostSuggested = 1_000;

/**
 * Refuses, as `validation_failed` at `/event_types/<place>`, what is no type of the catalogue or
 * registered, nor a wildcard of one of their entities, nor `*`. Answers which types of the catalogue
 * they match; null: more than those, or such as others may fill with what they like.
 */
export async function checkPatterns(
  sql: Statements,
  patterns: string[],
): Promise<EventType[] | null> {
  const registered = await findRegistered(sql, patterns);
  const others = new Set(registered.flatMap(patternsOf));
  const isKnown = (pattern: string) => isEventPattern(pattern) || others.has(pattern);
  if (!patterns.every(isKnown)) throw await refusal(sql, patterns, isKnown);
  const isNamed = (type: string) => patternsOf(type).some((pattern) => patterns.includes(pattern));
  if (registered.length > 0 || patterns.includes("*") || postedTypes.some(isNamed)) return null;
  return catalogue.map(({ type }) => type).filter(isNamed);
}

/** The registered types that the patterns, other than `*`, match. */
async function findRegistered(sql: Statements, patterns: string[]): Promise<string[]> {
  const rows = await sql<{ name: string }[]>`
    select name from event_types
    where name = any(${patterns}) or split_part(name, '.', 1) || '.*' = any(${patterns})`;
  return rows.map(({ name }) => name);
}

async function refusal(
  sql: Statements,
  patterns: string[],
  isKnown: (pattern: string) => boolean,
): Promise<AppError> {
  const rows = await sql<{ name: string }[]>`
    select name from event_types order by created_at desc limit ${mostSuggested}`;
  const names = [...subscribableTypes, ...rows.map(({ name }) => name)];
  const all = new Set(names.flatMap(patternsOf));
  const errors = patterns.flatMap((pattern, place) => {
    if (isKnown(pattern)) return [];
    const meant = nearest(pattern, all);
    const hint = meant
      ? `did you mean ${meant}?`
      : "use a type of the catalogue or of /api/v1/event-types, a wildcard such as issue.*, or *";
    const message = `"${pattern}" is not an event type: ${hint}`;
    return [{ pointer: `/event_types/${place}`, code: "not_allowed", message }];
  });
  return invalid(...errors);
}
