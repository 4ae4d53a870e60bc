import type { Statements } from "@/db/client";
import type { Context } from "@/lib/context";
import { notFound } from "@/lib/errors";
import { isId } from "@/lib/id";
import { readList, type Page } from "@/lib/page";
import type { Entity, Fragment, Stored } from "./define";
import { shown } from "./drafts";

export function titleOf(entity: Entity): string {
  return entity.name.charAt(0).toUpperCase() + entity.name.slice(1);
}

/** Whole rows, with what is derived for them; `where` is over the alias `entity`. */
export function readEntities(sql: Statements, entity: Entity, where: Fragment): Promise<Stored[]> {
  return sql<Stored[]>`
    select ${sql.unsafe(entity.columns)} from ${sql(entity.plural)} entity where ${where}`;
}

/** One, whole; `not_found` names the id. */
export async function readEntity(sql: Statements, entity: Entity, id: string): Promise<Stored> {
  const [row] = isId(id) ? await readEntities(sql, entity, sql`entity.id = ${id}`) : [];
  if (!row) throw notFound(titleOf(entity), id);
  return row;
}

/** One, as anybody may see it; `not_found` names the id. */
export async function getEntity(
  ctx: Pick<Context, "db">,
  entity: Entity,
  id: string,
): Promise<Stored> {
  return shown(entity, await readEntity(ctx.db.sql, entity, id));
}

/** Newest first; query: `limit`, `cursor`, and the entity's filters, each exact. */
export async function listEntities(
  ctx: Context,
  entity: Entity,
  query: URLSearchParams,
): Promise<{ rows: Stored[]; page: Page }> {
  const { page, filters } = readList(query, entity.filter);
  const wanted = Object.entries(filters);
  const { sql } = ctx.db;
  // Never empty: postgres.js takes an empty list for a parameter.
  const conditions = [
    page.after ? sql`entity.id < ${page.after}` : sql`true`,
    ...wanted.map(([name, value]) => sql`and ${sql(`entity.${name}`)} = ${value as string | null}`),
  ];
  const rows = await readEntities(
    sql,
    entity,
    sql`${conditions} order by entity.id desc limit ${page.limit + 1}`,
  );
  return { rows: rows.map((row) => shown(entity, row)), page };
}
