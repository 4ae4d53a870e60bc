import type postgres from "postgres";
import { z, type ZodObject, type ZodType } from "zod";
import type { Statements } from "@/db/client";
import type { Actor } from "@/lib/context";
import type { ChangeRule, Row } from "@/lib/events/changes";
import type { EventDraft } from "@/lib/events/envelope";

export type Fragment = postgres.PendingQuery<postgres.Row[]>;

export type Stored = Record<string, unknown> & { id: string; version: number };

/** A row as it was and as it is; null: it was created, or is removed. */
export type Change = { before: Stored | null; after: Stored | null };

/** An event more specific than `updated`, such as `closed`; `previous` shows `fields` as they were. */
export type SpecificEvent = { action: string; fields?: string[]; more?: Row };

/** A column that is computed from other tables whenever a row is read, over the alias `entity`. */
export type Derived = {
  /** The schema it is shown by; absent: it is internal to the definition. */
  shape?: ZodType;
  /** Its value when the row has just been created; absent: it must be read. */
  fresh?: unknown;
  select: string;
};

export type Ref = { entity: string; id: string };

/** An entity as data: its table, what a caller may write, and what its changes mean. */
export type Definition = {
  /** Singular, as events name it: "issue". */
  name: string;
  /** The table's and the URL's name: "issues". */
  plural: string;
  /** What it is, in a sentence. */
  summary: string;
  /** What a caller may write, in the order it is shown. */
  fields: Record<string, ZodType>;
  /** What is filled in when a new one comes without it. */
  defaults?: Row;
  /** Fields that stay as they were when it was created. */
  fixed?: string[];
  /** Columns a caller cannot write, shown behind the fields: stored ones, and derived ones. */
  stored?: Record<string, ZodType>;
  derived?: Record<string, Derived>;
  /** Stored columns that follow from others; those without a shape are internal. */
  complete?: (given: { row: Stored; before: Stored | null; actor: Actor; at: Date }) => Row;
  /** Where the columns are not simply the fields: what is stored for what is shown. */
  toColumns?: (row: Row) => Row;
  /** Fields a list may be filtered by, exactly; each is a column. */
  filters: string[];
  /** The ids that events of this entity carry in `context`. */
  context: (row: Row) => EventDraft["context"];
  /** The actor, taken from the row, when the caller gave no name. */
  authorOf?: (row: Row) => Partial<Actor>;
  /** What an update means beyond `updated`. */
  rules: ChangeRule[];
  /** Specific events of a creation or an update that no rule about one field can name. */
  specificEvents?: (before: Stored | null, after: Stored) => SpecificEvent[];
  /** Specific events when derived columns change because a row of another entity did. */
  whenDerivedChanges?: (before: Stored, after: Stored) => SpecificEvent[];
  /** The rows of other entities whose derived columns a change of this one may move. */
  affects?: {
    reaches: (change: Change) => boolean;
    find: (sql: Statements, ids: string[]) => Promise<Ref[]>;
    /** Rows that its own columns name, before or after the change. */
    fromColumns?: (row: Stored) => Ref[];
  };
  /** Events of other entities that a creation causes, such as `issue.commented`. */
  alsoEmits?: (sql: Statements, created: Stored) => Promise<EventDraft[]>;
  /** Entities that vanish with it: each of `plural` whose `column` names it. */
  children: { plural: string; column: string }[];
  /** Columns that must name a living entity, and the field that gave them. */
  references: Record<string, { entity: string; field?: string }>;
  /** Unique indexes, and the field that must be free. */
  unique?: Record<string, string>;
};

export type Entity = Definition & {
  /** Validates a whole new entity, with defaults filled in. */
  create: ZodObject;
  /** Validates the fields of a PATCH. */
  update: ZodObject;
  /** Validates what a list is filtered by. */
  filter: ZodObject;
  /** What is shown of it, as JSON. */
  shape: ZodObject;
  /** The select list of whole rows, over the alias `entity`. */
  columns: string;
};

export function define(given: Definition): Entity {
  const { fields, defaults = {}, fixed = [], stored = {}, derived = {}, filters } = given;
  const withDefaults = Object.entries(fields).map(([name, field]) => [
    name,
    name in defaults ? field.default(defaults[name]) : field,
  ]);
  const changeable = Object.entries(fields).filter(([name]) => !fixed.includes(name));
  const exact = filters.map((name) => [
    name,
    fields[name]?.describe(`Only with this \`${name}\`.`),
  ]);
  const shapes = Object.entries(derived).flatMap(([name, { shape }]) =>
    shape ? [[name, shape]] : [],
  );
  const shape = z.object({
    id: z.uuid().describe("A UUID that sorts by time."),
    ...fields,
    ...stored,
    ...Object.fromEntries(shapes),
    version: z.int().min(1).describe("Rises by one with each change."),
    created_at: z.iso.datetime().describe("A time in UTC, to the millisecond."),
    updated_at: z.iso.datetime().describe("When it was last changed."),
  });
  const plain = Object.keys(shape.shape).filter((name) => !(name in derived));
  const computed = Object.entries(derived).map(([name, { select }]) => `${select} as ${name}`);
  return {
    ...given,
    create: z.strictObject(Object.fromEntries(withDefaults)),
    update: z.strictObject(Object.fromEntries(changeable)).partial(),
    filter: z.object(Object.fromEntries(exact) as Definition["fields"]).partial(),
    shape,
    columns: [...plain.map((name) => `entity.${name}`), ...computed].join(", "),
  };
}
