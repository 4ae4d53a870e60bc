import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { createTestDatabase } from "@/db/testing";
import { AppError } from "@/lib/errors";
import { planFilters } from "@/lib/events/filter";
import { sampleEntityIds } from "@/lib/event-types/samples";
import { newId } from "@/lib/id";
import {
  addDeliveries,
  addWebhook,
  contextOn,
  countDeliveries,
  recordingAfterCommit,
  useEnv,
} from "@/lib/testing";
import { cancelRecovery, getRecovery, listRecoveries, recoverWebhook } from "./recover";
import type { Recovery } from "./recovery-schema";
import { deleteWebhook } from "./service";
import {
  addEvents,
  addFailed,
  ago,
  beginRecovery,
  deliverAll,
  hourMs,
  runOut,
  stepSlowly,
} from "./testing";

useEnv();
const database = await createTestDatabase();
const { sql } = database;
let ctx = contextOn(database, recordingAfterCommit());

beforeEach(async () => {
  await sql`truncate webhook_subscriptions, events cascade`;
  ctx = contextOn(database, recordingAfterCommit());
});
afterAll(() => database.close());

const begin = (webhookId: string, input: object = {}) => beginRecovery(ctx, webhookId, input);
const step = (recovery: Recovery, parallelism = 1) => stepSlowly(sql, recovery, parallelism);
const read = ({ id, webhook_id }: Recovery) =>
  getRecovery(ctx, { webhookId: webhook_id, recoveryId: id });

async function count(webhookId: string, input: object = {}): Promise<number> {
  const asked = { since: ago(hourMs), ...input, dry_run: true };
  const outcome = await recoverWebhook(ctx, { id: webhookId, input: asked });
  if ("count" in outcome) return outcome.count.count;
  throw new Error("it was not only counted");
}

async function refusalOf(work: Promise<unknown>): Promise<AppError> {
  const outcome = await work.catch((error: unknown) => error);
  if (outcome instanceof AppError) return outcome;
  throw new Error("it was not refused", { cause: outcome });
}

describe("a dry run", () => {
  it("counts the failed deliveries of this webhook and that time, and changes nothing", async () => {
    const webhook = await addWebhook(sql);
    await addFailed(sql, webhook, { count: 5 });
    await addFailed(sql, await addWebhook(sql), { count: 3 });
    await addDeliveries(sql, webhook, { count: 2 });
    const [early = "", late = ""] = await addFailed(sql, webhook, { count: 2 });
    await sql`update webhook_deliveries set created_at = now() - interval '61 min' where id = ${early}`;
    await sql`update webhook_deliveries set created_at = now() - interval '1 min' where id = ${late}`;
    expect(await count(webhook)).toBe(6);
    expect(await count(webhook, { since: ago(2 * hourMs) })).toBe(7);
    expect(await count(webhook, { until: ago(30_000) })).toBe(1);
    expect(await count(webhook, { since: ago(2 * hourMs), until: ago(90_000) })).toBe(1);
    expect(await countDeliveries(sql, webhook, "failed")).toBe(7);
    expect(await sql`select id from webhook_recoveries`).toHaveLength(0);
    expect(ctx.afterCommit.recoveries).toEqual([]);
  });

  it("takes since as within and until as beyond the time asked for", async () => {
    const webhook = await addWebhook(sql);
    const [id = ""] = await addFailed(sql, webhook, { count: 1 });
    const at = new Date(Date.now() - 60_000);
    const next = new Date(at.getTime() + 1).toISOString();
    await sql`update webhook_deliveries set created_at = ${at} where id = ${id}`;
    expect(await count(webhook, { since: at.toISOString(), until: next })).toBe(1);
    expect(await count(webhook, { until: at.toISOString() })).toBe(0);
    expect(await count(webhook, { since: next })).toBe(0);
  });

  it("leaves out tests, which are tried once", async () => {
    const webhook = await addWebhook(sql);
    await addFailed(sql, webhook, { count: 2, row: { trigger: "test" } });
    await addFailed(sql, webhook, { count: 1, row: { trigger: "manual" } });
    expect(await count(webhook)).toBe(1);
  });

  it("counts the events that a webhook wants and was never sent", async () => {
    await addEvents(sql, { count: 3 });
    await addEvents(sql, { count: 2, row: { type: "project.created", entity_type: "project" } });
    await addEvents(sql, { count: 1, row: { type: "issue.closed" } });
    await addEvents(sql, { count: 4, row: { created_at: new Date(Date.now() - 2 * hourMs) } });
    const asked = { scope: "missing" };
    const missing = async (event_types: string[]) =>
      count(await addWebhook(sql, { event_types }), asked);
    expect(await missing(["issue.created"])).toBe(3);
    expect(await missing(["issue.*"])).toBe(4);
    expect(await missing(["project.*", "issue.closed"])).toBe(3);
    expect(await missing(["*"])).toBe(6);
    expect(await missing(["project.deleted"])).toBe(0);
  });

  it("does not count as missing what has a delivery, whatever became of it", async () => {
    const webhook = await addWebhook(sql);
    const statuses = ["success", "failed", "cancelled"];
    for (const status of statuses) await addFailed(sql, webhook, { count: 1, row: { status } });
    await addDeliveries(sql, webhook);
    await addDeliveries(sql, await addWebhook(sql), { count: 2 });
    expect(await count(webhook, { scope: "missing" })).toBe(2);
  });

  it("misses no test, and nothing that speaks of the webhook itself", async () => {
    const webhook = await addWebhook(sql);
    const other = await addWebhook(sql);
    const ofWebhook = (entity_id: string) => ({ entity_type: "webhook", entity_id });
    await addEvents(sql, { count: 1, row: { type: "webhook.test", ...ofWebhook(other) } });
    await addEvents(sql, { count: 1, row: { type: "webhook.disabled", ...ofWebhook(webhook) } });
    for (const entity_id of sampleEntityIds) await addEvents(sql, { count: 1, row: { entity_id } });
    expect(await count(webhook, { scope: "missing" })).toBe(0);
    await addEvents(sql, { count: 1, row: { type: "webhook.disabled", ...ofWebhook(other) } });
    expect(await count(webhook, { scope: "missing" })).toBe(1);
  });

  it("misses only what the filter lets through and is not its own, and sends just that", async () => {
    const webhook = await addWebhook(sql);
    const filter_plan = planFilters({ priority: "high" }, null);
    const terms = { skip_own: "actor", owner_actor: "ai:claude" };
    await sql`update webhook_subscriptions set ${sql(terms)},
      filter_plan = ${JSON.stringify(filter_plan)}::text::jsonb`;
    const of = (priority: string) => JSON.stringify({ data: { current: { priority } } });
    const wanted = await addEvents(sql, { count: 250, row: { body: of("high") } });
    await addEvents(sql, { count: 250, row: { body: of("low") } });
    await addEvents(sql, { count: 250, row: { body: of("high"), actor: "ai:claude" } });
    await addEvents(sql, { count: 1, row: { body: of("low"), whole_body: of("high") } });
    const recovery = await begin(webhook, { scope: "missing" });
    expect(recovery.total).toBe(wanted.length + 1);
    const made = await runOut(sql, recovery, { parallelism: 30 });
    expect(made.reduce((sum, one) => sum + one, 0)).toBe(wanted.length + 1);
    expect(await count(webhook, { scope: "missing" })).toBe(0);
  });

  it("answers the window it counted, until now if it is not told or told a later time", async () => {
    const webhook = await addWebhook(sql);
    const input = {
      since: "2026-01-01T00:00:00+02:00",
      dry_run: true,
      until: "9999-01-01T00:00:00Z",
    };
    const outcome = await recoverWebhook(ctx, { id: webhook, input });
    expect(outcome).toMatchObject({
      count: { webhook_id: webhook, scope: "failed", since: "2025-12-31T22:00:00.000Z", count: 0 },
    });
    const until = "count" in outcome ? Date.parse(outcome.count.until) : Number.NaN;
    expect(Math.abs(until - Date.now())).toBeLessThan(5_000);
  });
});

