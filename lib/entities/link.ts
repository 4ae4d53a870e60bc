import { z } from "zod";
import type { Statements } from "@/db/client";
import type { Context } from "@/lib/context";
import { AppError, invalid, notFound } from "@/lib/errors";
import { pick, type Row } from "@/lib/events/changes";
import type { EventDraft } from "@/lib/events/envelope";
import { isId } from "@/lib/id";
import { parseInput } from "@/lib/input";
import { readPage, type Page } from "@/lib/page";
import { inTransaction } from "@/lib/transaction";
import { changeMore, originFor, type Affected, type Changed } from "./change";
import type { Entity, Fragment, Stored } from "./define";
import { entityNamed } from "./definitions";
import { draftOf, shown } from "./drafts";
import { reference } from "./fields";
import type { Link, LinkEnd, LinkEvent } from "./links";
import { getEntity, readEntities, titleOf } from "./read";

const linkedTypeWords = "What is linked, as `issue`.";

/** What a request must hold to link another entity. */
export function linkInput({ field, words, others }: Link): z.ZodObject {
  const named = reference.describe(words);
  if (others.length === 1) return z.strictObject({ [field]: named });
  const names = others.map(({ plural }) => entityNamed(plural).name);
  const entity_type = z.enum(names).describe(linkedTypeWords);
  return z.strictObject({ entity_type, [field]: named });
}

/** What is linked, as lists and answers show it. */
export function linkedShape({ others }: Link): z.ZodType {
  const entities = others.map(({ plural }) => entityNamed(plural));
  if (others.length === 1) return only(entities).shape;
  return z.union(
    entities.map(({ name, shape }) =>
      z.object({ entity_type: z.literal(name).describe(linkedTypeWords), ...shape.shape }),
    ),
  );
}

type Ends = { link: Link; end: LinkEnd; ownerId: string; otherId: string };

/**
 * Links another entity; answers it, and whether it was not linked before. Of both ends it tells
 * `updated`, then what it means for them.
 */
export async function addLink(
  ctx: Context,
  link: Link,
  { id, input }: { id: string; input: unknown },
): Promise<{ linked: Row; isNew: boolean }> {
  const given = parseInput(linkInput(link), input) as Record<string, string>;
  const owner = entityNamed(link.owner.plural);
  if (!isId(id)) throw notFound(titleOf(owner), id);
  const end = link.others.find(({ plural }) => entityNamed(plural).name === given.entity_type);
  const ends = {
    link,
    end: end ?? only(link.others),
    ownerId: id.toLowerCase(),
    otherId: given[link.field] ?? "",
  };
  return inTransaction(ctx, async (inside) => {
    const isNew = await changeMore(inside, {
      origin: originFor(ctx, owner, {}),
      affected: async () => affectedEnds(ends),
      write: async ({ db: { sql } }, rows) => {
        checkEnds(ends, rows);
        if (link.isAcyclic) await checkAcyclic(sql, ends);
        return (await insertLink(sql, ends)) ? [] : null;
      },
      specificOf: (changed, rows) => draftLink(ends, link.added, { changed, rows }),
    });
    const other = await getEntity(inside, entityNamed(ends.end.plural), ends.otherId);
    return { linked: shownLinked(link, ends.end, other), isNew };
  });
}

async function insertLink(sql: Statements, { link, end, ownerId, otherId }: Ends) {
  const rows = await sql`
    insert into ${sql(link.table)} ${sql({ [link.owner.column]: ownerId, [end.column]: otherId })}
    on conflict do nothing returning created_at`;
  return rows.length > 0;
}

/** Takes a link away; `not_found` when there is none. */
export async function removeLink(
  ctx: Context,
  link: Link,
  { id, otherId }: { id: string; otherId: string },
): Promise<void> {
  const owner = entityNamed(link.owner.plural);
  await getEntity(ctx, owner, id);
  const end = await linkedEnd(ctx.db.sql, link, { id, otherId });
  const what = `${titleOf(owner)} ${id} has no link to`;
  if (!end) throw new AppError("not_found", `${what} ${otherId}`);
  const ends = { link, end, ownerId: id.toLowerCase(), otherId: otherId.toLowerCase() };
  const isRemoved = await changeMore(ctx, {
    origin: originFor(ctx, owner, {}),
    affected: async () => affectedEnds(ends),
    write: async ({ db: { sql } }) => {
      const rows = await sql`
        delete from ${sql(link.table)}
        where ${sql(link.owner.column)} = ${id} and ${sql(end.column)} = ${otherId} returning created_at`;
      return rows.length === 0 ? null : [];
    },
    specificOf: (changed, rows) => draftLink(ends, link.removed, { changed, rows }),
  });
  if (!isRemoved) throw new AppError("not_found", `${what} ${otherId}`);
}

/** One page of what is linked, newest first. */
export async function listLinked(
  ctx: Context,
  link: Link,
  { id, query }: { id: string; query: URLSearchParams },
): Promise<{ rows: (Row & { id: string })[]; page: Page }> {
  const page = readPage(query);
  await getEntity(ctx, entityNamed(link.owner.plural), id);
  const { sql } = ctx.db;
  const pages = await Promise.all(
    link.others.map(async (end) => {
      const rows = await readEntities(
        sql,
        entityNamed(end.plural),
        linkedTo(sql, { link, end, id, page }),
      );
      return rows.map((row) => shownLinked(link, end, row));
    }),
  );
  const rows = pages.flat().toSorted((a, b) => (a.id < b.id ? 1 : -1));
  return { rows: rows.slice(0, page.limit + 1), page };
}

