import { z } from "zod";
import type { Statements } from "@/db/client";
import type { Context } from "@/lib/context";
import { givenId, givenTime } from "@/lib/fields";
import { readList, type Page } from "@/lib/page";
import { isStorable } from "@/lib/text";
import { notFound } from "@/lib/errors";
import { isId } from "@/lib/id";

const word = z.string().min(1).max(300).refine(isStorable, "must not contain NUL");

/** What a list of events may be narrowed to; `event_type` also as `issue.*`, `actor` as `ai:claude`. */
export const EventFilters = z
  .object({
    event_type: word.describe("Of this type, or `issue.*`."),
    entity_type: word.describe("About such, as `issue`."),
    entity_id: givenId.describe("About this."),
    actor: word.describe("Caused by, as `ai:claude`."),
    since: givenTime.describe("From this time on, as 2026-11-23T08:00:00Z."),
    until: givenTime.describe("Up to this time, which is not part of it."),
    cause_id: givenId.describe("Caused by this event."),
  })
  .partial();

/** One page of events as they were told, newest first. */
export async function listEvents(
  ctx: Context,
  query: URLSearchParams,
): Promise<{ rows: { id: string; body: string }[]; page: Page }> {
  const { page, filters } = readList(query, EventFilters);
  const { sql } = ctx.db;
  const rows = await sql<{ id: string; body: string }[]>`
    select id, body from events
    where ${page.after ? sql`id < ${page.after}` : sql`true`} ${conditions(sql, filters)}
    order by id desc limit ${page.limit + 1}`;
  return { rows: [...rows], page };
}

function conditions(sql: Statements, given: z.output<typeof EventFilters>) {
  const { event_type, entity_type, entity_id, actor, since, until, cause_id } = given;
  return [
    event_type === undefined ? sql`` : sql`and ${typeCondition(sql, event_type)}`,
    entity_type === undefined ? sql`` : sql`and entity_type = ${entity_type}`,
    entity_id === undefined ? sql`` : sql`and entity_id = ${entity_id}`,
    actor === undefined ? sql`` : sql`and actor = ${actor}`,
    since === undefined ? sql`` : sql`and created_at >= ${since}`,
    until === undefined ? sql`` : sql`and created_at < ${until}`,
    cause_id === undefined ? sql`` : sql`and cause_id = ${cause_id}`,
  ];
}

function typeCondition(sql: Statements, pattern: string) {
  if (!pattern.endsWith(".*")) return sql`type = ${pattern}`;
  return sql`starts_with(type, ${pattern.slice(0, -1)})`;
}

/** The text of one event, whole, also when it was too large to be delivered whole. */
export async function getEventText(ctx: Context, id: string): Promise<string> {
  const { sql } = ctx.db;
  const [row] = isId(id)
    ? await sql<
        { text: string }[]
      >`select coalesce(whole_body, body) as text from events where id = ${id}`
    : [];
  if (!row) throw notFound("Event", id);
  return row.text;
}
