import type postgres from "postgres";
import type { Statements } from "@/db/client";
import type { EventRow } from "./envelope";

type Fragment = postgres.PendingQuery<postgres.Row[]>;

/** The type each value of an event is cast from and to; in this order stand all lists of the insert. */
const eventColumns: Record<keyof EventRow, string> = {
  id: "uuid[]",
  type: "text[]",
  entity_type: "text[]",
  entity_id: "uuid[]",
  entity_version: "int[]",
  created_at: "text[]::timestamptz[]",
  body: "text[]",
  whole_body: "text[]",
  actor: "text[]",
  actor_key: "text[]",
  cause_id: "uuid[]",
  root_id: "uuid[]",
  depth: "int[]",
};
// The keys of the object above.
const eventColumnNames = Object.keys(eventColumns) as (keyof EventRow)[];

/** The template of the insert, made once: parts put together for each event would double its cost here. */
const insertTemplate = templateOf([
  `recorded as (
    insert into events (${eventColumnNames.join(", ")}, seen)
    select ${eventColumnNames.join(", ")}, pg_current_snapshot()
    from unnest(`,
  ...eventColumnNames.slice(0, -1).map((name) => `::${eventColumns[name]}, `),
  `::${eventColumnNames
    .slice(-1)
    .map((name) => eventColumns[name])
    .join("")}
    ) as drafted (${eventColumnNames.join(", ")})
    where `,
  `
    returning id, type, entity_id, actor, actor_key, coalesce(whole_body, body) as text
  )`,
]);

function templateOf(strings: string[]): TemplateStringsArray {
  return Object.assign(strings, { raw: strings });
}

/** The insert of these events as the step `recorded` of a statement, made only if the condition holds. */
export function insertEvents(sql: Statements, events: EventRow[], condition: Fragment): Fragment {
  const values = eventColumnNames.map((name) => events.map((event) => valueOf(event, name)));
  return sql(insertTemplate, ...values, condition);
}

function valueOf(event: EventRow, name: keyof EventRow): string | number | null {
  const value = event[name];
  return value instanceof Date ? value.toISOString() : value;
}
