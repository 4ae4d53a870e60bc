import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { createTestDatabase } from "@/db/testing";
import type { Context } from "@/lib/context";
import { AppError } from "@/lib/errors";
import { originOf, toEventRow, type EventDraft } from "@/lib/events/envelope";
import { recordEvents } from "@/lib/events/record";
import { sampleOf } from "@/lib/event-types/samples";
import { newId } from "@/lib/id";
import { contextOn, recordingAfterCommit, useEnv } from "@/lib/testing";
import { describeEvent } from "./event-detail";
import { explainEvent } from "./explain";
import type { Explanation } from "./explanation-schema";
import { createWebhook, deleteWebhook, pauseWebhook, updateWebhook } from "./service";

useEnv();
const database = await createTestDatabase();
const { sql } = database;
let ctx: Context = contextOn(database, recordingAfterCommit());

beforeEach(async () => {
  useEnv();
  await sql`truncate webhook_subscriptions, events cascade`;
  ctx = contextOn(database, recordingAfterCommit());
});
afterAll(() => database.close());

/** A new webhook; answers its id. */
async function add(input: object = {}, by: Context = ctx): Promise<string> {
  const url = "https://example.com/hook";
  return (await createWebhook(by, { name: "CI", url, event_types: ["issue.*"], ...input })).id;
}

/** An issue is closed, unless something else happens; answers the event's id. */
async function emit(changes: Partial<EventDraft> = {}, by: Context = ctx): Promise<string> {
  const draft = { ...sampleOf("issue.closed"), entity_id: newId(), ...changes };
  const event = toEventRow(draft, originOf(by));
  await recordEvents(by, { sql: by.db.sql, events: [event] });
  return event.id;
}

async function explain(id: string, webhook: string): Promise<Explanation> {
  const answer = await explainEvent(ctx, {
    id,
    query: new URLSearchParams({ webhook_id: webhook }),
  });
  if ("one" in answer) return answer.one;
  throw new Error("it is about one webhook");
}

async function explainPage(id: string, query: Record<string, string> = {}): Promise<Explanation[]> {
  const answer = await explainEvent(ctx, { id, query: new URLSearchParams(query) });
  if ("rows" in answer) return answer.rows.map(({ explanation }) => explanation);
  throw new Error("it is about all webhooks");
}

const setDelivery = (row: object) => sql`update webhook_deliveries set ${sql(row)}`;
const disable = (id: string, disabled_reason: string) => sql`
  update webhook_subscriptions set state = 'disabled', disabled_reason = ${disabled_reason}
  where id = ${id}`;
const ended = { next_attempt_at: null, claimed_until: null };
const inAnHour = new Date(Date.now() + 3_600_000);
const notFiltered = { until: null, condition: null };

describe("an event with a delivery", () => {
  it.each([
    [
      "delivered",
      { status: "success", response_code: 204, attempts: 1, ...ended },
      "answered 204 after 1 attempt.",
    ],
    [
      "failed",
      { status: "failed", error_message: "HTTP 500", attempts: 10, ...ended },
      "failed after 10 attempts: HTTP 500",
    ],
    ["cancelled", { status: "cancelled", ...ended }, "It was cancelled"],
    ["waiting", { attempts: 2, claimed_until: inAnHour }, "Attempt 2 is under way."],
    ["waiting", { attempts: 2, claimed_until: new Date(0), error_message: "x" }, "It is due"],
  ])("is %s when it is %j", async (verdict, row, reason) => {
    const webhook = await add();
    const event = await emit();
    await setDelivery(row);
    const [delivery] = await sql`select id from webhook_deliveries`;
    const answer = await explain(event, webhook);
    expect(answer).toMatchObject({ verdict, delivery_id: delivery?.id, webhook_version: 1 });
    expect(answer).toMatchObject({ webhook_id: webhook, webhook_name: "CI", condition: null });
    expect(answer.reason).toContain(reason);
  });

  it("is waiting until its next attempt", async () => {
    const webhook = await add();
    const event = await emit();
    await setDelivery({ attempts: 1, next_attempt_at: inAnHour, error_message: "HTTP 503" });
    const until = inAnHour.toISOString();
    const answer = await explain(event, webhook);
    expect(answer).toMatchObject({ verdict: "waiting", until });
    expect(answer.reason).toBe(
      `It waits until ${until} for attempt 2. The last one failed: HTTP 503`,
    );
  });

  it("is held while the webhook is paused, or disabled for its failures, or nothing is sent", async () => {
    const webhook = await add();
    const event = await emit();
    await pauseWebhook(ctx, webhook);
    expect(await explain(event, webhook)).toMatchObject({
      verdict: "held",
      ...notFiltered,
      reason: "The webhook is paused; it is sent when that is resumed.",
    });
    await disable(webhook, "failing");
    expect(await explain(event, webhook)).toMatchObject({
      verdict: "held",
      ...notFiltered,
      reason: expect.stringContaining("having failed for days"),
    });
    useEnv({ WEBHOOK_ENABLED: "false" });
    expect(await explain(event, webhook)).toMatchObject({
      verdict: "held",
      ...notFiltered,
      reason: "WEBHOOK_ENABLED is false, so nothing is sent.",
    });
  });

  it("is cancelled when the webhook is deleted or gone, as soon as nothing is sent any more", async () => {
    const webhook = await add();
    const event = await emit();
    await disable(webhook, "gone");
    expect(await explain(event, webhook)).toMatchObject({
      verdict: "cancelled",
      reason: "Its receiver answered 410 Gone. It is about to be cancelled.",
    });
    await deleteWebhook(ctx, webhook);
    expect(await explain(event, webhook)).toMatchObject({
      verdict: "cancelled",
      reason: "The webhook is deleted. Nothing more is sent of it.",
    });
  });
});

