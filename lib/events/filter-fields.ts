import {
  authorTypes,
  initiativeStatuses,
  issueStatuses,
  issueTypes,
  milestoneStatuses,
  priorities,
  projectStatuses,
} from "@/db/schema";
import { nearest } from "@/lib/nearest";
import { isStorable } from "@/lib/text";
import { catalogue, type EventType } from "@/lib/event-types/catalogue";
import { sampleOf } from "@/lib/event-types/samples";

/** The types of the catalogue that a webhook subscribes to; null: there may be others. */
export type SubscribedTypes = readonly EventType[] | null;

/** What a key of a filter names: where it stands in an event, and what it can be compared with. */
export type Field = {
  paths: string[][];
  kind: "id" | "actor" | "plain";
  /** The only values there are; null: nobody knows. */
  choices: readonly string[] | null;
};

export type Problem = { code: string; message: string };

const envelope = [
  "event_id",
  "event_type",
  "timestamp",
  "entity_type",
  "entity_id",
  "action",
  "actor",
  "data",
  "context",
  "entity_version",
];
const withinData = ["current", "previous", "changes"];

const ids: Record<string, string[][]> = {
  project_id: [["context", "project_id"]],
  milestone_id: [
    ["context", "milestone_id"],
    ["data", "current", "milestone_ids"],
  ],
  initiative_id: [
    ["context", "initiative_id"],
    ["data", "current", "initiative_ids"],
  ],
  issue_id: [["context", "issue_id"]],
};
const ofCurrent = ["priority", "status"];
const groups = ["and", "or", "not"];
const keys = [...Object.keys(ids), ...ofCurrent, ...envelope, ...withinData, ...groups];

const never = new Set(["", "__proto__", "constructor", "prototype"]);

/** The field that a key names, of events of these types, or what is wrong with it. */
export function findField(key: string, types: SubscribedTypes): Field | Problem {
  if (!isStorable(key)) return invalid("must not contain NUL or half a surrogate pair");
  if (Object.hasOwn(ids, key)) return { paths: ids[key] ?? [], kind: "id", choices: null };
  const path = pathOf(key);
  if (path.some((step) => never.has(step))) return invalid("is not a path in an event");
  const [first = ""] = path;
  if (!envelope.includes(first)) return unknown(key);
  if (key === "actor") return { paths: [path], kind: "actor", choices: null };
  const shown = path[1] === "current" || path[1] === "previous" ? path[2] : undefined;
  if (first === "data" && shown !== undefined && types) {
    const known = fieldsOf(types);
    if (!known.has(shown)) return notShown(key, shown, known);
  }
  return { paths: [path], kind: "plain", choices: types && choicesOf(path, types) };
}

function pathOf(key: string): string[] {
  const steps = key.split(".");
  if (ofCurrent.includes(key)) return ["data", "current", key];
  return withinData.includes(steps[0] ?? "") ? ["data", ...steps] : steps;
}

function unknown(key: string): Problem {
  const [first = "", ...rest] = key.split(".");
  const near = nearest(first, keys);
  const meant = allFields().has(first) ? `current.${key}` : near && [near, ...rest].join(".");
  const hint = meant
    ? `did you mean ${meant}?`
    : `it begins with one of ${[...Object.keys(ids), ...ofCurrent, ...withinData, ...envelope].join(", ")}`;
  return { code: "unknown_field", message: `is no field of an event: ${hint}` };
}

function notShown(key: string, shown: string, known: Set<string>): Problem {
  const near = nearest(shown, known);
  const hint = near ? `: did you mean ${key.replace(shown, near)}?` : "";
  return {
    code: "unknown_field",
    message: `no event of these types shows the field "${shown.slice(0, 100)}"${hint}`,
  };
}

function invalid(message: string): Problem {
  return { code: "invalid", message };
}

/** What `data.current` of these types shows. */
function fieldsOf(types: readonly EventType[]): Set<string> {
  return new Set(types.flatMap((type) => Object.keys(sampleOf(type).current)));
}

function allFields(): Set<string> {
  return fieldsOf(catalogue.map(({ type }) => type));
}

const valuesOf: Record<string, Record<string, readonly string[]>> = {
  project: { status: projectStatuses, priority: priorities },
  issue: { status: issueStatuses, priority: priorities, type: issueTypes },
  milestone: { status: milestoneStatuses },
  initiative: { status: initiativeStatuses },
  comment: { author_type: authorTypes },
};

/** The values that stand at a path in events of these types, if each of them has but a few. */
function choicesOf(path: string[], types: readonly EventType[]): string[] | null {
  const [data, part, field, ...deeper] = path;
  if (data !== "data" || deeper.length > 0) return null;
  if (part === "changes") return field === undefined ? [...fieldsOf(types)] : null;
  if (field === undefined) return null;
  const showing = types.filter((type) => Object.hasOwn(sampleOf(type).current, field));
  const choices = showing.map((type) => valuesOf[sampleOf(type).entity_type]?.[field]);
  const known = choices.flatMap((values) => values ?? []);
  return choices.includes(undefined) ? null : [...new Set(known)];
}