describe("what is asked for wrongly", () => {
  it.each([
    [{}, "/since", "required"],
    [{ since: null }, "/since", "wrong_type"],
    [{ since: "yesterday" }, "/since", "invalid"],
    [{ since: "2026-11-23" }, "/since", "invalid"],
    [{ since: "0000-01-01T00:00:00Z" }, "/since", "invalid"],
    [{ since: "2999-01-01T00:00:00Z" }, "/since", "invalid"],
    [{ since: "2026-01-02T00:00:00Z", until: "2026-01-02T00:00:00Z" }, "/until", "invalid"],
    [{ since: "2026-01-02T00:00:00Z", until: 5 }, "/until", "wrong_type"],
    [{ since: "2026-01-02T00:00:00Z", scope: "success" }, "/scope", "not_allowed"],
    [{ since: "2026-01-02T00:00:00Z", dry_run: "yes" }, "/dry_run", "wrong_type"],
    [{ since: "2026-01-02T00:00:00Z", limit: 5 }, "/limit", "unknown_field"],
  ])("is refused by its name: %j", async (input, pointer, code) => {
    const webhook = await addWebhook(sql);
    const { fields } = await refusalOf(recoverWebhook(ctx, { id: webhook, input }));
    expect(fields).toMatchObject([{ pointer, code }]);
  });

  it.each([
    ["deleted", null],
    ["disabled", "gone"],
  ] as const)("is refused for a webhook that is %s (%s), counted or not", async (state, reason) => {
    const webhook = await addWebhook(sql, { state, disabled_reason: reason });
    await addFailed(sql, webhook, { count: 1 });
    expect((await refusalOf(begin(webhook))).code).toBe("conflict");
    expect((await refusalOf(count(webhook))).code).toBe("conflict");
  });

  it("is not found where there is no such webhook or recovery", async () => {
    expect((await refusalOf(begin(newId()))).code).toBe("not_found");
    expect((await refusalOf(begin("no-id"))).code).toBe("not_found");
    const named = { webhookId: await addWebhook(sql), recoveryId: newId() };
    expect((await refusalOf(getRecovery(ctx, named))).code).toBe("not_found");
    expect((await refusalOf(cancelRecovery(ctx, { ...named, recoveryId: "x" }))).code).toBe(
      "not_found",
    );
  });
});

