import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestDatabase } from "@/db/testing";
import { AppError } from "@/lib/errors";
import { sampleEntityIds } from "@/lib/event-types/samples";
import { newId } from "@/lib/id";
import { addWebhook, contextOn, recordingAfterCommit, useEnv } from "@/lib/testing";
import { dryRunWebhook } from "./dry-run";
import type { DryRun } from "./schema";
import { ago, hourMs } from "./testing";

useEnv();
const database = await createTestDatabase();
const { sql } = database;
const ctx = contextOn(database, recordingAfterCommit());
const count = 6_000;
const types = ["issue.created", "issue.updated", "project.created"];
const priorities = ["low", "medium", "high", "critical"];

/** Event `n` is `n` minutes old; the actor of each seventh is ai:claude, by the key ci. */
beforeAll(async () => {
  await sql`
    insert into events (id, type, entity_type, entity_id, entity_version, body, created_at, actor, actor_key)
    select gen_random_uuid(), type, split_part(type, '.', 1), gen_random_uuid(), 1,
      jsonb_build_object('n', n, 'data', jsonb_build_object(
        'current', jsonb_build_object('priority', (${priorities}::text[])[n % 4 + 1])))::text,
      now() - n * interval '1 minute',
      case when n % 7 = 0 then 'ai:claude' else 'user:ada' end, case when n % 7 = 0 then 'ci' end
    from generate_series(1, ${count}) n, lateral (select (${types}::text[])[n % 3 + 1] as type) typed`;
});
afterAll(() => database.close());

const all = Array.from({ length: count }, (_, index) => index + 1);
const isOf = (type: string) => (n: number) => types[n % 3] === type;
const has = (priority: string) => (n: number) => priorities[n % 4] === priority;

async function numbersOf({ events }: DryRun): Promise<unknown[]> {
  const ids = events.map(({ event_id }) => event_id);
  const rows = await sql<{ n: number }[]>`
    select (body::jsonb->>'n')::int as n from events where id = any(${ids}::uuid[])
    order by array_position(${ids}::uuid[], id)`;
  return rows.map(({ n }) => n);
}

async function pointersOf(work: Promise<unknown>): Promise<string[]> {
  const outcome = await work.catch((error: unknown) => error);
  if (outcome instanceof AppError) return outcome.fields.map(({ pointer }) => pointer);
  throw new Error("it was not refused");
}

