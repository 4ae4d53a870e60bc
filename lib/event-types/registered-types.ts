import { and, arrayContains, count, eq, inArray, ne, sql } from "drizzle-orm";
import { z } from "zod";
import type { Orm, Statements } from "@/db/client";
import { event_types, webhook_subscriptions } from "@/db/schema";
import type { Context } from "@/lib/context";
import { AppError, invalid, notFound, type FieldError, refuseFor } from "@/lib/errors";
import { checkIfMatchText } from "@/lib/etag";
import { json } from "@/lib/fields";
import { parseInput } from "@/lib/input";
import { shownBy } from "@/lib/shown";
import { isStorable, longText } from "@/lib/text";
import { inTransaction } from "@/lib/transaction";
import { catalogue } from "./catalogue";
import type { EventDraft } from "@/lib/events/envelope";
import { entityOfType, exampleOf, sampleEventId, ShownEventType, typeWords } from "./event-type";
import { inspectJson } from "./json-value";
import { Budget, compileSchema, schemaErrors } from "./schema-check";
import type { JsonSchema } from "./schema-rules";

const mostTypes = 500;
const mostKib = 64;
const deepest = 32;

const ownEntities = new Set<string>(catalogue.map(({ entity }) => entity));
const ownTypes = new Set<string>(catalogue.map(({ type }) => type));

const typeName = z
  .string()
  .max(100, "must have at most 100 characters")
  .regex(
    /^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$/,
    "must be what it is about, a dot and what happened, in lower case, such as calendar.meeting_booked",
  )
  .refine((name) => !ownEntities.has(entityOfType(name)), {
    error: `must not begin with ${[...ownEntities].join(", ")}: those are Turbo's own`,
  });

const description = longText(2_000).describe(typeWords.description);
const schema = json.describe(typeWords.schema);
const sample = json.describe(typeWords.sample);

/** `schema` is the JSON Schema (draft 2020-12) of `data.current`, `sample` one that it accepts. */
export const CreateEventType = z.strictObject({
  name: typeName.describe("What it is about, a dot and what happened, in lower case."),
  description,
  schema,
  sample,
});
export type CreateEventType = z.input<typeof CreateEventType>;

export const UpdateEventType = z.strictObject({
  description,
  schema: schema.optional(),
  sample: sample.optional(),
});
export type UpdateEventType = z.input<typeof UpdateEventType>;

export type RegisteredType = typeof event_types.$inferSelect & {
  schema: JsonSchema;
  sample: Record<string, unknown>;
};

/** A new event type, which whoever may call can send from now on. */
export async function registerEventType(ctx: Context, input: unknown): Promise<ShownEventType> {
  refuseFor(inspectJson(input, { deepest }).errors);
  const given = parseInput(CreateEventType, input);
  checkType(given);
  const [row] = await inTransaction(ctx, async ({ db: { orm } }) => {
    // Nobody else registers one meanwhile: there is room for so many and no more.
    await orm.execute(sql`lock table ${event_types} in share row exclusive mode`);
    await checkRoom(orm);
    const values = { ...given, description: given.description ?? null };
    return orm.insert(event_types).values(values).onConflictDoNothing().returning();
  });
  if (row) return showRegistered(row as RegisteredType);
  const message = `there is an event type "${given.name}" already`;
  throw invalid({ pointer: "/name", code: "taken", message });
}

/** Changes the fields given; schema and sample must fit each other then. */
export async function updateEventType(
  ctx: Context,
  { name, input }: { name: string; input: unknown },
): Promise<ShownEventType> {
  checkNotOurs(name);
  refuseFor(inspectJson(input, { deepest }).errors);
  const given = parseInput(UpdateEventType, input);
  return inTransaction(ctx, async ({ db: { orm } }) => {
    const [before] = await orm.select().from(event_types).where(hasName(name)).for("update");
    if (!before) throw notFound("Event type", name);
    checkUnchanged(ctx, before as RegisteredType);
    if (Object.keys(given).length === 0) return showRegistered(before as RegisteredType);
    const wanted = { ...(before as RegisteredType), ...given };
    checkType(wanted);
    const { description, schema, sample } = wanted;
    const [row] = await orm
      .update(event_types)
      .set({ description, schema, sample, updated_at: sql`clock_timestamp()` })
      .where(hasName(name))
      .returning();
    return showRegistered(row as RegisteredType);
  });
}

