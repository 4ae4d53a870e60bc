import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestDatabase } from "@/db/testing";
import { catalogue } from "@/lib/event-types/catalogue";
import { registerEventType } from "@/lib/event-types/registered-types";
import { meetingBooked, refusalOf } from "@/lib/events/testing";
import { contextOn, recordingAfterCommit, useEnv } from "@/lib/testing";
import { getEventType, listEventTypes } from "./event-types";

useEnv();
const database = await createTestDatabase();
const ctx = contextOn(database, recordingAfterCommit());

beforeAll(async () => {
  await registerEventType(ctx, meetingBooked);
  await registerEventType(ctx, { ...meetingBooked, name: "calendar.opened" });
});
afterAll(() => database.close());

const list = (query: string) => listEventTypes(ctx, new URLSearchParams(query));

/** The names of every page, one after the other. */
async function walk(query: string): Promise<string[]> {
  const names: string[] = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    const page = await list(cursor ? `${query}&cursor=${cursor}` : query);
    names.push(...page.rows.map(({ name }) => name));
    cursor = page.next;
  }
  return names;
}

describe("listEventTypes", () => {
  it("shows all there are, by name, page by page", async () => {
    const types: string[] = catalogue.map(({ type }) => type);
    const all = [...types, meetingBooked.name, "calendar.opened"].toSorted();
    expect(await walk("limit=100")).toEqual(all);
    expect(await walk("limit=7")).toEqual(all);
  });

  it.each([
    ["source=registered", ["calendar.meeting_booked", "calendar.opened"]],
    ["name=calendar.*", ["calendar.meeting_booked", "calendar.opened"]],
    ["name=calendar.opened", ["calendar.opened"]],
    ["name=tag.applied", ["tag.applied"]],
    ["name=tag.applied&source=registered", []],
    ["name=calendar.unknown", []],
  ])("is narrowed by %s", async (query, names) => {
    expect(await walk(query)).toEqual(names);
  });

  it.each([
    ["source=mine", "/source not_allowed"],
    ["name=calendar", "/name invalid"],
    ["cursor=?", "/cursor invalid"],
    ["limit=0", "/limit invalid"],
    ["colour=red", "/colour unknown_parameter"],
  ])("refuses %s", async (query, refusal) => {
    const asked = list(query);
    expect(await refusalOf(asked)).toBe(`validation_failed ${refusal}`);
  });
});

describe("getEventType", () => {
  it.each(["issue.created", "webhook.test", meetingBooked.name])(
    "shows %s with an event of it",
    async (name) => {
      const shown = await getEventType(ctx, name);
      expect(shown).toMatchObject({
        name,
        is_subscribable: name !== "webhook.test",
        example: { event_type: name, data: { current: shown.sample } },
      });
      expect(await getEventType(ctx, name)).toEqual(shown);
    },
  );

  it.each(["calendar.unknown", "", "\u0000"])("finds none by the name %j", async (name) => {
    expect(await refusalOf(getEventType(ctx, name))).toBe("not_found");
  });
});
