import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { createTestDatabase } from "@/db/testing";
import { newId } from "@/lib/id";
import { addWebhook, contextOn, recordingAfterCommit, useEnv } from "@/lib/testing";
import { installationId } from "./installation";
import { postEvents } from "./post-events";
import { registerEventType, updateEventType } from "@/lib/event-types/registered-types";
import { meetingBooked, refusalOf } from "./testing";

useEnv();
const database = await createTestDatabase();
const { sql } = database;
let ctx = contextOn(database, recordingAfterCommit());

beforeEach(async () => {
  await sql`truncate event_types, webhook_subscriptions, events cascade`;
  ctx = contextOn(database, recordingAfterCommit());
  await registerEventType(ctx, meetingBooked);
});
afterAll(() => database.close());

const meeting = (more: Record<string, unknown> = {}, data: Record<string, unknown> = {}) => ({
  event_type: meetingBooked.name,
  data: { current: { title: "Planning" }, ...data },
  ...more,
});

async function post(input: unknown) {
  return JSON.parse((await postEvents(ctx, input)).text);
}
async function countEvents(): Promise<number> {
  const [row] = await sql<{ count: number }[]>`select count(*)::int from events`;
  return row?.count ?? 0;
}

describe("an event", () => {
  it("is recorded with what is left out filled in", async () => {
    ctx = { ...ctx, actor: { type: "ai", name: "claude", metadata: {} }, key: "ci" };
    const event = await post(meeting());
    expect(event).toEqual({
      event_id: expect.any(String),
      event_type: "calendar.meeting_booked",
      timestamp: expect.any(String),
      entity_type: "calendar",
      entity_id: expect.any(String),
      action: "meeting_booked",
      actor: { type: "ai", name: "claude", metadata: { change_id: expect.any(String), key: "ci" } },
      data: { current: { title: "Planning" }, previous: null, changes: [] },
      context: { project_id: null, milestone_id: null, initiative_id: null, issue_id: null },
      entity_version: 1,
    });
    const [row] = await sql`select id, body, actor, actor_key from events`;
    expect(row).toMatchObject({ id: event.event_id, actor: "ai:claude", actor_key: "ci" });
    expect(JSON.parse(row?.body)).toEqual(event);
  });

  it("is what it says of itself", async () => {
    const given = {
      entity_type: "meeting",
      entity_id: newId(),
      entity_version: 7,
      data: {
        current: { title: "Planning", room: 12 },
        previous: { room: null },
        changes: ["room"],
      },
      context: { project_id: newId(), issue_id: null },
      actor: { type: "user", name: "ada", metadata: { from: "calendar" } },
    };
    expect(await post(meeting(given))).toMatchObject({
      ...given,
      context: { ...given.context, milestone_id: null },
    });
  });

  it("is delivered to whoever names its type, a wildcard of it or everything", async () => {
    const asked = [["calendar.meeting_booked"], ["calendar.*"], ["*"], ["issue.*"]];
    const webhooks = [];
    for (const event_types of asked) webhooks.push(await addWebhook(sql, { event_types }));
    await post(meeting());
    const rows = await sql<{ id: string }[]>`select subscription_id as id from webhook_deliveries`;
    expect(rows.map(({ id }) => id).toSorted()).toEqual(webhooks.slice(0, 3).toSorted());
    expect(ctx.afterCommit.rings).toEqual([webhooks.slice(0, 3).toSorted()]);
  });

  it("of more than 256 KiB is told thin and kept whole", async () => {
    await updateEventType(ctx, { name: meetingBooked.name, input: { schema: {} } });
    const notes = "a".repeat(300_000);
    const event = await post(meeting({}, { current: { notes } }));
    expect(event.data.current).toEqual({ notes });
    const [row] = await sql`select body from events`;
    expect(JSON.parse(row?.body)).toMatchObject({ is_thin: true, event_id: event.event_id });
  });

  it("carries on the chain of what caused it", async () => {
    const cause = { id: newId(), rootId: newId(), depth: 3 };
    ctx = { ...ctx, cause };
    const event = await post(meeting());
    expect(event.actor.metadata).toMatchObject({ cause_id: cause.id, depth: 3 });
    expect(await sql`select cause_id, root_id, depth from events`).toEqual([
      { cause_id: cause.id, root_id: cause.rootId, depth: 3 },
    ]);
  });

  it.each([
    ["has no type", { event_type: undefined }, "/event_type required"],
    ["is of no known type", { event_type: "calendar.unknown" }, "/event_type unknown_type"],
    [
      "is of a type that Turbo tells of",
      { event_type: "issue.created" },
      "/event_type not_allowed",
    ],
    ["is of a type with NUL", { event_type: "a.\u0000" }, "/event_type invalid"],
    ["has no data", { data: undefined }, "/data required"],
    ["has no current", { data: {} }, "/data/current required"],
    ["has a list for current", { data: { current: [] } }, "/data/current wrong_type"],
    [
      "does not fit its schema",
      { data: { current: { room: "x" } } },
      "/data/current/title required, /data/current/room wrong_type",
    ],
    ["holds NUL", { data: { current: { title: "\u0000" } } }, "/data/current/title invalid"],
    [
      "holds half a pair",
      { actor: { type: "ai", name: "a", metadata: { b: "\udc00" } } },
      "/actor/metadata/b invalid",
    ],
    [
      "has a prototype",
      { data: JSON.parse('{"current":{"title":"a","__proto__":{}}}') },
      "/data/current not_allowed",
    ],
    ["has no UUID for an id", { entity_id: "5" }, "/entity_id invalid"],
    ["has version 0", { entity_version: 0 }, "/entity_version invalid"],
    ["has too great a version", { entity_version: 2 ** 31 }, "/entity_version invalid"],
    ["has an entity of two words", { entity_type: "a b" }, "/entity_type invalid"],
    [
      "has an actor of another kind",
      { actor: { type: "dog", name: "rex" } },
      "/actor/type not_allowed",
    ],
    [
      "says where it was in other words",
      { context: { team_id: newId() } },
      "/context/team_id unknown_field",
    ],
    ["has a field of its own", { note: 1 }, "/note unknown_field"],
  ])("that %s is refused", async (_, more, refusal) => {
    expect(await refusalOf(post(meeting(more)))).toBe(`validation_failed ${refusal}`);
    expect(await countEvents()).toBe(0);
  });

  it.each([null, 5, "text", undefined])("is not %j", async (input) => {
    expect(await refusalOf(post(input))).toMatch(/^validation_failed/);
  });

  it("is checked against the schema as it is now", async () => {
    await post(meeting());
    const schema = { required: ["host"] };
    const sample = { host: "ada" };
    await updateEventType(ctx, { name: meetingBooked.name, input: { schema, sample } });
    expect(await refusalOf(post(meeting()))).toBe("validation_failed /data/current/host required");
    await post(meeting({}, { current: sample }));
  });
});

