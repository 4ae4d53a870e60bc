import type { Statements } from "@/db/client";
import type { Context } from "@/lib/context";
import { AppError } from "@/lib/errors";
import type { Row } from "@/lib/events/changes";
import { entityNamed } from "./definitions";
import { addLink, removeLink } from "./link";
import { links, type Link } from "./links";
import { removeEntity } from "./remove";
import { createEntity, updateEntity } from "./write";

export type Body = {
  event_type: string;
  entity_id: string;
  entity_version: number;
  action: string;
  actor: { type: string; name: string; metadata: { change_id: string } };
  data: {
    current: Record<string, unknown>;
    previous: Record<string, unknown> | null;
    changes: string[];
  };
  context: Record<string, string | null>;
};

/** The bodies of all events so far, oldest first; those before are forgotten. */
export async function takeEvents(sql: Statements): Promise<Body[]> {
  const rows = await sql<{ body: string }[]>`select body from events order by id`;
  await sql`truncate events cascade`;
  return rows.map(({ body }) => JSON.parse(body));
}

export async function takeTypes(sql: Statements): Promise<string[]> {
  return (await takeEvents(sql)).map(({ event_type }) => event_type);
}

/** Every table of entities, for a truncate that empties them all. */
export const entityTables = "projects, issues, milestones, initiatives, documents, tags, comments";

/** How many sessions wait for a lock in this database. */
export async function countWaiting(sql: Statements): Promise<number> {
  const [row] = await sql<{ count: number }[]>`
    select count(*)::int from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'`;
  return row?.count ?? 0;
}

/** What is refused, and why; fails when it is not. */
export async function refusalOf(work: Promise<unknown>): Promise<AppError> {
  const outcome = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (outcome instanceof AppError) return outcome;
  throw new Error("it was not refused", { cause: outcome });
}

/** The link of these words of the API: milestones, issues. */
export function linkOf(plural: string, path: string): Link {
  const link = links.find((one) => one.owner.plural === plural && one.path === path);
  if (!link) throw new Error(`there is no link ${plural} ${path}`);
  return link;
}

/** The verbs of all entities, by the words of the API. */
export function verbsOn(ctx: Context) {
  /** Creates one; answers its id. */
  const make = async (plural: string, input: Row): Promise<string> =>
    (await createEntity(ctx, entityNamed(plural), input)).id;
  return {
    make,
    makeProject: (input: Row = {}) => make("projects", { name: "Apollo", ...input }),
    makeIssue: (input: Row = {}) => make("issues", { title: "Broken", ...input }),
    update: (plural: string, id: string, input: Row) =>
      updateEntity(ctx, entityNamed(plural), { id, input }),
    close: (id: string) =>
      updateEntity(ctx, entityNamed("issues"), { id, input: { status: "closed" } }),
    remove: (plural: string, id: string) => removeEntity(ctx, entityNamed(plural), id),
    /** `path` as in the API: link("milestones", id, "issues", { issue_id }). */
    link: (plural: string, id: string, path: string, input: Row) =>
      addLink(ctx, linkOf(plural, path), { id, input }),
    unlink: (plural: string, id: string, path: string, otherId: string) =>
      removeLink(ctx, linkOf(plural, path), { id, otherId }),
  };
}
