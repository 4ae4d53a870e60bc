import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { getTableColumns } from "drizzle-orm";
import { events as eventsTable } from "@/db/schema";
import { createTestDatabase } from "@/db/testing";
import { newId } from "@/lib/id";
import { addWebhook, contextOn, recordingAfterCommit } from "@/lib/testing";
import { toEventRow, type EventRow } from "./envelope";
import { commitChange } from "./record";

const database = await createTestDatabase();
const { sql } = database;
let ctx = contextOn(database, recordingAfterCommit());

beforeAll(() => sql`create table things (id int primary key)`);
beforeEach(async () => {
  await sql`truncate webhook_subscriptions, events, things cascade`;
  ctx = contextOn(database, recordingAfterCommit());
});
afterAll(() => database.close());

function eventOf(type: string, current: Record<string, unknown> = {}): EventRow {
  const entity_type = type.split(".")[0] ?? "";
  return toEventRow(
    {
      type,
      entity_type,
      entity_id: newId(),
      entity_version: 1,
      current,
      previous: null,
      changes: [],
      context: {},
    },
    { actor: { type: "user", name: "ada", metadata: {} }, at: new Date(), baseUrl: "" },
  );
}

const insertThing = (id: number) => sql`insert into things (id) values (${id}) returning id`;

/** Commits one new thing, with these events. */
function commit(events: EventRow[], { id = 1, expected = 1 } = {}): Promise<boolean> {
  return commitChange(ctx, { sql, writes: [insertThing(id)], expected, events });
}

async function receivers(): Promise<{ webhook: string; type: string }[]> {
  return sql`
    select subscription_id as webhook, event_type as type from webhook_deliveries
    order by event_type, subscription_id`;
}

it("writes each value of an event into the column of its name, and leaves no column out", async () => {
  const event: EventRow = {
    ...eventOf("issue.created"),
    entity_version: 7,
    whole_body: '{"whole":true}',
    actor: "ai:claude",
    actor_key: "a key",
    cause_id: newId(),
    root_id: newId(),
    depth: 3,
  };
  await commit([event]);
  const [row] = await sql`select * from events`;
  const { seen, ...stored } = row ?? {};
  expect(seen).toMatch(/^\d+:\d+:/);
  expect(stored).toEqual(event);
  expect(Object.keys(row ?? {}).toSorted()).toEqual(
    Object.keys(getTableColumns(eventsTable)).toSorted(),
  );
});

describe("who gets a delivery", () => {
  it.each([
    [["issue.created"], true],
    [["issue.*"], true],
    [["*"], true],
    [["project.created", "issue.created"], true],
    [["issue.updated"], false],
    [["project.*"], false],
    [["issue"], false],
    [["created"], false],
  ])("is, of an issue.created, a webhook of %o: %s", async (event_types, isMatch) => {
    const webhook = await addWebhook(sql, { event_types });
    await commit([eventOf("issue.created")]);
    expect(await receivers()).toEqual(isMatch ? [{ webhook, type: "issue.created" }] : []);
  });

  it.each([
    ["active", null, true],
    ["paused", null, true],
    ["disabled", "failures", true],
    ["disabled", null, true],
    ["disabled", "gone", false],
    ["deleted", null, false],
  ] as const)("is, when %s (%s): %s", async (state, disabled_reason, isServed) => {
    const webhook = await addWebhook(sql, { state, disabled_reason });
    await commit([eventOf("issue.created")]);
    expect(await receivers()).toEqual(isServed ? [{ webhook, type: "issue.created" }] : []);
  });

  it("is each webhook once for each event, however many of its patterns match", async () => {
    await addWebhook(sql, { event_types: ["*", "issue.*", "issue.created"] });
    await commit([eventOf("issue.created"), eventOf("issue.created"), eventOf("project.created")]);
    expect((await receivers()).map(({ type }) => type)).toEqual([
      "issue.created",
      "issue.created",
      "project.created",
    ]);
  });

  it("is never the webhook that the event speaks of", async () => {
    const [subject, other] = [await addWebhook(sql), await addWebhook(sql)];
    await commit([{ ...eventOf("webhook.disabled"), entity_id: subject }]);
    expect(await receivers()).toEqual([{ webhook: other, type: "webhook.disabled" }]);
  });

  it("writes deliveries that are pending, untried and due at once", async () => {
    await addWebhook(sql);
    await commit([eventOf("issue.created")]);
    const [row] = await sql`select *, next_attempt_at <= clock_timestamp() as is_due
      from webhook_deliveries`;
    expect(row).toMatchObject({
      status: "pending",
      attempts: 0,
      trigger: "automatic",
      is_due: true,
      claimed_until: null,
      steps_used: 0,
    });
  });
});