/** Refuses while webhooks name it; events of it that there are stay. */
export async function removeEventType(ctx: Context, name: string): Promise<void> {
  checkNotOurs(name);
  await inTransaction(ctx, async ({ db: { orm } }) => {
    const [row] = await orm.select().from(event_types).where(hasName(name)).for("update");
    if (!row) throw notFound("Event type", name);
    checkUnchanged(ctx, row as RegisteredType);
    await checkUnused(orm, name);
    await orm.delete(event_types).where(hasName(name));
  });
}

async function checkUnused(orm: Orm, name: string): Promise<void> {
  const names = arrayContains(webhook_subscriptions.event_types, [name]);
  const [named] = await orm
    .select({ by: count() })
    .from(webhook_subscriptions)
    .where(and(names, ne(webhook_subscriptions.state, "deleted")));
  if (!named || named.by === 0) return;
  const who = named.by === 1 ? "1 webhook names" : `${named.by} webhooks name`;
  throw new AppError("conflict", `${who} ${name}; take it off them first.`);
}

function checkUnchanged(ctx: Context, row: RegisteredType): void {
  checkIfMatchText(ctx, JSON.stringify(showRegistered(row)));
}

/** The names of all that are registered. */
export async function registeredNames(sql: Statements): Promise<string[]> {
  const rows = await sql<{ name: string }[]>`select name from event_types`;
  return rows.map(({ name }) => name);
}

/** All that are registered, by name, each with what it says of itself. */
export async function describeRegistered({
  db: { sql },
}: Pick<Context, "db">): Promise<{ name: string; description: string | null }[]> {
  const rows = await sql<{ name: string; description: string | null }[]>`
    select name, description from event_types order by name`;
  return [...rows];
}

/** Those of these names that are registered. */
export async function findRegistered(ctx: Context, names: string[]): Promise<RegisteredType[]> {
  const rows = await ctx.db.orm
    .select()
    .from(event_types)
    .where(inArray(event_types.name, names.filter(isStorable)));
  return rows as RegisteredType[];
}

export function showRegistered(row: RegisteredType): ShownEventType {
  return shownBy(ShownEventType, {
    ...row,
    entity: entityOfType(row.name),
    source: "registered",
    is_subscribable: true,
    example: exampleOf(sampleOfRegistered(row)),
  });
}

/** An event of a registered type as a receiver might get it. */
export function sampleOfRegistered({ name, sample }: RegisteredType): EventDraft {
  return {
    type: name,
    entity_type: entityOfType(name),
    entity_id: sampleEventId,
    entity_version: 1,
    current: sample,
    previous: null,
    changes: [],
    context: {},
  };
}

const hasName = (name: string) => (isStorable(name) ? eq(event_types.name, name) : sql`false`);

function checkType({ schema, sample }: { schema: JsonSchema; sample: unknown }): void {
  refuseFor([...tooLong("/schema", schema), ...tooLong("/sample", sample)]);
  refuseFor(under("/schema", schemaErrors(schema)));
  const { size } = inspectJson(sample);
  refuseFor(under("/sample", compileSchema(schema)(sample, { size, budget: new Budget() })));
}

function tooLong(pointer: string, value: unknown): FieldError[] {
  if (Buffer.byteLength(JSON.stringify(value)) <= mostKib * 1024) return [];
  return [{ pointer, code: "too_large", message: `must have at most ${mostKib} KiB as JSON` }];
}

function under(pointer: string, errors: FieldError[]): FieldError[] {
  return errors.map((error) => ({ ...error, pointer: pointer + error.pointer }));
}

async function checkRoom(orm: Orm): Promise<void> {
  const [row] = await orm.select({ all: count() }).from(event_types);
  if (row && row.all >= mostTypes)
    throw new AppError(
      "conflict",
      `There are ${mostTypes} event types already, the most there may be.`,
    );
}

function checkNotOurs(name: string): void {
  if (ownTypes.has(name))
    throw new AppError("conflict", `${name} is one of Turbo's own event types: it stays as it is.`);
}
