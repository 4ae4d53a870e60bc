import type postgres from "postgres";
import type { Statements } from "@/db/client";
import type { Context } from "@/lib/context";
import { env } from "@/lib/env";
import { notFound } from "@/lib/errors";
import { isNoTest, isNotOfOwner, mismatch, namesType } from "@/lib/events/matching";
import { isId } from "@/lib/id";
import { readList, type Page } from "@/lib/page";
import { judge, type Facts } from "./explain-verdict";
import { ExplainEvent, type Explanation } from "./explanation-schema";

type Fragment = postgres.PendingQuery<postgres.Row[]>;
type Row = Facts & { webhook_id: string; webhook_name: string };
/** With the id by which lists are paged. */
export type Explained = { id: string; explanation: Explanation };

type Asked = { id: string; query: URLSearchParams };

/**
 * Why a webhook got an event or did not: for the one asked about, or a page over all of them, newest
 * first, also those deleted since. Each is judged as it was when the event was matched.
 */
export async function explainEvent(
  ctx: Context,
  { id, query }: Asked,
): Promise<{ one: Explanation } | { rows: Explained[]; page: Page }> {
  const { page, filters } = readList(query, ExplainEvent);
  await checkEvent(ctx, id);
  const { webhook_id } = filters;
  if (webhook_id === undefined) return { rows: await explainAll(ctx, id, page), page };
  const [row] = await findFacts(ctx.db.sql, {
    eventId: id,
    scope: ctx.db.sql`subject.id = ${webhook_id}`,
    limit: 1,
  });
  if (!row) throw notFound("Webhook", webhook_id);
  return { one: explain(row) };
}

/** One page over all webhooks, and the one row that tells whether there is another. */
export async function explainAll(ctx: Context, eventId: string, page: Page): Promise<Explained[]> {
  const { sql } = ctx.db;
  const scope = sql`
    (subject.state <> 'deleted' or ${existedThen(sql)} or exists (
      select from webhook_deliveries where event_id = event.id and subscription_id = subject.id))
    ${page.after ? sql`and subject.id < ${page.after}` : sql``}`;
  const rows = await findFacts(sql, { eventId, scope, limit: page.limit + 1 });
  return rows.map((row) => ({ id: row.webhook_id, explanation: explain(row) }));
}

async function checkEvent({ db: { sql } }: Context, id: string): Promise<void> {
  const rows = isId(id) ? await sql`select id from events where id = ${id}` : [];
  if (rows.length === 0) throw notFound("Event", id);
}

function explain({ webhook_id, webhook_name, ...facts }: Row): Explanation {
  const { verdict, reason, until, condition } = judge(facts, { isEnabled: env().webhook.enabled });
  return {
    webhook_id,
    webhook_name,
    verdict,
    reason,
    delivery_id: facts.delivery?.id ?? null,
    until: until ?? null,
    condition: condition ?? null,
    webhook_version: facts.then?.version ?? null,
  };
}

/** What two processes write in the same minute, their transactions put in order better than clocks. */
const minute = "interval '1 minute'";

/** Was a webhook that is deleted by now there when the event happened, or may it have been? */
function existedThen(sql: Statements): Fragment {
  return sql`(subject.created_at <= event.created_at + ${sql.unsafe(minute)}
    and subject.deleted_at >= event.created_at - ${sql.unsafe(minute)})`;
}

/**
 * Could the statement that matched the event see this `revision`? Ids of transactions mean nothing
 * after the database was moved, hence the times.
 */
function isSeen(sql: Statements): Fragment {
  return sql`case
    when revision.created_at < event.created_at - ${sql.unsafe(minute)} then true
    when revision.created_at > event.created_at + ${sql.unsafe(minute)} then false
    when event.seen is null then revision.created_at <= event.created_at
    else pg_visible_in_snapshot(revision.made_by, event.seen) end`;
}

async function findFacts(
  sql: Statements,
  { eventId, scope, limit }: { eventId: string; scope: Fragment; limit: number },
): Promise<Row[]> {
  const event = sql`event`;
  return sql<Row[]>`
    with event as materialized (
      select *, coalesce(whole_body, body)::jsonb as document from events where id = ${eventId}
    ), page as materialized (
      select subject.* from event, webhook_subscriptions subject
      where ${scope} order by subject.id desc limit ${limit}
    )
    select page.id as webhook_id, page.name as webhook_name, event.type as event_type,
      not ${isNoTest(sql, event)} as is_test, page.id = event.entity_id as is_about_itself,
      page.state, page.is_over, delivery.facts as delivery, terms.facts as then
    from event cross join page
    left join lateral (${deliveryFacts(sql)}) delivery on true
    left join lateral (${termsFacts(sql)}) terms on true
    order by page.id desc`;
}

function deliveryFacts(sql: Statements): Fragment {
  return sql`
    select jsonb_build_object('id', id, 'status', status, 'attempts', attempts,
      'response_code', response_code, 'error_message', error_message,
      'next_attempt_at', to_char(next_attempt_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
      'is_due', next_attempt_at <= clock_timestamp(),
      'is_in_flight', coalesce(claimed_until > clock_timestamp(), false)) as facts
    from webhook_deliveries
    where event_id = event.id and subscription_id = page.id
    order by id desc limit 1`;
}

/** The webhook as the event was matched against it, and what of it keeps the event out. */
function termsFacts(sql: Statements): Fragment {
  const event = sql`event`;
  return sql`
    select jsonb_build_object('version', version, 'state', state, 'is_over', is_over,
      'event_types', event_types, 'filters', filters, 'skip_own', skip_own,
      'owner_actor', owner_actor, 'owner_key', owner_key, 'names_type', names_type, 'is_own', is_own,
      'mismatch', mismatch, 'found', found) as facts
    from (
      select webhook.*, ${namesType(sql, event)} as names_type,
        not ${isNotOfOwner(sql, event)} as is_own, ${mismatch(sql, event)} as mismatch
      from (
        select * from webhook_revisions revision
        where revision.webhook_id = page.id and ${isSeen(sql)}
        order by revision.version desc limit 1
      ) webhook offset 0
    ) judged cross join lateral (${foundFacts(sql)}) looked_at`;
}

const longestShown = 1_000;

/** What stands in the event where the conditions look that are at the mismatch or within it. */
function foundFacts(sql: Statements): Fragment {
  return sql`
    select coalesce(jsonb_agg(jsonb_build_object('at', leaf->'at', 'values', case
      when item is null then '[]'::jsonb
      when length(item::text) <= ${longestShown} then jsonb_build_array(item)
      else jsonb_build_array(left(item #>> '{}', ${longestShown}) || '…') end)), '[]') as found
    from jsonb_path_query(filter_plan,
        'strict $.** ? (exists(@.path) && (@.at == $at || @.at starts with $within))',
        jsonb_build_object('at', mismatch, 'within', mismatch || '/')) leaf,
      lateral (select event.document #> (leaf->>'path')::text[] as item) place
    where mismatch is not null`;
}
