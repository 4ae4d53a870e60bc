import type { Statements } from "@/db/client";
import type { Context } from "@/lib/context";
import { changedFields, pick, type Row } from "@/lib/events/changes";
import { originOf, toEventRow, type EventDraft, type Origin } from "@/lib/events/envelope";
import { recordEvents } from "@/lib/events/record";
import { inTransaction } from "@/lib/transaction";
import type { Change, Entity, Fragment, Ref, Stored } from "./define";
import { entities, entityNamed } from "./definitions";
import { draftSpecific, draftOf } from "./drafts";
import { readEntities } from "./read";

/** A row of another entity. `isChanged`: the change is about it too, not only its derived columns. */
export type Affected = Ref & { isChanged?: boolean };

/** A row before and after, and what differs. */
export type Changed = { before: Stored; after: Stored; changes: string[] };

export type Work = {
  origin: Origin;
  /** The rows it writes to itself: while they are locked, nothing can be linked to them. */
  own?: (sql: Statements) => Promise<Ref[]>;
  /** `own` rows are removed: the lock must keep others from referring to them. */
  isRemoval?: boolean;
  /** Rows whose derived columns may change, in the order of their events. */
  affected: (sql: Statements) => Promise<Affected[]>;
  /** Writes, given the affected rows as they were; answers its events, null: nothing was done. */
  write: (ctx: Context, before: Map<string, Stored>) => Promise<EventDraft[] | null>;
  /** Specific events of an affected row; they follow its `updated`. */
  specificOf?: (changed: Changed, rows: Map<string, Stored>) => EventDraft[];
};

/**
 * A change that reaches further than its own row: in one transaction the rows it may affect are
 * locked, always in the same order, and read before and after it; their events follow those of
 * `write`. The version of every row that gets an event rises. Answers whether anything was done.
 */
export function changeMore(ctx: Context, work: Work): Promise<boolean> {
  return inTransaction(ctx, async (inside) => {
    const { sql } = inside.db;
    const affected = await lockAffected(sql, work);
    const before = await readAll(sql, affected);
    const own = await work.write(inside, before);
    if (own === null) return false;
    const others = await draftAffected(sql, { work, affected, before });
    const events = [...own, ...others].map((draft) => toEventRow(draft, work.origin));
    await recordEvents(inside, { sql, events });
    return true;
  });
}

const lockOrder = Object.keys(entities);

/**
 * Locks all there is to lock, table by table and each by id: nobody waits in a ring. What has come to
 * be linked meanwhile is locked in its turn, for which the locks behind it are given back first.
 */
async function lockAffected(sql: Statements, work: Work): Promise<Affected[]> {
  const locked = new Map<string, Set<string>>();
  for (;;) {
    const own = (await work.own?.(sql)) ?? [];
    const affected = await work.affected(sql);
    const wanted = idsByEntity([...own, ...affected]);
    const missing = wanted.find(([plural, ids]) => ids.some((id) => !locked.get(plural)?.has(id)));
    if (!missing) return affected;
    const rest = lockOrder.slice(lockOrder.indexOf(missing[0]));
    const tooEarly = rest.find((plural) => locked.has(plural));
    if (tooEarly) await sql`rollback to savepoint ${sql(tooEarly)}`;
    for (const plural of rest) locked.delete(plural);
    for (const [plural, ids] of wanted.filter(([plural]) => rest.includes(plural))) {
      const isRemoved = work.isRemoval && own.some(({ entity }) => entity === plural);
      await lock(sql, { plural, ids, strength: isRemoved ? sql`update` : sql`no key update` });
      locked.set(plural, new Set(ids));
    }
  }
}

/** Behind a savepoint of its own: the way to give the locks back. */
async function lock(
  sql: Statements,
  { plural, ids, strength }: { plural: string; ids: string[]; strength: Fragment },
): Promise<void> {
  await Promise.all([
    sql`savepoint ${sql(plural)}`,
    sql`select from ${sql(plural)} where id = any(${ids}::uuid[]) order by id for ${strength}`,
  ]);
}

function idsByEntity(refs: Ref[]): [string, string[]][] {
  return lockOrder.flatMap((plural): [string, string[]][] => {
    const ids = new Set(refs.filter(({ entity }) => entity === plural).map(({ id }) => id));
    return ids.size === 0 ? [] : [[plural, [...ids]]];
  });
}

async function readAll(sql: Statements, refs: Ref[]): Promise<Map<string, Stored>> {
  const all = new Map<string, Stored>();
  for (const [plural, ids] of idsByEntity(refs)) {
    const rows = await readEntities(sql, entityNamed(plural), sql`entity.id = any(${ids}::uuid[])`);
    for (const row of rows) all.set(row.id, row);
  }
  return all;
}

type Read = { work: Work; affected: Affected[]; before: Map<string, Stored> };

async function draftAffected(
  sql: Statements,
  { work, affected, before }: Read,
): Promise<EventDraft[]> {
  const { at } = work.origin;
  const after = await readAll(sql, affected);
  for (const [id, row] of after)
    after.set(id, { ...row, version: row.version + 1, updated_at: at });
  const drafts: EventDraft[] = [];
  const raised: Ref[] = [];
  for (const { entity: plural, id, isChanged } of affected) {
    const was = before.get(id);
    const row = after.get(id);
    if (!was || !row) continue;
    const changed = { before: was, after: row, changes: differences(was, row) };
    const specific = [
      ...(isChanged ? draftDifference(entityNamed(plural), changed) : []),
      ...(work.specificOf?.(changed, after) ?? []),
      ...draftSpecific(
        entityNamed(plural),
        changed,
        entityNamed(plural).whenDerivedChanges?.(was, row) ?? [],
      ),
    ];
    if (specific.length === 0) continue;
    drafts.push(...specific);
    raised.push({ entity: plural, id });
  }
  for (const [plural, ids] of idsByEntity(raised)) {
    await sql`
      update ${sql(plural)} set version = version + 1, updated_at = ${at} where id = any(${ids}::uuid[])`;
  }
  return drafts;
}

const stamps = new Set(["version", "created_at", "updated_at"]);

/** The fields that differ, save those that differ with every change. */
function differences(before: Stored, after: Stored): string[] {
  return changedFields(before, after).filter((field) => !stamps.has(field));
}

function draftDifference(entity: Entity, { before, after, changes }: Changed): EventDraft[] {
  if (changes.length === 0) return [];
  return [draftOf(entity, "updated", { row: after, previous: pick(before, changes), changes })];
}

/** Rows that these changes of one entity may affect, by its definition, each once. */
export async function affectedBy(
  sql: Statements,
  entity: Entity,
  changes: Change[],
): Promise<Ref[]> {
  const { affects } = entity;
  const concerned = affects ? changes.filter((change) => affects.reaches(change)) : [];
  if (!affects || concerned.length === 0) return [];
  const rows = concerned.flatMap(({ before, after }) =>
    [before, after].filter((row) => row !== null),
  );
  const found = await affects.find(sql, [...new Set(rows.map(({ id }) => id))]);
  const refs = [...rows.flatMap((row) => affects.fromColumns?.(row) ?? []), ...found];
  return [...new Map(refs.map((ref) => [ref.id, ref])).values()];
}

/** An origin by whom the row itself names, unless the caller has a name. */
export function originFor(ctx: Context, entity: Entity, row: Row): Origin {
  const isUnknown = ctx.actor.name === "unknown";
  const actor = isUnknown ? { ...ctx.actor, ...entity.authorOf?.(row) } : ctx.actor;
  return originOf({ ...ctx, actor });
}
