import { z } from "zod";
import type { Statements } from "@/db/client";
import { clock } from "@/lib/clock";
import type { Context } from "@/lib/context";
import { type FieldError, refuseFor } from "@/lib/errors";
import { givenId, json } from "@/lib/fields";
import { newId } from "@/lib/id";
import { parseInput } from "@/lib/input";
import { plainText } from "@/lib/text";
import { catalogue } from "@/lib/event-types/catalogue";
import { originOf, toEventRow, type EventRow } from "./envelope";
import { words } from "./event-schema";
import { entityOfType } from "@/lib/event-types/event-type";
import { installationId } from "./installation";
import { inspectJson } from "@/lib/event-types/json-value";
import { recordEvents } from "./record";
import { Budget } from "@/lib/event-types/schema-check";
import { checksOf } from "@/lib/event-types/type-checks";

const mostEvents = 100;
const mostVersion = 2 ** 31 - 1;

const id = givenId.transform((given) => given.toLowerCase());
const place = id.nullish();

/** An event that somebody else tells of; what is left out is filled in. */
export const PostedEvent = z.strictObject({
  event_type: z.string().max(100).describe(words.event_type),
  entity_type: z
    .string()
    .max(50)
    .regex(/^[a-z][a-z0-9_]*$/, "must be a word in lower case, such as meeting")
    .optional()
    .describe(words.entity_type),
  entity_id: id.optional().describe(words.entity_id),
  entity_version: z.int().min(1).max(mostVersion).default(1).describe(words.entity_version),
  data: z
    .strictObject({
      current: json.describe(words.current),
      previous: json.nullable().default(null).describe(words.previous),
      changes: z.array(z.string().max(200)).max(1_000).default([]).describe(words.changes),
    })
    .describe(words.data),
  context: z
    .strictObject({
      project_id: place.describe(words.project_id),
      milestone_id: place.describe(words.milestone_id),
      initiative_id: place.describe(words.initiative_id),
      issue_id: place.describe(words.issue_id),
    })
    .default({})
    .describe(words.context),
  actor: z
    .strictObject({
      type: z.enum(["user", "ai", "system"]).describe(words.actor_type),
      name: plainText(200).describe(words.actor_name),
      metadata: json.default({}).describe(words.metadata),
    })
    .optional()
    .describe(words.actor),
});
export type PostedEvent = z.input<typeof PostedEvent>;

export const PostedEvents = z
  .array(PostedEvent)
  .min(1, "must hold at least one event")
  .max(mostEvents, `must hold at most ${mostEvents} events`);

/**
 * Records an event, or 1..100 of them in one statement: all or none. Each is of a registered type, or
 * one that only others tell of, and fits its schema. Answers the events as JSON, in their order.
 */
export async function postEvents(
  ctx: Context,
  input: unknown,
): Promise<{ text: string; ids: string[] }> {
  const isMany = Array.isArray(input);
  const rows = await recordPosted(ctx, input);
  const texts = rows.map(({ body, whole_body }) => whole_body ?? body);
  return {
    text: isMany ? `[${texts.join(",")}]` : texts.join(""),
    ids: rows.map((row) => row.id),
  };
}

/** The same, as rows; refuses with pointers into the input. */
export async function recordPosted(ctx: Context, input: unknown): Promise<EventRow[]> {
  const { sql } = ctx.db;
  const isMany = Array.isArray(input);
  const items: unknown[] = isMany ? input : [input];
  const at = (index: number) => (isMany ? [index] : []);
  const seen = items.map((item, index) => inspectJson(item, { at: at(index) }));
  refuseFor(seen.flatMap(({ errors }) => errors));
  const given = isMany ? parseInput(PostedEvents, input) : [parseInput(PostedEvent, input)];
  const sizes = seen.map(({ size }) => size);
  refuseFor(await typeErrors(sql, { given, sizes, isMany }));
  const events = await toRows(ctx, given);
  await recordEvents(ctx, { sql, events });
  return events;
}

type Given = z.output<typeof PostedEvent>;

async function typeErrors(
  sql: Statements,
  { given, sizes, isMany }: { given: Given[]; sizes: number[]; isMany: boolean },
): Promise<FieldError[]> {
  const checks = await checksOf(sql, [...new Set(given.map(({ event_type }) => event_type))]);
  const budget = new Budget();
  return given.flatMap(({ event_type, data }, index) => {
    const pointer = isMany ? `/${index}` : "";
    const check = checks.get(event_type);
    if (!check) return [unknownType(`${pointer}/event_type`, event_type)];
    const errors = check(data.current, { size: sizes[index] ?? 0, budget });
    return errors.map((error) => ({
      ...error,
      pointer: `${pointer}/data/current${error.pointer}`,
    }));
  });
}

function unknownType(pointer: string, type: string): FieldError {
  if (catalogue.some((entry) => entry.type === type))
    return { pointer, code: "not_allowed", message: `"${type}" is told by Turbo itself` };
  const message = `"${type}" is not registered: POST /api/v1/event-types does that`;
  return { pointer, code: "unknown_type", message };
}

async function toRows(ctx: Context, given: Given[]): Promise<EventRow[]> {
  const at = clock().now();
  const needsOurs = given.some((event) => !event.entity_id && isAboutUs(event));
  const ours = needsOurs ? await installationId(ctx.db.sql) : "";
  return given.map((event) =>
    toEventRow(
      {
        type: event.event_type,
        entity_type: event.entity_type ?? entityOfType(event.event_type),
        entity_id: event.entity_id ?? (isAboutUs(event) ? ours : newId()),
        entity_version: event.entity_version,
        ...event.data,
        context: event.context,
      },
      originOf({ ...ctx, actor: event.actor ?? ctx.actor }, at),
    ),
  );
}

/** What it is about is this installation, unless it says so otherwise. */
function isAboutUs({ event_type, entity_type }: Given): boolean {
  return (entity_type ?? entityOfType(event_type)) === "system";
}
