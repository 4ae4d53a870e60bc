import type { Statements } from "@/db/client";
import type { Context } from "@/lib/context";
import { AppError } from "@/lib/errors";
import { checkIfMatch } from "@/lib/etag";
import type { EventDraft } from "@/lib/events/envelope";
import { affectedBy, changeMore, originFor, type Affected } from "./change";
import type { Entity, Stored } from "./define";
import { entityNamed } from "./definitions";
import { draftOf } from "./drafts";
import { links, type LinkEnd } from "./links";
import { readEntities, readEntity, titleOf } from "./read";

type Doomed = { entity: Entity; row: Stored };

const most = 1000;

/**
 * Removes one and what belongs to it, each with its own event, what belongs to others first. What
 * was linked to any of them and stays is told of, too. Refuses when it would be more than 1,000.
 */
export async function removeEntity(ctx: Context, entity: Entity, id: string): Promise<void> {
  let doomed: Doomed[] = [];
  await changeMore(ctx, {
    origin: originFor(ctx, entity, {}),
    isRemoval: true,
    own: async (sql) => {
      doomed = await findDoomed(sql, entity, id);
      return doomed.map((one) => ({ entity: one.entity.plural, id: one.row.id }));
    },
    affected: async (sql) => {
      const affected = await findSurvivors(sql, doomed);
      checkCount(entity, id, doomed.length - 1 + affected.filter((one) => one.isChanged).length);
      return affected;
    },
    write: async (inside) => {
      const { row } = lastOf(doomed);
      checkIfMatch(ctx, row.version);
      await removeLinks(inside.db.sql, doomed);
      await removeRows(inside.db.sql, doomed);
      return doomed.map(draftDeleted);
    },
  });
}

function draftDeleted({ entity, row }: Doomed): EventDraft {
  return draftOf(entity, "deleted", { row: { ...row, version: row.version + 1 } });
}

/** It, behind all that belongs to it. */
async function findDoomed(sql: Statements, entity: Entity, id: string): Promise<Doomed[]> {
  const row = await readEntity(sql, entity, id);
  const doomed = [...(await findChildren(sql, entity, [row.id])), { entity, row }];
  checkCount(entity, id, doomed.length - 1);
  return doomed;
}

async function findChildren(sql: Statements, entity: Entity, ids: string[]): Promise<Doomed[]> {
  const all: Doomed[] = [];
  for (const { plural, column } of entity.children) {
    const child = entityNamed(plural);
    const rows = await readEntities(
      sql,
      child,
      sql`${sql(`entity.${column}`)} = any(${ids}::uuid[]) order by entity.id limit ${most + 1}`,
    );
    if (rows.length === 0) continue;
    const own = rows.map((row) => ({ entity: child, row }));
    all.push(
      ...(await findChildren(
        sql,
        child,
        rows.map((row) => row.id),
      )),
      ...own,
    );
  }
  return all;
}

function checkCount(entity: Entity, id: string, count: number): void {
  if (count <= most) return;
  const detail = `${titleOf(entity)} ${id} has more than ${most} dependents; remove them first.`;
  throw new AppError("conflict", detail);
}

/** What stays and is linked to what goes, or has columns derived from it. */
async function findSurvivors(sql: Statements, doomed: Doomed[]): Promise<Affected[]> {
  const ids = new Set(doomed.map(({ row }) => row.id));
  const found: Affected[] = [];
  for (const { table, owner, others } of links) {
    for (const end of others) {
      found.push(...(await findFarEnds(sql, table, { near: owner, far: end, ids: [...ids] })));
      found.push(...(await findFarEnds(sql, table, { near: end, far: owner, ids: [...ids] })));
    }
  }
  for (const entity of new Set(doomed.map((one) => one.entity))) {
    const rows = doomed.filter((one) => one.entity === entity).map(({ row }) => row);
    found.push(
      ...(await affectedBy(
        sql,
        entity,
        rows.map((before) => ({ before, after: null })),
      )),
    );
  }
  const survivors = new Map<string, Affected>();
  for (const one of found) {
    if (!ids.has(one.id) && !survivors.get(one.id)?.isChanged) survivors.set(one.id, one);
  }
  return [...survivors.values()];
}

async function findFarEnds(
  sql: Statements,
  table: string,
  { near, far, ids }: { near: LinkEnd; far: LinkEnd; ids: string[] },
): Promise<Affected[]> {
  const rows = await sql<{ id: string }[]>`
    select distinct ${sql(far.column)} as id from ${sql(table)}
    where ${sql(near.column)} = any(${ids}::uuid[]) and ${sql(far.column)} is not null
    limit ${most + 1}`;
  return rows.map(({ id }) => ({ entity: far.plural, id, isChanged: true }));
}

async function removeLinks(sql: Statements, doomed: Doomed[]): Promise<void> {
  const ids = doomed.map(({ row }) => row.id);
  for (const { table, owner, others } of links) {
    for (const { column } of [owner, ...others]) {
      await sql`delete from ${sql(table)} where ${sql(column)} = any(${ids}::uuid[])`;
    }
  }
}

/** In the order they were found: what belongs to others first, for their keys still name them. */
async function removeRows(sql: Statements, doomed: Doomed[]): Promise<void> {
  for (const entity of new Set(doomed.map((one) => one.entity))) {
    const ids = doomed.filter((one) => one.entity === entity).map(({ row }) => row.id);
    await sql`delete from ${sql(entity.plural)} where id = any(${ids}::uuid[])`;
  }
}

function lastOf(doomed: Doomed[]): Doomed {
  const last = doomed.at(-1);
  if (!last) throw new Error("there is nothing to remove");
  return last;
}