describe("an event about the installation that others tell of", () => {
  it("is of this installation, unless it says otherwise", async () => {
    const data = { current: { location: "s3://backups" } };
    const event = await post({ event_type: "system.backup_completed", data });
    expect(event).toMatchObject({
      entity_type: "system",
      data,
      entity_id: await installationId(sql),
    });
    const entity_id = newId();
    const other = await post({ event_type: "system.backup_completed", entity_id, data });
    expect(other.entity_id).toBe(entity_id);
  });

  it("fits its schema", async () => {
    const asked = post({ event_type: "system.ai_analysis_complete", data: { current: {} } });
    expect(await refusalOf(asked)).toBe("validation_failed /data/current/summary required");
  });

  it.each(["system.daily_digest", "system.loop_detected"])("is not %s", async (event_type) => {
    expect(await refusalOf(post(meeting({ event_type })))).toContain("/event_type not_allowed");
  });
});

describe("many events", () => {
  const many = (count: number) =>
    Array.from({ length: count }, (_, place) => meeting({}, { current: { title: `${place}` } }));

  it("are recorded and answered in the order given", async () => {
    await addWebhook(sql);
    const events: { data: { current: { title: string } } }[] = await post(many(100));
    expect(events.map(({ data }) => data.current.title)).toEqual(
      Array.from({ length: 100 }, (_, place) => `${place}`),
    );
    const rows = await sql<{ body: string }[]>`select body from events order by id`;
    expect(rows.map(({ body }) => JSON.parse(body))).toEqual(events);
    expect(await sql`select id from webhook_deliveries`).toHaveLength(100);
    expect(ctx.afterCommit.rings).toHaveLength(1);
  });

  it.each([
    [[], " invalid"],
    [many(101), " invalid"],
  ])("are 1 to 100", async (input, refusal) => {
    expect(await refusalOf(post(input))).toBe(`validation_failed ${refusal}`);
  });

  it("are all refused when one is, each wrong field by its pointer", async () => {
    const input = [
      meeting(),
      meeting({ event_type: "calendar.unknown" }),
      meeting({}, { current: { title: "", room: 1.5 } }),
    ];
    expect(await refusalOf(post(input))).toBe(
      "validation_failed /1/event_type unknown_type, /2/data/current/title invalid, /2/data/current/room wrong_type",
    );
    const unreadable = [meeting(), meeting({}, { current: { title: "\u0000" } })];
    expect(await refusalOf(post(unreadable))).toContain("/1/data/current/title invalid");
    expect(await countEvents()).toBe(0);
  });

  it("have at most 100 errors to tell", async () => {
    const wrong = meeting({}, { current: { room: "x" } });
    const refusal = await refusalOf(post(Array.from({ length: 100 }, () => wrong)));
    expect(refusal.split(", ")).toHaveLength(100);
  });

  it("may be of several types and actors", async () => {
    await registerEventType(ctx, { ...meetingBooked, name: "terminal.opened" });
    const actor = { type: "user", name: "ada" };
    const events = await post([meeting({ actor }), meeting({ event_type: "terminal.opened" })]);
    expect(events).toMatchObject([
      { event_type: "calendar.meeting_booked", actor },
      { event_type: "terminal.opened", actor: { name: "unknown" } },
    ]);
  });
});
