import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { createTestDatabase } from "@/db/testing";
import { tagOf } from "@/lib/etag";
import { addWebhook, contextOn, recordingAfterCommit, useEnv } from "@/lib/testing";
import { registerEventType, removeEventType, updateEventType } from "./registered-types";
import { meetingBooked, refusalOf } from "@/lib/events/testing";

useEnv();
const database = await createTestDatabase();
const { sql } = database;
const ctx = contextOn(database, recordingAfterCommit());

beforeEach(() => sql`truncate event_types, webhook_subscriptions cascade`);
afterAll(() => database.close());

const register = (more: Record<string, unknown> = {}) =>
  registerEventType(ctx, { ...meetingBooked, ...more });
const { name } = meetingBooked;

/** Objects in objects, `depth` of them. */
const nested = (depth: number): Record<string, unknown> =>
  depth === 1 ? {} : { not: nested(depth - 1) };

describe("registerEventType", () => {
  it("keeps the type as it was given, and shows an event of it", async () => {
    const shown = await register();
    expect(shown).toMatchObject({
      ...meetingBooked,
      entity: "calendar",
      source: "registered",
      is_subscribable: true,
      example: {
        event_type: name,
        entity_type: "calendar",
        action: "meeting_booked",
        data: { current: meetingBooked.sample, previous: null, changes: [] },
      },
    });
    const [row] = await sql`select schema::text as schema, sample::text as sample from event_types`;
    expect(row).toEqual({
      schema: JSON.stringify(meetingBooked.schema),
      sample: JSON.stringify(meetingBooked.sample),
    });
  });

  it.each([
    "Calendar.booked",
    "calendar",
    "a.b.c",
    "calendar.",
    ".booked",
    "calendar.meeting-booked",
  ])("refuses the name %j", async (name) => {
    expect(await refusalOf(register({ name }))).toContain("/name invalid");
  });

  it.each(["issue.exploded", "system.rebooted", "webhook.test", "project.created"])(
    "leaves %s to Turbo itself",
    async (name) => {
      expect(await refusalOf(register({ name }))).toBe("validation_failed /name invalid");
    },
  );

  it("refuses a name of more than 100 characters", async () => {
    await register({ name: `a.${"b".repeat(98)}` });
    expect(await refusalOf(register({ name: `a.${"b".repeat(99)}` }))).toContain("/name");
  });

  it("refuses a name that is taken", async () => {
    await register();
    expect(await refusalOf(register())).toBe("validation_failed /name taken");
  });

  it.each([
    ["is none", { type: "objekt" }, "/schema/type not_allowed"],
    ["is a list", [], "/schema wrong_type"],
    ["is missing", undefined, "/schema required"],
    ["refers elsewhere", { $ref: "https://example.com" }, "/schema/$ref unknown_reference"],
    ["looks ahead", { pattern: "(?=a)" }, "/schema/pattern invalid_pattern"],
    ["is too large", { enum: ["a".repeat(70_000)] }, "/schema too_large"],
    ["is too deep", nested(33), `/schema${"/not".repeat(31)} too_deep`],
    ["holds NUL", { title: "\u0000" }, "/schema/title invalid"],
  ])("refuses a schema that %s", async (_, schema, refusal) => {
    expect(await refusalOf(register({ schema }))).toBe(`validation_failed ${refusal}`);
  });

  it.each([
    ["lacks what is required", {}, "/sample/title required"],
    ["has too much", { title: "a", more: 1 }, "/sample/more unknown_field"],
    [
      "is of another type",
      { title: 5, room: "x" },
      "/sample/title wrong_type, /sample/room wrong_type",
    ],
    ["is no object", 5, "/sample wrong_type"],
  ])("refuses a sample that %s", async (_, sample, refusal) => {
    expect(await refusalOf(register({ sample }))).toBe(`validation_failed ${refusal}`);
  });

  it("has room for 500 types", async () => {
    await sql`
      insert into event_types (name, schema, sample)
      select 'a.b' || place, '{}', '{}' from generate_series(1, 499) place`;
    const both = await Promise.allSettled([
      register({ name: "calendar.a" }),
      register({ name: "calendar.b" }),
    ]);
    expect(both.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
    expect(await refusalOf(register())).toBe("conflict");
  });
});

describe("updateEventType", () => {
  const update = (input: unknown, id = name) => updateEventType(ctx, { name: id, input });

  it("changes the fields given and no others", async () => {
    const before = await register();
    const after = await update({ description: null });
    expect(after).toEqual({ ...before, description: null, updated_at: after.updated_at });
    expect(await update({})).toEqual(after);
    const sample = { title: "Lunch" };
    expect(await update({ sample })).toMatchObject({ ...meetingBooked, description: null, sample });
  });

  it("refuses a schema that does not accept the sample, and a sample that does not fit", async () => {
    await register();
    const schema = { required: ["host"] };
    expect(await refusalOf(update({ schema }))).toBe("validation_failed /sample/host required");
    expect(await refusalOf(update({ sample: {} }))).toBe(
      "validation_failed /sample/title required",
    );
    expect(await update({ schema, sample: { host: "ada" } })).toMatchObject({ schema });
  });

  it("refuses another name", async () => {
    await register();
    expect(await refusalOf(update({ name: "a.b" }))).toBe("validation_failed /name unknown_field");
  });

  it.each(["calendar.unknown", "", "\u0000"])("finds none by the name %j", async (id) => {
    expect(await refusalOf(update({}, id))).toBe("not_found");
  });

  it("leaves those of the catalogue as they are", async () => {
    expect(await refusalOf(update({}, "issue.created"))).toBe("conflict");
  });
});

describe("If-Match", () => {
  it("lets a change through only when the type is still as it was read", async () => {
    const read = await register();
    const matching = { ...ctx, ifMatch: tagOf(JSON.stringify(read)) };
    const change = { name, input: { description: "Another" } };
    await updateEventType(matching, change);
    expect(await refusalOf(updateEventType(matching, change))).toBe("precondition_failed");
    expect(await refusalOf(removeEventType(matching, name))).toBe("precondition_failed");
    await removeEventType({ ...ctx, ifMatch: "*" }, name);
  });
});

describe("removeEventType", () => {
  it("removes it", async () => {
    await register();
    await removeEventType(ctx, name);
    expect(await refusalOf(removeEventType(ctx, name))).toBe("not_found");
  });

  it("refuses while webhooks name it, and says how many", async () => {
    await register();
    await addWebhook(sql, { event_types: [name, "issue.created"] });
    await addWebhook(sql, { event_types: [name], state: "paused" });
    await expect(removeEventType(ctx, name)).rejects.toThrow("2 webhooks name calendar.meeting");
    await sql`update webhook_subscriptions set state = 'deleted'`;
    await addWebhook(sql, { event_types: ["calendar.*"] });
    await removeEventType(ctx, name);
  });

  it("leaves those of the catalogue as they are", async () => {
    expect(await refusalOf(removeEventType(ctx, "system.backup_completed"))).toBe("conflict");
    expect(await refusalOf(removeEventType(ctx, "\u0000"))).toBe("not_found");
  });
});
