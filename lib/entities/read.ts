import type { Context } from "@/lib/context";
import { invalid, notFound } from "@/lib/errors";
import { isId } from "@/lib/id";
import { readPage, type Page } from "@/lib/page";
import type { Entity } from "./define";

export type Stored = Record<string, unknown> & { id: string; version: number };

export function titleOf(entity: Entity): string {
  return entity.name.charAt(0).toUpperCase() + entity.name.slice(1);
}

/** One, whole; `not_found` names the id. */
export async function getEntity(ctx: Context, entity: Entity, id: string): Promise<Stored> {
  const { sql } = ctx.db;
  const [row] = isId(id)
    ? await sql<Stored[]>`select * from ${sql(entity.plural)} where id = ${id}`
    : [];
  if (!row) throw notFound(titleOf(entity), id);
  return row;
}

/** Newest first; query: `limit`, `cursor`, and the entity's filters, each exact. */
export async function listEntities(
  ctx: Context,
  entity: Entity,
  query: URLSearchParams,
): Promise<{ rows: Stored[]; page: Page }> {
  const page = readPage(query, entity.filters);
  const { sql } = ctx.db;
  // Never empty: postgres.js takes an empty list for a parameter.
  const conditions = [
    page.after ? sql`id < ${page.after}` : sql`true`,
    ...entity.filters
      .filter((column) => query.has(column))
      .map((column) => sql`and ${sql(column)} = ${filterValue(column, query.get(column) ?? "")}`),
  ];
  const rows = await sql<Stored[]>`
    select * from ${sql(entity.plural)} where ${conditions}
    order by id desc limit ${page.limit + 1}`;
  return { rows, page };
}

function filterValue(column: string, value: string): string {
  if (column.endsWith("_id") && !isId(value)) {
    throw invalid({ pointer: `/${column}`, code: "invalid", message: "must be a UUID" });
  }
  return value;
}