describe("all or nothing", () => {
  it("stores the change, its events in order and their deliveries", async () => {
    await addWebhook(sql);
    const events = [eventOf("issue.updated"), eventOf("issue.closed")];
    expect(await commit(events)).toBe(true);
    const stored = await sql`select id, type from events order by id`;
    expect(stored.map(({ type }) => type)).toEqual(["issue.updated", "issue.closed"]);
    expect(await sql`select * from things`).toHaveLength(1);
    expect(await receivers()).toHaveLength(2);
  });

  it("records nothing when the write fails", async () => {
    await addWebhook(sql);
    await insertThing(1);
    await expect(commit([eventOf("issue.created")], { id: 1 })).rejects.toThrow(/duplicate key/);
    expect(await sql`select id from events`).toHaveLength(0);
    expect(await receivers()).toEqual([]);
    expect(ctx.afterCommit.rings).toEqual([]);
  });

  it("undoes the write when an event cannot be recorded", async () => {
    await addWebhook(sql);
    const event = eventOf("issue.created");
    await expect(commit([event, { ...event }])).rejects.toThrow(/duplicate key/);
    expect(await sql`select * from things`).toHaveLength(0);
    expect(ctx.afterCommit.rings).toEqual([]);
  });

  it("records and rings nothing, and says so, when fewer rows were written than expected", async () => {
    await addWebhook(sql);
    const writes = [sql`update things set id = id where id = 99 returning id`];
    const events = [eventOf("issue.updated")];
    expect(await commitChange(ctx, { sql, writes, expected: 1, events })).toBe(false);
    expect(await sql`select id from events`).toHaveLength(0);
    expect(await receivers()).toEqual([]);
    expect(ctx.afterCommit.rings).toEqual([]);
  });

  it("lets a write build on the rows of one before it", async () => {
    const writes = [
      insertThing(1),
      sql`update things set id = 2 from write_0 where false returning 1`,
    ];
    const events = [eventOf("issue.created")];
    expect(await commitChange(ctx, { sql, writes, expected: 2, events })).toBe(false);
    expect(await sql`select id from events`).toHaveLength(0);
  });

  it("adds up the rows of several writes", async () => {
    const writes = [insertThing(1), insertThing(2)];
    const events = [eventOf("issue.created")];
    expect(await commitChange(ctx, { sql, writes, expected: 2, events })).toBe(true);
    expect(await sql`select id from events`).toHaveLength(1);
  });
});

describe("the text", () => {
  it("is stored to the byte", async () => {
    const current = { z: 1, a: [1e21, 0.1, '\\ " \n ö 😀 </script> \u2028'], 10: "x", 2: null };
    const event = eventOf("issue.created", current);
    await commit([event]);
    const [row] = await sql`select body, whole_body, created_at from events`;
    expect(row).toEqual({ body: event.body, whole_body: null, created_at: event.created_at });
  });

  it("is stored thin and whole when it is large", async () => {
    const event = eventOf("issue.created", { text: "x".repeat(300 * 1024) });
    await commit([event]);
    const [row] = await sql`select body, whole_body from events`;
    expect(row).toEqual({ body: event.body, whole_body: event.whole_body });
  });
});

describe("the ring", () => {
  it("is for exactly the lanes that got a delivery, once, and after the commit", async () => {
    const first = await addWebhook(sql);
    const second = await addWebhook(sql, { event_types: ["issue.closed"] });
    await addWebhook(sql, { event_types: ["project.*"] });
    const seen: Promise<unknown>[] = [];
    const post = recordingAfterCommit();
    const ring = (webhookIds: string[]) => {
      post.ring(webhookIds);
      seen.push(receivers());
    };
    const events = [eventOf("issue.updated"), eventOf("issue.closed")];
    const writes = [insertThing(1)];
    const ringing = { ...ctx, afterCommit: { ...post, ring } };
    await commitChange(ringing, { sql, writes, expected: 1, events });
    expect(post.rings).toEqual([[first, second].toSorted()]);
    expect(await seen[0]).toHaveLength(3);
  });

  it("is not for an event that nobody wants", async () => {
    await addWebhook(sql, { event_types: ["project.*"] });
    await commit([eventOf("issue.created")]);
    expect(ctx.afterCommit.rings).toEqual([]);
  });
});
