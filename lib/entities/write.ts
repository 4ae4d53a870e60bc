import { clock } from "@/lib/clock";
import type { Context } from "@/lib/context";
import { checkIfMatch } from "@/lib/etag";
import { changedFields, pick, type Row } from "@/lib/events/changes";
import { toEventRow } from "@/lib/events/envelope";
import { commitChange } from "@/lib/events/record";
import { newId } from "@/lib/id";
import { parseInput } from "@/lib/input";
import { affectedBy, changeMore, originFor } from "./change";
import { checkingConstraints } from "./constraints";
import type { Change, Entity, Ref, Stored } from "./define";
import { draftCreated, draftUpdated, shown } from "./drafts";
import { readEntity } from "./read";

/** Creates one; refuses with field errors. The row and its events commit together. */
export async function createEntity(ctx: Context, entity: Entity, input: unknown): Promise<Stored> {
  const fields = parseInput(entity.create, input);
  const at = clock().now();
  const row: Stored = { id: newId(), ...fields, version: 1, created_at: at, updated_at: at };
  const completed = entity.complete?.({ row, before: null, actor: ctx.actor, at }) ?? {};
  const whole: Stored = { ...row, ...completed, ...freshOf(entity) };
  const create = { ctx, entity, row: whole, columns: columnsOf(entity, { ...row, ...completed }) };
  return checkingConstraints(entity, whole, () =>
    reachesOthers(entity, { before: null, after: whole })
      ? createWithOthers(create)
      : createAlone(create),
  );
}

type Creation = { ctx: Context; entity: Entity; row: Stored; columns: Row };

async function createAlone({ ctx, entity, row, columns }: Creation): Promise<Stored> {
  const { sql } = ctx.db;
  const origin = originFor(ctx, entity, row);
  await commitChange(ctx, {
    sql,
    writes: [sql`insert into ${sql(entity.plural)} ${sql(columns)} returning id`],
    expected: 1,
    events: draftCreated(entity, row).map((draft) => toEventRow(draft, origin)),
  });
  return shown(entity, row);
}

async function createWithOthers({ ctx, entity, row, columns }: Creation): Promise<Stored> {
  let created = row;
  await changeMore(ctx, {
    origin: originFor(ctx, entity, row),
    affected: (sql) => affectedBy(sql, entity, [{ before: null, after: row }]),
    write: async (inside) => {
      const { sql } = inside.db;
      await sql`insert into ${sql(entity.plural)} ${sql(columns)}`;
      created = await readEntity(sql, entity, row.id);
      const more = (await entity.alsoEmits?.(sql, created)) ?? [];
      return [...draftCreated(entity, created), ...more];
    },
  });
  return shown(entity, created);
}

/** Derived columns of a new row, which nothing is linked to yet. */
function freshOf({ derived = {} }: Entity): Row {
  return Object.fromEntries(Object.entries(derived).map(([name, { fresh }]) => [name, fresh]));
}

/** Does the change need a transaction, because it affects more than the row and its own events? */
function reachesOthers(entity: Entity, change: Change): boolean {
  const mustBeRead = Object.values(entity.derived ?? {}).some(({ fresh }) => fresh === undefined);
  const isNew = change.before === null;
  return (
    (isNew && (mustBeRead || entity.alsoEmits !== undefined)) ||
    (entity.affects?.reaches(change) ?? false)
  );
}

/** Changes the fields given. When none of them differs, nothing is written and no event made. */
export async function updateEntity(
  ctx: Context,
  entity: Entity,
  { id, input }: { id: string; input: unknown },
): Promise<Stored> {
  const patch = parseInput(entity.update, input);
  // The version is the lock: whoever read a row that has changed since reads it again.
  for (;;) {
    const before = await readEntity(ctx.db.sql, entity, id);
    checkIfMatch(ctx, before.version);
    const update = updateOf(ctx, entity, { before, patch });
    if (update.changes.length === 0) return shown(entity, before);
    const isWritten = await checkingConstraints(entity, update.after, () =>
      reachesOthers(entity, update) || newlyNamed(entity, update).length > 0
        ? updateWithOthers(update)
        : updateAlone(update),
    );
    if (isWritten) return shown(entity, update.after);
  }
}

type Update = {
  ctx: Context;
  entity: Entity;
  before: Stored;
  after: Stored;
  changes: string[];
  columns: Row;
};

function updateOf(
  ctx: Context,
  entity: Entity,
  { before, patch }: { before: Stored; patch: Row },
): Update {
  const at = clock().now();
  const row: Stored = { ...before, ...patch };
  const completed = entity.complete?.({ row, before, actor: ctx.actor, at }) ?? {};
  const wanted = { ...row, ...completed };
  const changes = changedFields(before, wanted);
  const stamps = { version: before.version + 1, updated_at: at };
  const columns = { ...columnsOf(entity, { ...pick(wanted, changes), ...completed }), ...stamps };
  return { ctx, entity, before, after: { ...wanted, ...stamps }, changes, columns };
}

function updateAlone(update: Update): Promise<boolean> {
  const { ctx, entity } = update;
  const { sql } = ctx.db;
  const origin = originFor(ctx, entity, {});
  return commitChange(ctx, {
    sql,
    writes: [writeUpdate(ctx, update)],
    expected: 1,
    events: draftUpdated(entity, update).map((draft) => toEventRow(draft, origin)),
  });
}

function updateWithOthers(update: Update): Promise<boolean> {
  const { ctx, entity, before, after } = update;
  return changeMore(ctx, {
    origin: originFor(ctx, entity, {}),
    own: async () => [{ entity: entity.plural, id: before.id }, ...newlyNamed(entity, update)],
    affected: (sql) => affectedBy(sql, entity, [{ before, after }]),
    write: async (inside) => {
      const written = await writeUpdate(inside, update);
      return written.length === 0 ? null : draftUpdated(entity, update);
    },
  });
}

/** Rows a foreign key will now name. PostgreSQL would lock them after the row itself, out of order. */
function newlyNamed(entity: Entity, { after, changes }: Update): Ref[] {
  return Object.entries(entity.references).flatMap(([column, { entity: named }]) => {
    const id = after[column];
    return changes.includes(column) && typeof id === "string" ? [{ entity: `${named}s`, id }] : [];
  });
}

function writeUpdate({ db: { sql } }: Context, { entity, before, columns }: Update) {
  return sql`
    update ${sql(entity.plural)} set ${sql(columns)}
    where id = ${before.id} and version = ${before.version} returning id`;
}

function columnsOf(entity: Entity, row: Row): Row {
  return entity.toColumns?.(row) ?? row;
}
