import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { createTestDatabase } from "@/db/testing";
import type { Context } from "@/lib/context";
import { AppError } from "@/lib/errors";
import { originOf, toEventRow, type EventDraft } from "@/lib/events/envelope";
import { recordEvents } from "@/lib/events/record";
import { sampleOf } from "@/lib/event-types/samples";
import { newId } from "@/lib/id";
import { contextOn, recordingAfterCommit, useEnv, type RecordingAfterCommit } from "@/lib/testing";
import { inTransaction } from "@/lib/transaction";
import type { Webhook } from "./schema";
import {
  createWebhook,
  deleteWebhook,
  getWebhook,
  pauseWebhook,
  resumeWebhook,
  rotateSecret,
  updateWebhook,
} from "./service";

useEnv();
const database = await createTestDatabase();
const { sql } = database;
let ctx: Context & { afterCommit: RecordingAfterCommit } = contextOn(
  database,
  recordingAfterCommit(),
);

beforeEach(async () => {
  useEnv();
  await sql`truncate webhook_subscriptions, events cascade`;
  ctx = contextOn(database, recordingAfterCommit());
});
afterAll(() => database.close());

const input = { name: "CI", url: "https://example.com/hook", event_types: ["issue.closed"] };
const create = (changes: object = {}, by: Context = ctx) =>
  createWebhook(by, { ...input, ...changes });
const update = (id: string, changes: object, by: Context = ctx) =>
  updateWebhook(by, { id, input: changes });

async function emit(changes: Partial<EventDraft> = {}, by: Context = ctx): Promise<void> {
  const draft = { ...sampleOf("issue.closed"), entity_id: newId(), ...changes };
  await recordEvents(by, { sql: by.db.sql, events: [toEventRow(draft, originOf(by))] });
}

async function receivers(): Promise<string[]> {
  const rows = await sql`select subscription_id as id from webhook_deliveries order by id`;
  return rows.map(({ id }) => id);
}

async function refusalOf(work: Promise<unknown>): Promise<AppError> {
  const outcome = await work.catch((error: unknown) => error);
  if (outcome instanceof AppError) return outcome;
  throw new Error("it was not refused", { cause: outcome });
}

const pointersOf = async (work: Promise<unknown>) =>
  (await refusalOf(work)).fields.map(({ pointer }) => pointer);

const ada: Pick<Context, "actor" | "key"> = {
  actor: { type: "user", name: "ada", metadata: {} },
  key: "ci",
};

describe("filters", () => {
  it("are shown as they were given, and decide who gets an event", async () => {
    const filters = {
      "current.status": "closed",
      changes: "status",
      priority: ["critical", "high"],
    };
    const webhook = await create({ filters });
    expect(webhook.filters).toEqual(filters);
    await emit();
    expect(await receivers()).toEqual([]);
    await emit({ current: { status: "closed", priority: "high" } });
    expect(await receivers()).toEqual([webhook.id]);
  });

  it("change alone, without other terms of sending, and go with {}", async () => {
    const { id } = await create({ filters: { priority: "critical" } });
    const filters = { priority: "medium" };
    expect(await update(id, { filters })).toMatchObject({ filters, version: 2 });
    await emit();
    expect(await receivers()).toEqual([id]);
    expect(await update(id, { filters: {} })).toMatchObject({ filters: {}, version: 3 });
    const [row] = await sql`select filter_plan, terms from webhook_subscriptions`;
    expect(row).toEqual({ filter_plan: null, terms: 1 });
    expect(ctx.afterCommit.fences).toEqual([]);
  });

  it("stay when other fields change", async () => {
    const { id } = await create({ filters: { priority: "critical" } });
    await update(id, { name: "New", event_types: ["issue.*"] });
    await emit();
    expect(await receivers()).toEqual([]);
  });

  it("must suit the event types, whichever of them changes", async () => {
    const { id } = await create({ filters: { "current.assignee": "ada" } });
    const pointer = "/filters/current.assignee";
    expect(await pointersOf(update(id, { event_types: ["tag.created"] }))).toEqual([pointer]);
    await update(id, { event_types: ["tag.created"], filters: {} });
    expect(await pointersOf(update(id, { filters: { "current.assignee": "ada" } }))).toEqual([
      pointer,
    ]);
    expect(await getWebhook(ctx, id)).toMatchObject({ event_types: ["tag.created"], filters: {} });
  });

  it("may ask for anything of registered types and wildcards of everything", async () => {
    await sql`insert into event_types (name, schema, sample) values ('build.done', '{}', '{}')`;
    const filters = { "current.duration": { gt: 60 } };
    for (const event_types of [["build.done"], ["build.*"], ["*"]])
      expect(await create({ event_types, filters })).toMatchObject({ event_types, filters });
    await sql`truncate event_types`;
  });

  it("with the key __proto__ are not taken for none", async () => {
    const filters: unknown = JSON.parse('{"__proto__":{"priority":"high"}}');
    expect(await pointersOf(create({ filters }))).toEqual(["/filters/__proto__"]);
  });
});