type Sought = { link: Link; end: LinkEnd; id: string; page: Page };

function linkedTo(sql: Statements, { link, end, id, page }: Sought): Fragment {
  return sql`entity.id in (
      select ${sql(end.column)} from ${sql(link.table)} where ${sql(link.owner.column)} = ${id})
    ${page.after ? sql`and entity.id < ${page.after}` : sql``}
    order by entity.id desc limit ${page.limit + 1}`;
}

function shownLinked({ others }: Link, end: LinkEnd, row: Stored): Row & { id: string } {
  const entity = entityNamed(end.plural);
  const type = others.length > 1 ? { entity_type: entity.name } : {};
  return { ...type, ...shown(entity, row), id: row.id };
}

/** The end that the link is about first, then the other. */
function affectedEnds({ link, end, ownerId, otherId }: Ends): Affected[] {
  const owner = { entity: link.owner.plural, id: ownerId, isChanged: true };
  const other = { entity: end.plural, id: otherId, isChanged: true };
  return link.added[0]?.side === "other" ? [other, owner] : [owner, other];
}

function draftLink(
  { link, end, ownerId, otherId }: Ends,
  specificEvents: LinkEvent[],
  { changed, rows }: { changed: Changed; rows: Map<string, Stored> },
): EventDraft[] {
  const { before, after: row, changes } = changed;
  const owner = rows.get(ownerId);
  const other = rows.get(otherId);
  if (!owner || !other) return [];
  const isOwner = row.id === ownerId;
  const [self, opposite] = isOwner ? [link.owner, end] : [end, link.owner];
  const entity = entityNamed(self.plural);
  const facing = isOwner ? other : owner;
  return specificEvents
    .filter(
      ({ side, when }) => (side === "owner") === isOwner && (when?.({ owner, other }) ?? true),
    )
    .map(({ action, more }) => {
      const draft = draftOf(entity, action, {
        row,
        previous: pick(before, changes),
        changes,
        more: more?.(
          shown(entityNamed(opposite.plural), facing),
          entityNamed(opposite.plural).name,
        ),
      });
      return { ...draft, context: contextOfBoth({ entity, row }, { opposite, facing }) };
    });
}

/** Where it is and, of another kind, the opposite end; of several places the one it is about. */
function contextOfBoth(
  { entity, row }: { entity: Entity; row: Stored },
  { opposite, facing }: { opposite: LinkEnd; facing: Stored },
): EventDraft["context"] {
  if (opposite.plural === entity.plural) return entity.context(row);
  const known = Object.entries(entity.context(row)).filter(([, id]) => id);
  const names = ["project_id", "milestone_id", "initiative_id"];
  const own = names.includes(opposite.column) ? { [opposite.column]: facing.id } : {};
  return { ...entityNamed(opposite.plural).context(facing), ...Object.fromEntries(known), ...own };
}

async function linkedEnd(
  sql: Statements,
  link: Link,
  { id, otherId }: { id: string; otherId: string },
): Promise<LinkEnd | undefined> {
  if (!isId(otherId)) return undefined;
  for (const end of link.others) {
    const rows = await sql`
      select from ${sql(link.table)}
      where ${sql(link.owner.column)} = ${id} and ${sql(end.column)} = ${otherId}`;
    if (rows.length > 0) return end;
  }
  return undefined;
}

/** By the rows as they are locked. */
function checkEnds({ link, end, ownerId, otherId }: Ends, rows: Map<string, Stored>): void {
  if (!rows.has(ownerId)) throw notFound(titleOf(entityNamed(link.owner.plural)), ownerId);
  const pointer = `/${link.field}`;
  const { name } = entityNamed(end.plural);
  if (ownerId === otherId) {
    throw invalid({ pointer, code: "cycle", message: `must be another ${name}` });
  }
  if (rows.has(otherId)) return;
  const message = `no ${name} has the id ${otherId}`;
  throw invalid({ pointer, code: "unknown_reference", message });
}

const cycleLock = 7_283_010;

/** One after another, so that two of them cannot make a ring together. */
async function checkAcyclic(sql: Statements, { link, end, ownerId, otherId }: Ends): Promise<void> {
  const [from, to, table] = [sql(link.owner.column), sql(end.column), sql(link.table)];
  await sql`select pg_advisory_xact_lock(${cycleLock})`;
  const rows = await sql`
    with recursive reached as (
      select ${otherId}::uuid as id
      union select ${table}.${to} from reached join ${table} on ${table}.${from} = reached.id
    ) select from reached where id = ${ownerId}`;
  if (rows.length === 0) return;
  const message = `already depends on ${ownerId}: a dependency must not lead back to where it began`;
  throw invalid({ pointer: `/${link.field}`, code: "cycle", message });
}

function only<T>(ends: T[]): T {
  const [end] = ends;
  if (!end) throw new Error("a link has two ends");
  return end;
}