describe("an event without a delivery", () => {
  const without = { delivery_id: null, until: null };

  it.each([
    [{ priority: "critical" }, "/filters/priority", "critical", ["medium"]],
    [{ priority: { ne: "medium" } }, "/filters/priority/ne", "medium", ["medium"]],
    [{ status: "closed", changes: ["title"] }, "/filters/changes", ["title"], [["status"]]],
    [{ "current.assignee": { ne: null } }, "/filters/current.assignee/ne", null, [null]],
    [{ "current.nothing/x": 1 }, "/filters/current.nothing~1x", 1, []],
    [
      { or: [{ priority: "low" }, { "previous.status": "open", actor: "user:ada" }] },
      "/filters/or",
      [{ priority: "low" }, { "previous.status": "open", actor: "user:ada" }],
      {
        "/filters/or/0/priority": ["medium"],
        "/filters/or/1/previous.status": ["testing"],
        "/filters/or/1/actor": ["user", "unknown"],
      },
    ],
    [
      { not: { priority: "medium" } },
      "/filters/not",
      { priority: "medium" },
      { "/filters/not/priority": ["medium"] },
    ],
  ])("is filtered by %j at %s", async (filters, pointer, condition, found) => {
    const webhook = await add({ event_types: ["*"], filters });
    const event = await emit();
    expect(await explain(event, webhook)).toMatchObject({
      verdict: "filtered",
      ...without,
      webhook_version: 1,
      reason: `The filter is not fulfilled at ${pointer}.`,
      condition: { pointer, condition, found },
    });
  });

  it("is filtered by what it shows too much of, which is cut", async () => {
    const webhook = await add({ event_types: ["*"], filters: { "current.text": "x" } });
    const event = await emit({ current: { text: "long ".repeat(100_000) } });
    const { condition } = await explain(event, webhook);
    expect(JSON.stringify(condition).length).toBeLessThan(1_200);
  });

  it("is judged by the filter that was there then, also when that is changed", async () => {
    const webhook = await add({ filters: { priority: "critical" } });
    const before = await emit();
    await updateWebhook(ctx, { id: webhook, input: { filters: {}, name: "All" } });
    const after = await emit();
    expect(await explain(before, webhook)).toMatchObject({
      verdict: "filtered",
      webhook_version: 1,
      webhook_name: "All",
      condition: { pointer: "/filters/priority", condition: "critical", found: ["medium"] },
    });
    expect(await explain(after, webhook)).toMatchObject({ verdict: "waiting", webhook_version: 2 });
  });

  it("is own when the webhook's actor, or key, has caused it, and the webhook leaves that out", async () => {
    const ada: Context = { ...ctx, key: "ci", actor: { type: "user", name: "ada", metadata: {} } };
    const ofActor = await add({ skip_own: "actor" }, ada);
    const ofKey = await add({ skip_own: "key" }, ada);
    const [byBoth, byActor] = [await emit({}, ada), await emit({}, { ...ada, key: null })];
    expect(await explain(byBoth, ofActor)).toMatchObject({
      verdict: "own",
      ...without,
      reason: "It was caused by user:ada, as the webhook was, and that left such out.",
    });
    expect(await explain(byBoth, ofKey)).toMatchObject({
      verdict: "own",
      ...without,
      reason: expect.stringContaining("the key ci"),
    });
    expect(await explain(byActor, ofKey)).toMatchObject({ verdict: "waiting" });
    expect(await explain(await emit(), ofActor)).toMatchObject({ verdict: "waiting" });
  });

  it("is about the webhook itself", async () => {
    const webhook = await add({ event_types: ["*"] });
    const event = await emit({ ...sampleOf("webhook.failing"), entity_id: webhook });
    expect(await explain(event, webhook)).toMatchObject({ verdict: "about_itself", ...without });
  });

  it("is not subscribed to", async () => {
    const webhook = await add({ event_types: ["issue.created", "tag.*"] });
    expect(await explain(await emit(), webhook)).toMatchObject({
      verdict: "not_subscribed",
      ...without,
      ...notFiltered,
      reason: "issue.closed is not among what it was subscribed to: issue.created, tag.*.",
    });
  });

  it("comes when the webhook is gone, or deleted", async () => {
    const webhook = await add();
    await disable(webhook, "gone");
    const gone = await emit();
    await deleteWebhook(ctx, webhook);
    const deleted = await emit();
    expect(await explain(gone, webhook)).toMatchObject({
      verdict: "disabled",
      ...without,
      webhook_version: 2,
      reason: "The webhook was disabled by then: its receiver had answered 410 Gone.",
    });
    expect(await explain(deleted, webhook)).toMatchObject({
      verdict: "deleted",
      ...without,
      webhook_version: 3,
      reason: "The webhook was deleted by then.",
    });
  });

  it("is older than the webhook", async () => {
    const event = await emit();
    const webhook = await add();
    expect(await explain(event, webhook)).toMatchObject({
      verdict: "older_than_webhook",
      ...without,
      webhook_version: null,
    });
  });

  it("was a test of another webhook", async () => {
    const webhook = await add({ event_types: ["*"] });
    const row = toEventRow(sampleOf("issue.created"), originOf(ctx));
    const tested = toEventRow({ ...sampleOf("webhook.test"), entity_id: newId() }, originOf(ctx));
    await sql`insert into events ${sql([row, tested])}`;
    for (const { id } of [row, tested])
      expect(await explain(id, webhook)).toMatchObject({ verdict: "test", ...without });
  });

  it("should have had one", async () => {
    const webhook = await add({ filters: { status: "closed" } });
    const event = await emit();
    await sql`delete from webhook_deliveries`;
    expect(await explain(event, webhook)).toMatchObject({
      verdict: "missing",
      ...without,
      ...notFiltered,
      webhook_version: 1,
      reason:
        'It should have a delivery, and has none. A recovery with the scope "missing" sends it.',
    });
  });
});

