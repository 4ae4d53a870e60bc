import type { Statements } from "@/db/client";
import { clock } from "@/lib/clock";
import type { Context } from "@/lib/context";
import { invalid } from "@/lib/errors";
import type { Plan } from "@/lib/events/filter-plan";
import { isNoTest, isNotOfOwner, mismatch, namesType } from "@/lib/events/matching";
import { isId, newId } from "@/lib/id";
import { parseInput } from "@/lib/input";
import { leastChunk, nextChunk } from "./chunk-size";
import { DryRunWebhook, type DryRun } from "./schema";
import { checkSkipOwn, ownerOf, planTerms, type Owner } from "./terms";

const dayMs = 24 * 3_600_000;
const mostDays = 30;
const mostEvents = 20;
const mostMismatches = 10;

type Terms = Owner & { event_types: string[]; skip_own: string | null; filter_plan: Plan | null };
type Place = { since: Date; before: string | null; limit: number };

/**
 * Which events since a time (30 days ago, which is also the most) a webhook of these terms would
 * have got, by the same judgement. Looks at the newest first for about `budgetMs`.
 */
export async function dryRunWebhook(
  ctx: Context,
  input: unknown,
  { budgetMs = 3_000 }: { budgetMs?: number } = {},
): Promise<DryRun> {
  const given = parseInput(DryRunWebhook, input ?? {});
  const { sql } = ctx.db;
  const owner = given.webhook_id ? await findOwner(sql, given.webhook_id) : ownerOf(ctx);
  checkSkipOwn(given.skip_own, owner);
  const now = clock().now();
  const since = sinceOf(given.since, now);
  const from = given.cursor === undefined ? null : await findCursor(sql, given.cursor);
  const { event_types, skip_own } = given;
  const terms = { event_types, skip_own, filter_plan: await planTerms(sql, given), ...owner };
  const walk = await walkBack(sql, terms, { since, before: from?.id ?? null, budgetMs });
  const { last, ...found } = walk;
  return {
    since: since.toISOString(),
    until: (from?.created_at ?? now).toISOString(),
    ...found,
    next_cursor: last && Buffer.from(last).toString("base64url"),
  };
}

async function findOwner(sql: Statements, webhookId: string): Promise<Owner> {
  const [owner] = await sql<Owner[]>`
    select owner_actor, owner_key from webhook_subscriptions
    where id = ${webhookId} and state <> 'deleted'`;
  if (owner) return { ...owner };
  const message = `no webhook has the id ${webhookId}`;
  throw invalid({ pointer: "/webhook_id", code: "unknown_reference", message });
}

function sinceOf(given: Date | undefined, now: Date): Date {
  const earliest = new Date(now.getTime() - mostDays * dayMs);
  if (!given) return earliest;
  // Whoever reckons 30 days back from now asks a little later.
  if (given.getTime() < earliest.getTime() - dayMs || given >= now) {
    const message = `must be in the last ${mostDays} days`;
    throw invalid({ pointer: "/since", code: "invalid", message });
  }
  return given < earliest ? earliest : given;
}

async function findCursor(
  sql: Statements,
  cursor: string,
): Promise<{ id: string; created_at: Date }> {
  const id = Buffer.from(cursor, "base64url").toString();
  const [event] = isId(id)
    ? await sql<{ id: string; created_at: Date }[]>`
        select id, created_at from events where id = ${id}`
    : [];
  if (event) return event;
  const message = "must be the next_cursor of an answer";
  throw invalid({ pointer: "/cursor", code: "invalid", message });
}

type Walk = Pick<DryRun, "examined" | "matched" | "is_complete" | "events" | "mismatches"> & {
  /** The event that was looked at last; null: it was the last there is. */
  last: string | null;
};

async function walkBack(
  sql: Statements,
  terms: Terms,
  { since, before, budgetMs }: Pick<Place, "since" | "before"> & { budgetMs: number },
): Promise<Walk> {
  const deadlineMs = performance.now() + budgetMs;
  const refused = new Map<string, number>();
  const walk: Walk = {
    examined: 0,
    matched: 0,
    is_complete: false,
    events: [],
    mismatches: [],
    last: before,
  };
  let limit = leastChunk;
  while (!walk.is_complete && performance.now() < deadlineMs) {
    const startedAtMs = performance.now();
    const chunk = await judgeChunk(sql, terms, { since, before: walk.last, limit });
    walk.examined += chunk.examined;
    walk.matched += chunk.matched;
    walk.events = [...walk.events, ...chunk.events].slice(0, mostEvents);
    for (const { pointer, count } of chunk.mismatches)
      refused.set(pointer, (refused.get(pointer) ?? 0) + count);
    walk.is_complete = chunk.size < limit;
    walk.last = walk.is_complete ? null : chunk.last;
    limit = nextChunk(limit, performance.now() - startedAtMs);
  }
  walk.mismatches = [...refused]
    .map(([pointer, count]) => ({ pointer, count }))
    .toSorted((a, b) => b.count - a.count)
    .slice(0, mostMismatches);
  return walk;
}

type Chunk = Pick<DryRun, "examined" | "matched" | "events" | "mismatches"> & {
  size: number;
  last: string | null;
};

async function judgeChunk(
  sql: Statements,
  terms: Terms,
  { since, before, limit }: Place,
): Promise<Chunk> {
  const event = sql`event`;
  const behind = before
    ? sql`and (created_at, id) < ((select created_at from events where id = ${before}), ${before}::uuid)`
    : sql``;
  const [chunk] = await sql<Chunk[]>`
    with webhook as (
      select ${newId()}::uuid as id, ${terms.event_types}::text[] as event_types,
        ${terms.filter_plan && JSON.stringify(terms.filter_plan)}::text::jsonb as filter_plan,
        ${terms.skip_own}::text as skip_own, ${terms.owner_actor}::text as owner_actor,
        ${terms.owner_key}::text as owner_key
    ), looked_at as materialized (
      select event.id, event.created_at, event.type, event.entity_type, event.entity_id, event.actor,
        ${namesType(sql, event)} and ${isNoTest(sql, event)} as is_examined,
        case when not ${namesType(sql, event)} then null
          when not ${isNotOfOwner(sql, event)} then '/skip_own'
          else ${mismatch(sql, event)} end as mismatch
      from webhook, (
        select * from events where created_at >= ${since} ${behind}
        order by created_at desc, id desc limit ${limit}
      ) stored,
      -- Read only where a filter asks for it, unlike what the chunk itself would bring along.
      lateral (select stored.*, coalesce(stored.whole_body, stored.body)::jsonb as document) event
    ), examined as (
      select * from looked_at where is_examined
    )
    select (select count(*)::int from looked_at) as size,
      (select id from looked_at order by created_at, id limit 1) as last,
      (select count(*)::int from examined) as examined,
      (select count(*)::int from examined where mismatch is null) as matched,
      coalesce((select jsonb_agg(${shownEvent(sql)} order by created_at desc, id desc) from (
        select * from examined where mismatch is null order by created_at desc, id desc limit ${mostEvents}
      ) matched), '[]') as events,
      coalesce((select jsonb_agg(refusal) from (
        select mismatch as pointer, count(*)::int from examined where mismatch is not null group by 1
      ) refusal), '[]') as mismatches`;
  if (!chunk) throw new Error("A row of aggregates that is not there.");
  return chunk;
}

function shownEvent(sql: Statements) {
  return sql`jsonb_build_object('event_id', id, 'event_type', type, 'entity_type', entity_type,
    'entity_id', entity_id, 'actor', actor,
    'timestamp', to_char(created_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))`;
}
