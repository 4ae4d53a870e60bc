import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createTestDatabase } from "@/db/testing";
import type { Context } from "@/lib/context";
import { newId } from "@/lib/id";
import { addWebhook, contextOn, recordingAfterCommit, useEnv } from "@/lib/testing";
import { inTransaction } from "@/lib/transaction";
import { emits } from "./emits";
import { registerEventType } from "@/lib/event-types/registered-types";
import { meetingBooked, refusalOf } from "./testing";

useEnv();
const database = await createTestDatabase();
const { sql } = database;
let ctx = contextOn(database, recordingAfterCommit());

beforeAll(async () => {
  await sql`create table meetings (id uuid primary key, title text not null, starts_at timestamptz)`;
  await registerEventType(ctx, meetingBooked);
});
beforeEach(async () => {
  await sql`truncate webhook_subscriptions, events, meetings cascade`;
  ctx = contextOn(database, recordingAfterCommit());
});
afterAll(() => database.close());

type Meeting = { id: string; title: string; starts_at: Date };
const startsAt = new Date("2026-11-23T08:00:00.000Z");

/** A service function of an application that knows nothing of webhooks. */
async function addMeeting({ db }: Context, title: string): Promise<Meeting> {
  const meeting = { id: newId(), title, starts_at: startsAt };
  await db.sql`insert into meetings ${db.sql(meeting)}`;
  return meeting;
}

const bookMeeting = emits(meetingBooked.name, addMeeting, ({ id, title, starts_at }, asked) => ({
  entity_id: id,
  data: { current: { title, starts_at }, changes: asked === title ? [] : ["title"] },
}));

async function counts(): Promise<{ meetings: number; events: number }> {
  const [row] = await sql<{ meetings: number; events: number }[]>`
    select (select count(*)::int from meetings) as meetings,
      (select count(*)::int from events) as events`;
  return row ?? { meetings: -1, events: -1 };
}

describe("what emits", () => {
  it("commits what was done and its event together, and rings then", async () => {
    const webhook = await addWebhook(sql);
    const meeting = await inTransaction(ctx, async (tx) => {
      const booked = await bookMeeting(tx, "Planning");
      expect(await counts()).toEqual({ meetings: 0, events: 0 });
      expect(ctx.afterCommit.rings).toEqual([]);
      return booked;
    });
    expect(await counts()).toEqual({ meetings: 1, events: 1 });
    expect(ctx.afterCommit.rings).toEqual([[webhook]]);
    const [row] = await sql`select body::json as body from events`;
    expect(row?.body).toMatchObject({
      event_type: "calendar.meeting_booked",
      entity_id: meeting.id,
      data: { current: { title: "Planning", starts_at: startsAt.toISOString() } },
    });
  });

  it("leaves neither when the transaction around it is undone", async () => {
    const undone = inTransaction(ctx, async (tx) => {
      await bookMeeting(tx, "Planning");
      throw new Error("the room is gone");
    });
    await expect(undone).rejects.toThrow("the room is gone");
    expect(await counts()).toEqual({ meetings: 0, events: 0 });
    expect(ctx.afterCommit.rings).toEqual([]);
  });

  it("leaves neither when the event does not fit its schema", async () => {
    const refused = inTransaction(ctx, (tx) => bookMeeting(tx, ""));
    expect(await refusalOf(refused)).toBe("validation_failed /data/current/title invalid");
    expect(await counts()).toEqual({ meetings: 0, events: 0 });
  });

  it("tells nothing when the function throws", async () => {
    const failing = emits(
      meetingBooked.name,
      async () => Promise.reject(new Error("no room")),
      () => ({ data: { current: { title: "never" } } }),
    );
    const survived = inTransaction(ctx, async (tx) => {
      await addMeeting(tx, "Lunch");
      await failing(tx).catch(() => {});
    });
    await survived;
    expect(await counts()).toEqual({ meetings: 1, events: 0 });
  });

  it("is of a type that is registered", async () => {
    const act = emits("calendar.unknown", addMeeting, ({ title }) => ({
      data: { current: { title } },
    }));
    const refused = inTransaction(ctx, (tx) => act(tx, "Planning"));
    expect(await refusalOf(refused)).toBe("validation_failed /event_type unknown_type");
  });

  it("needs a transaction", async () => {
    await expect(bookMeeting(ctx, "Planning")).rejects.toThrow("within a transaction");
    expect(await counts()).toEqual({ meetings: 0, events: 0 });
  });
});
