import type { ZodType } from "zod";
import type { ChangeRule, Row } from "@/lib/events/changes";
import type { EventDraft } from "@/lib/events/envelope";

/** An entity as data: its table, what a caller may write, and what its changes mean. */
export type Entity = {
  /** Singular, as events name it: "issue". */
  name: string;
  /** The table's and the URL's name: "issues". */
  plural: string;
  /** The columns a caller may write. */
  fields: string[];
  /** Validates a whole new entity, with defaults filled in. */
  create: ZodType<Row>;
  /** Validates the fields of a PATCH. */
  update: ZodType<Row>;
  /** Columns that follow from others; always up to date when a row is written. */
  derive?: (row: Row) => Row;
  /** Columns a list may be filtered by, exactly. */
  filters: string[];
  /** The ids that events of this entity carry in `context`. */
  context: (row: Row) => EventDraft["context"];
  rules: ChangeRule[];
  /** Entities that vanish with it: each of `plural` whose `column` names it. */
  children: { entity: () => Entity; column: string }[];
  /** Columns that must name a living entity. */
  references: Record<string, string>;
};