describe("skip_own", () => {
  it("spares a webhook what its actor causes, or its key", async () => {
    const by = { ...ctx, ...ada };
    const ofActor = await create({ skip_own: "actor" }, by);
    const ofKey = await create({ skip_own: "key" }, by);
    expect(ofActor).toMatchObject({ skip_own: "actor", created_by: "user:ada" });
    await emit({}, by);
    expect(await receivers()).toEqual([]);
    await emit({}, { ...by, key: "other" });
    expect(await receivers()).toEqual([ofKey.id]);
    await emit({}, { ...ctx, key: "ci" });
    expect(await receivers()).toEqual([ofKey.id, ofActor.id].toSorted());
  });

  it("stays with who made it, whoever changes it", async () => {
    const { id } = await create({}, { ...ctx, ...ada });
    const changed = await update(id, { skip_own: "key" });
    expect(changed).toMatchObject({ skip_own: "key", created_by: "user:ada", version: 2 });
    expect(await update(id, { skip_own: null })).toMatchObject({ skip_own: null });
  });

  it("is refused where nobody knows whose it is", async () => {
    expect(await pointersOf(create({ skip_own: "key" }))).toEqual(["/skip_own"]);
    const { id } = await create();
    expect(await pointersOf(update(id, { skip_own: "key" }))).toEqual(["/skip_own"]);
    await sql`update webhook_subscriptions set owner_actor = null`;
    expect(await pointersOf(update(id, { skip_own: "actor" }))).toEqual(["/skip_own"]);
  });
});

describe("If-Match", () => {
  const tagged = ({ version }: Webhook, by = ctx) => ({ ...by, ifMatch: `"v${version}-abc"` });

  it("lets a change through of what is as it was, and none other", async () => {
    const webhook = await create();
    const changed = await update(webhook.id, { name: "New" }, tagged(webhook));
    expect(changed).toMatchObject({ name: "New", version: 2 });
    for (const changes of [
      { name: "Newer" },
      { active: false },
      { url: "https://example.com/x" },
    ]) {
      const refusal = await refusalOf(update(webhook.id, changes, tagged(webhook)));
      expect(refusal.code).toBe("precondition_failed");
    }
    expect(await getWebhook(ctx, webhook.id)).toEqual(changed);
    expect((await refusalOf(deleteWebhook(tagged(webhook), webhook.id))).code).toBe(
      "precondition_failed",
    );
    await deleteWebhook(tagged(changed), webhook.id);
  });

  it("lets one of many through that come at once, with all it changes", async () => {
    const webhook = await create();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 8 }, (_, n) =>
        update(webhook.id, { name: `${n}`, active: false }, tagged(webhook)),
      ),
    );
    const done = outcomes.filter(({ status }) => status === "fulfilled");
    expect(done).toMatchObject([{ value: { state: "paused", version: 2 } }]);
    expect(await getWebhook(ctx, webhook.id)).toMatchObject({ version: 2 });
  });

  it("counts what the system changes", async () => {
    const webhook = await create();
    await sql`update webhook_subscriptions set state = 'disabled', disabled_reason = 'failing'`;
    const refusal = await refusalOf(update(webhook.id, { name: "New" }, tagged(webhook)));
    expect(refusal.code).toBe("precondition_failed");
  });
});

describe("many at once", () => {
  it("make no more webhooks than WEBHOOK_MAX", async () => {
    useEnv({ WEBHOOK_MAX: "3" });
    const outcomes = await Promise.allSettled(Array.from({ length: 9 }, () => create()));
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(3);
    expect(await sql`select id from webhook_subscriptions`).toHaveLength(3);
  });

  it("change different fields of one webhook without loss", async () => {
    const { id } = await create();
    const filters = { priority: "high" };
    const changes = [{ name: "New" }, { filters }, { skip_own: "actor" }, { active: false }];
    await Promise.all(changes.map((one) => update(id, one)));
    expect(await getWebhook(ctx, id)).toMatchObject({
      name: "New",
      filters,
      skip_own: "actor",
      state: "paused",
      version: 5,
    });
  });
});

describe("within a transaction of the caller", () => {
  it("everything is done, or nothing, and told when it is committed", async () => {
    const { id } = await create();
    const all = async (inside: Context) => {
      await updateWebhook(inside, { id, input: { name: "New", url: "https://example.com/2" } });
      await pauseWebhook(inside, id);
      await resumeWebhook(inside, id);
      await rotateSecret(inside, { id, input: { overlap_hours: 0 } });
      await createWebhook(inside, { ...input, name: "Second" });
      await deleteWebhook(inside, id);
      expect([ctx.afterCommit.fences, ctx.afterCommit.rings]).toEqual([[], []]);
    };
    const failing = inTransaction(ctx, async (inside) => {
      await all(inside);
      throw new Error("at the end");
    });
    await expect(failing).rejects.toThrow("at the end");
    expect(await getWebhook(ctx, id)).toMatchObject({ name: "CI", version: 1 });
    expect([ctx.afterCommit.fences, ctx.afterCommit.rings]).toEqual([[], []]);
    await inTransaction(ctx, all);
    const rows = await sql`select name, state from webhook_subscriptions order by created_at`;
    expect(rows).toEqual([
      { name: "New", state: "deleted" },
      { name: "Second", state: "active" },
    ]);
    expect(ctx.afterCommit.rings).toEqual([[id]]);
    expect(ctx.afterCommit.fences.at(-1)).toEqual({ webhookId: id, terms: 6 });
  });
});