describe("over all webhooks", () => {
  it("answers a page, newest first, of those that are there and those that were", async () => {
    const before = await add({ name: "deleted before" });
    await deleteWebhook(ctx, before);
    await sql`update webhook_subscriptions set created_at = now() - interval '1 hour',
      deleted_at = now() - interval '1 hour'`;
    const first = await add({ name: "first" });
    const since = await add({ name: "deleted since" });
    const event = await emit();
    await deleteWebhook(ctx, since);
    const later = await add({ name: "later" });
    const answers = await explainPage(event);
    expect(answers.map(({ webhook_id, verdict }) => [webhook_id, verdict])).toEqual([
      [later, "older_than_webhook"],
      [since, "cancelled"],
      [first, "waiting"],
    ]);
    const rest = { cursor: Buffer.from(later).toString("base64url"), limit: "1" };
    const page = await explainPage(event, rest);
    expect(page.map(({ webhook_id }) => webhook_id)).toEqual([since, first]);
  });

  it("stands behind the event, whose own text stays as it is", async () => {
    const webhook = await add();
    await add({ event_types: ["tag.*"] });
    const event = await emit();
    const [stored] = await sql`select body from events`;
    const text = await describeEvent(ctx, event);
    expect(text.startsWith(stored?.body.slice(0, -1))).toBe(true);
    const [delivery] = await sql`
      select id, subscription_id as webhook_id, status, attempts, next_attempt_at
      from webhook_deliveries`;
    const { next_attempt_at, ...rest } = delivery ?? {};
    const { deliveries, webhooks, ...own } = JSON.parse(text);
    expect(own).toEqual(JSON.parse(stored?.body));
    expect(deliveries).toEqual([{ ...rest, next_attempt_at: next_attempt_at.toISOString() }]);
    expect(webhooks).toEqual(await explainPage(event));
    expect(webhooks[1]).toMatchObject({ webhook_id: webhook, verdict: "waiting" });
  });

  it.each([
    [{ webhook_id: "x" }, "/webhook_id"],
    [{ webhook: "x" }, "/webhook"],
    [{ limit: "0" }, "/limit"],
    [{ status: "failed" }, "/status"],
  ])("refuses %j at %s", async (query, pointer) => {
    const refusal = await explainPage(await emit(), query).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(AppError);
    expect(refusal).toMatchObject({ fields: [{ pointer }] });
  });

  it("finds no event and no webhook that is not there", async () => {
    const event = await emit();
    for (const id of [newId(), "nonsense"]) {
      await expect(explainPage(id)).rejects.toMatchObject({ code: "not_found" });
      await expect(describeEvent(ctx, id)).rejects.toMatchObject({ code: "not_found" });
    }
    await expect(explain(event, newId())).rejects.toMatchObject({ code: "not_found" });
  });
});
