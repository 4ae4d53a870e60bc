import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { createTestDatabase } from "@/db/testing";
import { addWebhook, contextOn, recordingAfterCommit, useEnv } from "@/lib/testing";
import { noteBacklog, emitDatabaseAway } from "./health-events";
import { installationId } from "./installation";

useEnv();
const database = await createTestDatabase();
const { sql } = database;
let ctx = contextOn(database, recordingAfterCommit());

beforeEach(async () => {
  await sql`truncate webhook_subscriptions, events cascade`;
  await sql`delete from installation where key in ('database_away', 'backlog')`;
  ctx = contextOn(database, recordingAfterCommit());
});
afterAll(() => database.close());

/** A time of the day on which these tests play, "10:00:00". */
const at = (time: string) => new Date(`2026-11-23T${time}Z`);

/** What the events so far show, oldest first. */
async function readTold(): Promise<Record<string, unknown>[]> {
  const rows = await sql<{ body: string }[]>`
    select body from events where type = 'system.health_check_failed' order by id`;
  return rows.map(({ body }) => JSON.parse(body).data.current);
}

describe("emitDatabaseAway", () => {
  const tell = (since: string, until: string) =>
    emitDatabaseAway(ctx, { since: at(since), until: at(until) });

  it("says since when and until when, to whoever wants to hear it", async () => {
    const wants = await addWebhook(sql, { event_types: ["system.health_check_failed"] });
    expect(await tell("10:00:00", "10:00:31.4")).toBe(true);
    expect(await readTold()).toEqual([
      {
        id: await installationId(sql),
        reason: "database_away",
        since: "2026-11-23T10:00:00.000Z",
        until: "2026-11-23T10:00:31.400Z",
        detail: "The database could not be reached for 31 s.",
      },
    ]);
    expect(ctx.afterCommit.rings).toEqual([[wants]]);
  });

  it("is told once by several processes that saw the same outage", async () => {
    const telling = [1, 2, 3, 4].map((n) => tell(`10:00:0${n}`, `10:00:3${n}`));
    expect((await Promise.all(telling)).filter(Boolean)).toHaveLength(1);
    // One that was back a little sooner than the one that told, and one much later than that.
    expect(await tell("10:00:00", "10:00:30")).toBe(false);
    expect(await tell("10:00:05", "10:04:00")).toBe(false);
  });

  it("is told again of another outage, save within a minute", async () => {
    expect(await tell("10:00:00", "10:00:10")).toBe(true);
    expect(await tell("10:00:50", "10:01:05")).toBe(false);
    expect(await tell("10:01:20", "10:01:30")).toBe(true);
  });

  it("is told when the last one lies in a future that a wrong clock knew", async () => {
    expect(await tell("20:00:00", "20:00:10")).toBe(true);
    expect(await tell("10:00:00", "10:00:10")).toBe(true);
  });
});

describe("noteBacklog", () => {
  const note = (time: string, oldest: string | null) =>
    noteBacklog(ctx, { now: at(time), oldestDueAt: oldest === null ? null : at(oldest) });

  it("tells of one that is older than five minutes and still so a minute later, once", async () => {
    expect(await note("10:05:00", "10:00:00")).toBe(false);
    expect(await note("10:05:01", "10:00:00")).toBe(false);
    expect(await note("10:05:26", "10:00:10")).toBe(false);
    expect(await note("10:06:01", "10:00:20")).toBe(true);
    expect(await note("10:06:26", "10:00:30")).toBe(false);
    expect(await readTold()).toEqual([
      {
        id: await installationId(sql),
        reason: "backlog",
        since: "2026-11-23T10:00:20.000Z",
        until: null,
        detail: "The oldest due delivery waits for 341 s.",
      },
    ]);
  });

  it("tells again only after it was under a minute", async () => {
    await note("10:06:00", "10:00:00");
    expect(await note("10:07:00", "10:00:00")).toBe(true);
    await note("10:08:00", "10:06:59");
    await note("10:20:00", "10:10:00");
    expect(await note("10:22:00", "10:10:00")).toBe(false);
    await note("10:23:00", "10:22:01");
    await note("10:30:00", "10:24:00");
    expect(await note("10:31:00", "10:24:00")).toBe(true);
    expect(await readTold()).toHaveLength(2);
  });

  it("says nothing of what is worked off within a minute, however long it was held before", async () => {
    expect(await note("10:00:00", "01:00:00")).toBe(false);
    expect(await note("10:00:50", null)).toBe(false);
    expect(await note("12:00:00", "01:00:00")).toBe(false);
  });

  it("tells once when several processes look at the same time", async () => {
    await note("10:06:00", "10:00:00");
    const looks = [1, 2, 3, 4].map(() => note("10:07:00", "10:00:00"));
    expect((await Promise.all(looks)).filter(Boolean)).toHaveLength(1);
  });
});