describe("a recovery", () => {
  it("begins with the count, calls for its first step, and can be read", async () => {
    const webhook = await addWebhook(sql);
    await addFailed(sql, webhook, { count: 5 });
    const recovery = await begin(webhook, { until: ago(-hourMs) });
    expect(recovery).toEqual({
      id: recovery.id,
      webhook_id: webhook,
      scope: "failed",
      status: "running",
      since: expect.any(String),
      until: expect.any(String),
      total: 5,
      recovered: 0,
      created_at: expect.any(String),
      finished_at: null,
    });
    expect(await read(recovery)).toEqual(recovery);
    expect(ctx.afterCommit.recoveries).toEqual([recovery.id]);
  });

  it("with nothing to do is done as it begins", async () => {
    const recovery = await begin(await addWebhook(sql));
    expect(recovery).toMatchObject({ status: "done", total: 0, finished_at: expect.any(String) });
    expect(ctx.afterCommit.recoveries).toEqual([]);
  });

  it("is one at a time for a webhook and a scope, also when several begin at once", async () => {
    const webhook = await addWebhook(sql);
    const other = await addWebhook(sql);
    await addFailed(sql, webhook, { count: 2 });
    await addFailed(sql, other, { count: 2 });
    await addEvents(sql, { count: 1 });
    const asked = await Promise.allSettled(Array.from({ length: 8 }, () => begin(webhook)));
    const [first] = asked.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    expect(asked.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    const refusal = await refusalOf(begin(webhook));
    expect(refusal).toMatchObject({ code: "conflict" });
    expect(refusal.message).toContain(first?.id);
    await begin(webhook, { scope: "missing" });
    await begin(other);
    if (first) await runOut(sql, first, { parallelism: 10 });
    expect(await begin(webhook)).toMatchObject({ status: "done", total: 0 });
  });

  it("is listed newest first, page by page", async () => {
    const webhook = await addWebhook(sql);
    const ids: string[] = [];
    for (let n = 0; n < 3; n += 1) ids.unshift((await begin(webhook)).id);
    await begin(await addWebhook(sql));
    const page = async (query: Record<string, string>) =>
      (await listRecoveries(ctx, { id: webhook, query: new URLSearchParams(query) })).rows.map(
        ({ id }) => id,
      );
    expect(await page({})).toEqual(ids);
    const cursor = Buffer.from(ids[0] ?? "").toString("base64url");
    expect(await page({ cursor, limit: "1" })).toEqual(ids.slice(1));
    expect((await refusalOf(page({ status: "failed" }))).fields).toMatchObject([
      { pointer: "/status" },
    ]);
  });
});

describe("the end of a recovery", () => {
  it.each([
    ["deleted", { state: "deleted" }],
    ["gone", { state: "disabled", disabled_reason: "gone" }],
  ])("comes when its webhook is %s: cancelled, and nothing more is made due", async (_, change) => {
    const webhook = await addWebhook(sql);
    await addFailed(sql, webhook, { count: 25 });
    const recovery = await begin(webhook);
    await step(recovery);
    await sql`update webhook_subscriptions set ${sql(change)}`;
    expect(await step(recovery)).toMatchObject({ status: "cancelled", made: 0 });
    expect(await read(recovery)).toMatchObject({ status: "cancelled", recovered: 10 });
    expect(await step(recovery)).toBeNull();
    expect(await countDeliveries(sql, webhook, "failed")).toBe(15);
  });

  it("can still be read when its webhook is deleted", async () => {
    const webhook = await addWebhook(sql);
    await addFailed(sql, webhook, { count: 5 });
    const recovery = await begin(webhook);
    await deleteWebhook(ctx, webhook);
    await step(recovery);
    expect(await read(recovery)).toMatchObject({ status: "cancelled", recovered: 0 });
  });

  it("by a cancel leaves what was not made due yet, and what was on its way", async () => {
    const webhook = await addWebhook(sql);
    await addFailed(sql, webhook, { count: 25 });
    const recovery = await begin(webhook);
    await step(recovery);
    const named = { webhookId: webhook, recoveryId: recovery.id };
    await cancelRecovery(ctx, named);
    await cancelRecovery(ctx, named);
    expect(await read(recovery)).toMatchObject({
      status: "cancelled",
      recovered: 10,
      finished_at: expect.any(String),
    });
    expect(await step(recovery)).toBeNull();
    expect(await countDeliveries(sql, webhook, "failed")).toBe(15);
    expect(await countDeliveries(sql, webhook, "pending")).toBe(10);
    await deliverAll(sql);
    expect(await runOut(sql, await begin(webhook))).toEqual([10, 5]);
  });

  it("cannot be a cancel once it is done", async () => {
    const webhook = await addWebhook(sql);
    const { id } = await begin(webhook);
    const named = { webhookId: webhook, recoveryId: id };
    expect((await refusalOf(cancelRecovery(ctx, named))).code).toBe("conflict");
  });
});
