import type { Statements } from "@/db/client";
import { clock } from "@/lib/clock";
import { unknownActor, type Actor, type Context } from "@/lib/context";
import { env } from "@/lib/env";
import { AppError, invalid, notFound } from "@/lib/errors";
import { changedFields, meaningsOf, pick, type Row } from "@/lib/events/changes";
import { toEventRow, type EventDraft } from "@/lib/events/envelope";
import { commitChange } from "@/lib/events/record";
import { isId, newId } from "@/lib/id";
import { parseInput } from "@/lib/input";
import type { Entity } from "./define";
import { getEntity, titleOf, type Stored } from "./read";

type Child = Entity["children"][number];

const mostChildren = 1000;

/** Creates one; refuses with field errors. The row and its `created` event commit together. */
export async function createEntity(ctx: Context, entity: Entity, input: unknown): Promise<Stored> {
  const fields = parseInput(entity.create, input);
  const at = clock().now();
  const row = complete(entity, {
    id: newId(),
    ...fields,
    version: 1,
    created_at: at,
    updated_at: at,
  });
  const event = toEventRow(
    draftOf(entity, "created", { row }),
    occasion(namedBy(ctx.actor, row), at),
  );
  const { sql } = ctx.db;
  await checkingReferences(entity, row, () =>
    commitChange(ctx, {
      sql,
      writes: [sql`insert into ${sql(entity.plural)} ${sql(row)} returning id`],
      expected: 1,
      events: [event],
    }),
  );
  return row;
}

/** Changes the fields given; a change of nothing writes and tells nothing. */
export async function updateEntity(
  ctx: Context,
  entity: Entity,
  { id, input }: { id: string; input: unknown },
): Promise<Stored> {
  const parsed = parseInput(entity.update, input);
  const patch = pick(parsed, Object.keys(input as Row));
  const { sql } = ctx.db;
  // The version is the lock: whoever read a row that has changed since reads it again.
  for (;;) {
    const before = await getEntity(ctx, entity, id);
    const at = clock().now();
    const wanted = complete(entity, { ...before, ...patch });
    const changes = changedFields(before, wanted);
    if (changes.length === 0) return before;
    const after: Stored = { ...wanted, version: before.version + 1, updated_at: at };
    const drafts = updateDrafts(entity, { before, after, changes });
    const save = occasion(ctx.actor, at);
    const { id: _, created_at: __, ...columns } = after;
    const isWritten = await checkingReferences(entity, after, () =>
      commitChange(ctx, {
        sql,
        writes: [
          sql`update ${sql(entity.plural)} set ${sql(columns)}
            where id = ${id} and version = ${before.version} returning id`,
        ],
        expected: 1,
        events: drafts.map((draft) => toEventRow(draft, save)),
      }),
    );
    if (isWritten) return after;
  }
}

/** Removes one and what belongs to it, each with its own event, children first. */
export async function removeEntity(ctx: Context, entity: Entity, id: string): Promise<void> {
  if (!isId(id)) throw notFound(titleOf(entity), id);
  const touched: string[] = [];
  const post = { ...ctx.post, ring: (webhookIds: string[]) => void touched.push(...webhookIds) };
  await ctx.db.sql.begin(async (sql) => {
    const [row] = await sql<
      Stored[]
    >`select * from ${sql(entity.plural)} where id = ${id} for update`;
    if (!row) throw notFound(titleOf(entity), id);
    const children: Doomed[] = [];
    for (const child of entity.children) children.push(...(await lockChildren(sql, child, id)));
    if (children.length > mostChildren) {
      const detail = `${titleOf(entity)} ${id} has more than ${mostChildren} dependents; remove them first.`;
      throw new AppError("conflict", detail);
    }
    const doomed = [...children, { entity, row }];
    const at = occasion(ctx.actor, clock().now());
    await commitChange(
      { ...ctx, post },
      {
        sql,
        writes: deleteAll(sql, doomed),
        expected: doomed.length,
        events: doomed.map((one) =>
          toEventRow(
            draftOf(one.entity, "deleted", { row: { ...one.row, version: one.row.version + 1 } }),
            at,
          ),
        ),
      },
    );
  });
  if (touched.length > 0) ctx.post.ring(touched);
}

type Doomed = { entity: Entity; row: Stored };

async function lockChildren(sql: Statements, child: Child, parentId: string): Promise<Doomed[]> {
  const entity = child.entity();
  const rows = await sql<Stored[]>`
    select * from ${sql(entity.plural)} where ${sql(child.column)} = ${parentId}
    order by id limit ${mostChildren + 1} for update`;
  return rows.map((row) => ({ entity, row }));
}

function deleteAll(sql: Statements, doomed: Doomed[]) {
  const tables = [...new Set(doomed.map(({ entity }) => entity.plural))];
  return tables.map((table) => {
    const ids = doomed.filter(({ entity }) => entity.plural === table).map(({ row }) => row.id);
    return sql`delete from ${sql(table)} where id = any(${ids}::uuid[]) returning id`;
  });
}

function complete(entity: Entity, row: Stored): Stored {
  return { ...row, ...entity.derive?.(row) };
}

type Draft = { row: Stored; previous?: Row; changes?: string[] };

function draftOf(entity: Entity, action: string, { row, previous, changes }: Draft): EventDraft {
  return {
    type: `${entity.name}.${action}`,
    entity_type: entity.name,
    entity_id: row.id,
    entity_version: row.version,
    current: row,
    previous: previous ?? null,
    changes: changes ?? [],
    context: entity.context(row),
  };
}

/** `updated` first, then each more specific thing the change means. */
function updateDrafts(
  entity: Entity,
  { before, after, changes }: { before: Stored; after: Stored; changes: string[] },
): EventDraft[] {
  const updated = draftOf(entity, "updated", {
    row: after,
    previous: pick(before, changes),
    changes,
  });
  const meanings = meaningsOf(entity.rules, before, after).map(({ action, field }) =>
    draftOf(entity, action, { row: after, previous: pick(before, [field]), changes: [field] }),
  );
  return [updated, ...meanings];
}

/** What the events of one save share: who, when, and a `change_id` that ties them together. */
function occasion(actor: Actor, at: Date) {
  const metadata = { ...actor.metadata, change_id: newId() };
  return { actor: { ...actor, metadata }, at, baseUrl: env().baseUrl };
}

/** An actor nobody named is called by the row's own `created_by`. */
function namedBy(actor: Actor, row: Row): Actor {
  const isUnknown = actor.name === unknownActor.name;
  return isUnknown && typeof row.created_by === "string"
    ? { ...actor, name: row.created_by }
    : actor;
}

const foreignKeyViolation = "23503";

async function checkingReferences<T>(
  entity: Entity,
  row: Row,
  write: () => Promise<T>,
): Promise<T> {
  try {
    return await write();
  } catch (error) {
    const column = brokenReference(entity, error);
    if (!column) throw error;
    const message = `no ${entity.references[column]} has the id ${String(row[column])}`;
    throw invalid({ pointer: `/${column}`, code: "unknown_reference", message });
  }
}

/** By its fields, not its class: launcher and routes have a copy of the driver each. */
function brokenReference(entity: Entity, error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error) || error.code !== foreignKeyViolation)
    return undefined;
  const constraint = "constraint_name" in error ? String(error.constraint_name) : "";
  return Object.keys(entity.references).find((column) => constraint.includes(column));
}
