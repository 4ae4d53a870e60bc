import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { createTestDatabase } from "@/db/testing";
import type { Context } from "@/lib/context";
import { originOf, toEventRow } from "@/lib/events/envelope";
import { recordEvents } from "@/lib/events/record";
import { sampleOf } from "@/lib/event-types/samples";
import { newId } from "@/lib/id";
import { contextOn, recordingAfterCommit, useEnv } from "@/lib/testing";
import { inTransaction } from "@/lib/transaction";
import { explainEvent } from "./explain";
import type { Explanation } from "./explanation-schema";
import { createWebhook, deleteWebhook, updateWebhook } from "./service";

useEnv();
const database = await createTestDatabase();
const { sql } = database;
let ctx: Context = contextOn(database, recordingAfterCommit());

beforeEach(async () => {
  await sql`truncate webhook_subscriptions, events cascade`;
  ctx = contextOn(database, recordingAfterCommit());
});
afterAll(() => database.close());

const isWanted = { filters: { "current.status": "closed" } };
const isUnwanted = { filters: { "current.status": "open" } };

async function add(input: object, by = ctx): Promise<string> {
  const url = "https://example.com/hook";
  return (await createWebhook(by, { name: "CI", url, event_types: ["issue.*"], ...input })).id;
}

async function emit(by = ctx, at = new Date()): Promise<string> {
  const event = toEventRow({ ...sampleOf("issue.closed"), entity_id: newId() }, originOf(by, at));
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

/** Does `during` while a transaction that has done `work` is still open. */
async function whileOpen<T>(
  work: (inside: Context) => Promise<unknown>,
  during: () => Promise<T>,
): Promise<T> {
  return inTransaction(ctx, async (inside) => {
    await work(inside);
    return during();
  });
}

describe("a webhook that changes while an event is written", () => {
  it("counts as it was while its change is not committed", async () => {
    const webhook = await add(isUnwanted);
    const event = await whileOpen(
      (inside) => updateWebhook(inside, { id: webhook, input: isWanted }),
      () => emit(),
    );
    expect(await explain(event, webhook)).toMatchObject({
      verdict: "filtered",
      webhook_version: 1,
      delivery_id: null,
    });
    const next = await emit();
    expect(await explain(next, webhook)).toMatchObject({ verdict: "waiting", webhook_version: 2 });
  });

  it("is not there while its creation is not committed", async () => {
    let webhook = "";
    const event = await whileOpen(
      async (inside) => (webhook = await add(isWanted, inside)),
      () => emit(),
    );
    expect(await explain(event, webhook)).toMatchObject({ verdict: "older_than_webhook" });
  });

  it("counts as it was when the event was matched, not when that was committed", async () => {
    const webhook = await add(isUnwanted);
    let event = "";
    await whileOpen(
      async (inside) => (event = await emit(inside)),
      () => updateWebhook(ctx, { id: webhook, input: isWanted }),
    );
    expect(await explain(event, webhook)).toMatchObject({
      verdict: "filtered",
      webhook_version: 1,
    });
  });

  it("counts as it was when it is deleted just after", async () => {
    const webhook = await add(isUnwanted);
    const event = await whileOpen(
      (inside) => deleteWebhook(inside, webhook),
      () => emit(),
    );
    expect(await explain(event, webhook)).toMatchObject({ verdict: "filtered" });
    expect(await explain(await emit(), webhook)).toMatchObject({ verdict: "deleted" });
  });

  it("is told apart for all of many that change, come and go at once", async () => {
    const webhooks = await Promise.all([isWanted, isUnwanted, isWanted].map((one) => add(one)));
    const [first = "", second = "", third = ""] = webhooks;
    let isOver = false;
    const change = async (id: string) => {
      for (let turn = 0; !isOver; turn++)
        await updateWebhook(ctx, { id, input: turn % 2 ? isWanted : isUnwanted });
    };
    const events: string[] = [];
    const write = async () => {
      for (let turn = 0; turn < 60; turn++) events.push(await emit());
    };
    const comeAndGo = async () => {
      while (!isOver) {
        const id = await add(isWanted);
        webhooks.push(id);
        await deleteWebhook(ctx, id);
      }
    };
    const changing = [change(first), change(second), change(third), comeAndGo()];
    await Promise.all([write(), write()]);
    isOver = true;
    await Promise.all(changing);
    // Without its delivery, only what the webhook was then can tell that there should be one.
    const delivered = await sql`
      delete from webhook_deliveries returning event_id || ' ' || subscription_id as pair`;
    const told = new Set<unknown>();
    for (const event of events)
      for (const webhook of webhooks)
        if ((await explain(event, webhook)).verdict === "missing") told.add(`${event} ${webhook}`);
    expect(told).toEqual(new Set(delivered.map(({ pair }) => pair)));
    expect(told.size).toBeGreaterThan(0);
  });
});

describe("more than a minute apart", () => {
  const past = (minutes: number) => new Date(Date.now() - minutes * 60_000);
  const setRevisionTime = (at: Date) => sql`update webhook_revisions set created_at = ${at}`;

  it("times alone count: after a move to another server transactions are others", async () => {
    const webhook = await add(isUnwanted);
    const event = await emit();
    const elsewhere = "update events set seen = '1:1:'";
    await sql.unsafe(elsewhere);
    await setRevisionTime(past(2));
    expect(await explain(event, webhook)).toMatchObject({ verdict: "filtered" });
    await sql`update webhook_revisions set made_by = '1', created_at = now() + interval '2 minutes'`;
    expect(await explain(event, webhook)).toMatchObject({ verdict: "older_than_webhook" });
  });

  it("and of events from before that was noted", async () => {
    const webhook = await add(isUnwanted);
    const event = await emit();
    await sql`update events set seen = null`;
    await setRevisionTime(past(0.1));
    expect(await explain(event, webhook)).toMatchObject({ verdict: "filtered" });
    await setRevisionTime(past(-0.1));
    expect(await explain(event, webhook)).toMatchObject({ verdict: "older_than_webhook" });
  });
});
