import { z } from "zod";
import type { Context } from "@/lib/context";
import { invalid, notFound } from "@/lib/errors";
import { catalogue, type EventType } from "@/lib/event-types/catalogue";
import { exampleOf, ShownEventType } from "@/lib/event-types/event-type";
import {
  findRegistered,
  registeredNames,
  showRegistered,
} from "@/lib/event-types/registered-types";
import { sampleOf } from "@/lib/event-types/samples";
import { readList } from "@/lib/page";
import { eventSchemaOf } from "./event-schemas";

const ours = new Map(catalogue.map((entry) => [entry.type as string, entry]));

/** What the list may be narrowed to; `name` also as `issue.*`. */
export const EventTypeFilters = z
  .object({
    source: ShownEventType.shape.source,
    name: z
      .string()
      .regex(/^[a-z0-9_]+\.(?:\*|[a-z0-9_]+)$/, "must be a type or such as issue.*")
      .describe("Of this name; also by `issue.*`."),
  })
  .partial();

/** One page of all event types there are, by name; `next` is the cursor of the next page. */
export async function listEventTypes(
  ctx: Context,
  query: URLSearchParams,
): Promise<{ rows: ShownEventType[]; next: string | null }> {
  const { limit, after, source, name } = readNameList(query);
  const all = [
    ...(source === "registered" ? [] : ours.keys()),
    ...(source === "catalogue" ? [] : await registeredNames(ctx.db.sql)),
  ];
  const asked = all.filter((one) => name === undefined || isNamed(one, name));
  const rest = asked.filter((one) => one > after).toSorted();
  const names = rest.slice(0, limit);
  const next = rest.length > limit ? Buffer.from(names.at(-1) ?? "").toString("base64url") : null;
  return { rows: await findAll(ctx, names), next };
}

function isNamed(type: string, pattern: string): boolean {
  return pattern.endsWith(".*") ? type.startsWith(pattern.slice(0, -1)) : type === pattern;
}

/** As of any list, save that its cursor is a name. */
function readNameList(query: URLSearchParams) {
  const others = new URLSearchParams(query);
  others.delete("cursor");
  const { page, filters } = readList(others, EventTypeFilters);
  const after = Buffer.from(query.get("cursor") ?? "", "base64url").toString("utf8");
  if (query.has("cursor") && !/^[a-z0-9_]+\.[a-z0-9_]+$/.test(after)) {
    const message = "must be a cursor from a Link header";
    throw invalid({ pointer: "/cursor", code: "invalid", message });
  }
  return { limit: page.limit, after, ...filters };
}

/** In the order of the names. */
async function findAll(ctx: Context, names: string[]): Promise<ShownEventType[]> {
  const registered = await findRegistered(ctx, names);
  const shown = new Map(registered.map((row) => [row.name, showRegistered(row)]));
  return names.flatMap((name) => shownOurs(name) ?? shown.get(name) ?? []);
}

export async function getEventType(ctx: Context, name: string): Promise<ShownEventType> {
  const [found] = await findAll(ctx, [name]);
  if (!found) throw notFound("Event type", name);
  return found;
}

function shownOurs(name: string): ShownEventType | undefined {
  const entry = ours.get(name);
  if (!entry) return undefined;
  const type: EventType = entry.type;
  const draft = sampleOf(type);
  return {
    name: type,
    entity: entry.entity,
    description: entry.summary,
    source: "catalogue",
    is_subscribable: !("isSubscribable" in entry),
    schema: eventSchemaOf(type),
    sample: draft.current,
    example: exampleOf(draft),
    created_at: null,
    updated_at: null,
  };
}