describe("dryRunWebhook", () => {
  it("counts what would have matched and shows the newest", async () => {
    const input = { event_types: ["issue.created"], filters: { "current.priority": "critical" } };
    const answer = await dryRunWebhook(ctx, input);
    const examined = all.filter(isOf("issue.created"));
    const matched = examined.filter(has("critical"));
    expect(answer).toMatchObject({
      examined: examined.length,
      matched: matched.length,
      is_complete: true,
      next_cursor: null,
      mismatches: [
        { pointer: "/filters/current.priority", count: examined.length - matched.length },
      ],
    });
    expect(await numbersOf(answer)).toEqual(matched.slice(0, 20));
    expect(Date.parse(answer.until) - Date.parse(answer.since)).toBe(30 * 24 * hourMs);
  });

  it("shows each event with its time and its actor", async () => {
    const { events } = await dryRunWebhook(ctx, { event_types: ["*"] });
    const [stored] = await sql`
      select id as event_id, type as event_type, entity_type, entity_id, actor, created_at
      from events order by created_at desc limit 1`;
    const { created_at, ...rest } = stored ?? {};
    expect(events[0]).toEqual({ ...rest, timestamp: created_at.toISOString() });
  });

  it("says what kept out how many", async () => {
    const filters = { or: [{ "current.priority": "low" }], not: { "current.priority": "low" } };
    const answer = await dryRunWebhook(ctx, { event_types: ["issue.*"], filters });
    const examined = all.filter((n) => !isOf("project.created")(n));
    const low = examined.filter(has("low")).length;
    expect(answer).toMatchObject({ examined: examined.length, matched: 0, events: [] });
    expect(answer.mismatches).toEqual([
      { pointer: "/filters/or", count: examined.length - low },
      { pointer: "/filters/not", count: low },
    ]);
  });

  it.each([
    ["actor", { actor: { type: "ai", name: "claude", metadata: {} } as const }],
    ["key", { key: "ci" }],
  ])("leaves out what the %s that asks has caused", async (skip_own, by) => {
    const answer = await dryRunWebhook({ ...ctx, ...by }, { event_types: ["*"], skip_own });
    const own = all.filter((n) => n % 7 === 0).length;
    expect(answer).toMatchObject({ examined: count, matched: count - own });
    expect(answer.mismatches).toEqual([{ pointer: "/skip_own", count: own }]);
  });

  it("looks back as far as it is asked to", async () => {
    const since = ago(10.5 * 60_000);
    const answer = await dryRunWebhook(ctx, { event_types: ["*"], since });
    expect(answer).toMatchObject({ since, examined: 10, matched: 10 });
    const month = ago(30 * 24 * hourMs + 5_000);
    const { since: earliest } = await dryRunWebhook(ctx, { event_types: ["*"], since: month });
    expect(Date.parse(earliest)).toBeGreaterThan(Date.parse(month));
  });

  it("goes on where its time was up, until all is looked at", async () => {
    const input = { event_types: ["issue.updated"], filters: { "current.priority": "high" } };
    const seen: DryRun[] = [];
    let cursor: string | null | undefined;
    while (cursor !== null) {
      const asked = cursor === undefined ? input : { ...input, cursor };
      const answer = await dryRunWebhook(ctx, asked, { budgetMs: 1 });
      expect(answer.is_complete).toBe(answer.next_cursor === null);
      cursor = answer.next_cursor;
      seen.push(answer);
    }
    expect(seen.length).toBeGreaterThan(5);
    const sum = (name: "examined" | "matched") => seen.reduce((total, one) => total + one[name], 0);
    const examined = all.filter(isOf("issue.updated"));
    expect(sum("examined")).toBe(examined.length);
    expect(sum("matched")).toBe(examined.filter(has("high")).length);
    expect(seen[1]?.until).not.toBe(seen[0]?.until);
  });

  it("does not count tests", async () => {
    const rows = [
      { type: "webhook.test", entity_id: newId() },
      { type: "issue.created", entity_id: sampleEntityIds[1] },
    ].map((row) => ({
      id: newId(),
      entity_type: "issue",
      entity_version: 1,
      body: "{}",
      ...row,
      created_at: new Date(),
    }));
    await sql`insert into events ${sql(rows)}`;
    expect(await dryRunWebhook(ctx, { event_types: ["*"] })).toMatchObject({ examined: count });
  });

  it("judges what is a webhook's own by who made it, where it is of one", async () => {
    const webhook_id = await addWebhook(sql);
    const owner = { owner_actor: "ai:claude", owner_key: "ci" };
    await sql`update webhook_subscriptions set ${sql(owner)} where id = ${webhook_id}`;
    const asked = { event_types: ["issue.created"], skip_own: "actor" };
    const ofOthers = all.filter((n) => isOf("issue.created")(n) && n % 7 !== 0);
    expect(await dryRunWebhook(ctx, { ...asked, webhook_id })).toMatchObject({
      matched: ofOthers.length,
    });
    const unknown = dryRunWebhook(ctx, { ...asked, webhook_id: newId() });
    expect(await pointersOf(unknown)).toEqual(["/webhook_id"]);
    await sql`delete from webhook_revisions`;
    await sql`delete from webhook_lanes`;
    await sql`delete from webhook_subscriptions`;
  });

  it("stores nothing", async () => {
    await dryRunWebhook(ctx, { event_types: ["*"] });
    expect(await sql`select id from webhook_subscriptions`).toEqual([]);
    expect(ctx.afterCommit.rings).toEqual([]);
  });

  it.each([
    [{}, "/event_types"],
    [{ event_types: ["issue.exploded"] }, "/event_types/0"],
    [{ filters: { x: 1 } }, "/filters/x"],
    [{ skip_own: "key" }, "/skip_own"],
    [{ since: "2020-01-01T00:00:00Z" }, "/since"],
    [{ since: "2999-01-01T00:00:00Z" }, "/since"],
    [{ since: "yesterday" }, "/since"],
    [{ cursor: "nonsense" }, "/cursor"],
    [{ cursor: Buffer.from(newId()).toString("base64url") }, "/cursor"],
    [{ until: "2026-01-01T00:00:00Z" }, "/until"],
  ])("refuses %j at %s", async (changes, pointer) => {
    const input = pointer === "/event_types" ? changes : { event_types: ["*"], ...changes };
    expect(await pointersOf(dryRunWebhook(ctx, input))).toEqual([pointer]);
  });
});
