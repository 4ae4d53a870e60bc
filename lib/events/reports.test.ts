import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { createTestDatabase } from "@/db/testing";
import { newId } from "@/lib/id";
import { addWebhook, contextOn, recordingAfterCommit, useEnv } from "@/lib/testing";
import { installationId } from "./installation";
import { lastEnd, emitReport, type Report } from "./reports";

useEnv();
const database = await createTestDatabase();
const { sql } = database;
let ctx = contextOn(database, recordingAfterCommit());

beforeEach(async () => {
  await sql`truncate webhook_subscriptions, events, issues cascade`;
  await sql`delete from installation where key in ('daily_digest', 'weekly_report')`;
  ctx = contextOn(database, recordingAfterCommit());
});
afterAll(() => database.close());

/** 2026-11-23 is a Monday. */
const on = (text: string) => new Date(`${text}Z`);

async function addEvents(type: string, ...times: string[]): Promise<void> {
  for (const at of times) {
    const row = { id: newId(), type, entity_type: "issue", entity_id: newId(), entity_version: 1 };
    await sql`insert into events ${sql({ ...row, body: "{}", created_at: on(at) })}`;
  }
}

async function addIssues(...dueDates: (string | null)[]): Promise<void> {
  for (const due_date of dueDates) {
    const row = {
      id: newId(),
      title: "T",
      type: "task",
      status: "open",
      priority: "low",
      due_date,
    };
    await sql`insert into issues ${sql(row)}`;
  }
}

type Told = { id: string; since: string; until: string; events: Record<string, number> };

/** What the reports so far show, oldest first. */
async function readReports(report: Report): Promise<Told[]> {
  const rows = await sql<{ body: string }[]>`
    select body from events where type = ${`system.${report}`} order by id`;
  return rows.map(({ body }) => JSON.parse(body).data.current);
}

const tell = (report: Report, now: string, lateMs?: number) =>
  emitReport(ctx, { report, now: on(now), lateMs });

describe("lastEnd", () => {
  it.each<[Report, string, string]>([
    ["daily_digest", "2026-11-25T08:00:00.000", "2026-11-25T08:00:00.000"],
    ["daily_digest", "2026-11-25T07:59:59.999", "2026-11-24T08:00:00.000"],
    ["daily_digest", "2027-01-01T00:00:00.000", "2026-12-31T08:00:00.000"],
    ["weekly_report", "2026-11-23T08:00:00.000", "2026-11-23T08:00:00.000"],
    ["weekly_report", "2026-11-23T07:59:59.999", "2026-11-16T08:00:00.000"],
    ["weekly_report", "2026-11-29T23:59:59.999", "2026-11-23T08:00:00.000"],
    // Where clocks are changed in the night before.
    ["daily_digest", "2026-03-29T08:00:00.000", "2026-03-29T08:00:00.000"],
    ["weekly_report", "2026-10-26T08:00:00.000", "2026-10-26T08:00:00.000"],
  ])("of a %s at %s is %s", (report, now, end) => {
    expect(lastEnd(report, on(now))).toEqual(on(end));
  });
});

describe("emitReport", () => {
  it("tells at 08:00 what has happened since the day before, and how issues stand", async () => {
    await tell("daily_digest", "2026-11-23T08:00:00");
    await addEvents("issue.created", "2026-11-23T07:59:59.999", "2026-11-24T08:00:00");
    await addEvents("issue.created", "2026-11-23T08:00:00", "2026-11-24T07:59:59.999");
    await addEvents("issue.closed", "2026-11-23T19:30:00");
    await addIssues(null, "2026-11-24", "2026-11-23", "2026-10-01");
    await sql`update issues set status = 'closed' where due_date = '2026-10-01'`;
    expect(await tell("daily_digest", "2026-11-24T08:00:00.250")).toBe(true);
    const id = await installationId(sql);
    const [row] = await sql<{ body: string }[]>`
      select body from events where type = 'system.daily_digest'`;
    expect(JSON.parse(row?.body ?? "")).toMatchObject({
      event_type: "system.daily_digest",
      timestamp: "2026-11-24T08:00:00.250Z",
      entity_type: "system",
      entity_id: id,
      entity_version: 1,
      action: "daily_digest",
      actor: { type: "system", name: "turbo-system" },
      data: {
        current: {
          id,
          since: "2026-11-23T08:00:00.000Z",
          until: "2026-11-24T08:00:00.000Z",
          events: { "issue.closed": 1, "issue.created": 2 },
          open_issues: 3,
          overdue_issues: 1,
        },
        previous: null,
        changes: [],
      },
    });
  });

  it("tells each time once, however often it is asked", async () => {
    await tell("daily_digest", "2026-11-23T08:00:00");
    const times = ["2026-11-24T07:59:59", "2026-11-24T08:00:00", "2026-11-24T20:00:00"];
    const told: boolean[] = [];
    for (const time of times) told.push(await tell("daily_digest", time));
    expect(told).toEqual([false, true, false]);
  });

  it("tells once when several processes tell at the same time", async () => {
    await tell("daily_digest", "2026-11-22T08:00:00");
    const telling = [1, 2, 3, 4, 5].map(() => tell("daily_digest", "2026-11-23T08:00:00"));
    expect((await Promise.all(telling)).filter(Boolean)).toHaveLength(1);
    expect(await readReports("daily_digest")).toHaveLength(1);
  });

  it("makes up what was missed in one, of everything since the last", async () => {
    await tell("daily_digest", "2026-11-20T10:00:00");
    await addEvents("issue.created", "2026-11-20T11:00:00", "2026-11-22T11:00:00");
    await addEvents("issue.created", "2026-11-24T11:00:00");
    expect(await tell("daily_digest", "2026-11-24T12:00:00")).toBe(true);
    expect(await tell("daily_digest", "2026-11-25T08:00:00")).toBe(true);
    expect(await readReports("daily_digest")).toMatchObject([
      {
        since: "2026-11-20T10:00:00.000Z",
        until: "2026-11-24T08:00:00.000Z",
        events: { "issue.created": 2 },
      },
      {
        since: "2026-11-24T08:00:00.000Z",
        until: "2026-11-25T08:00:00.000Z",
        events: { "issue.created": 1 },
      },
    ]);
  });

  it("tells nothing of the time before there was an installation", async () => {
    await addEvents("issue.created", "2026-11-20T10:00:00");
    for (const report of ["daily_digest", "weekly_report"] as const) {
      expect(await tell(report, "2026-11-23T09:00:00")).toBe(false);
      expect(await tell(report, "2026-11-23T09:01:00")).toBe(false);
    }
    expect(await tell("daily_digest", "2026-11-24T08:00:00")).toBe(true);
    expect(await readReports("daily_digest")).toMatchObject([
      { since: on("2026-11-23T09:00:00").toISOString(), events: {} },
    ]);
  });

  it("tells the week on Mondays", async () => {
    await tell("weekly_report", "2026-11-16T08:00:00");
    await addEvents("issue.created", "2026-11-16T08:00:00", "2026-11-23T07:59:00");
    expect(await tell("weekly_report", "2026-11-22T23:00:00")).toBe(false);
    expect(await tell("weekly_report", "2026-11-23T08:00:00")).toBe(true);
    expect(await readReports("weekly_report")).toMatchObject([
      { since: "2026-11-16T08:00:00.000Z", events: { "issue.created": 2 } },
    ]);
  });

  it("waits, when it is only to make up for another, until that one is late", async () => {
    await tell("daily_digest", "2026-11-23T09:00:00");
    expect(await tell("daily_digest", "2026-11-24T08:00:59.999", 60_000)).toBe(false);
    expect(await tell("daily_digest", "2026-11-24T08:01:00", 60_000)).toBe(true);
    expect(await readReports("daily_digest")).toMatchObject([
      { until: "2026-11-24T08:00:00.000Z" },
    ]);
  });

  it("begins anew when the clock was set back behind what it has told", async () => {
    await tell("daily_digest", "2028-11-23T09:00:00");
    expect(await tell("daily_digest", "2026-11-23T09:00:00")).toBe(false);
    expect(await tell("daily_digest", "2026-11-24T08:00:00")).toBe(true);
  });

  it("makes a delivery for each webhook that wants it, and rings its lane", async () => {
    const wants = await addWebhook(sql, { event_types: ["system.*"] });
    await addWebhook(sql, { event_types: ["issue.*"] });
    await tell("daily_digest", "2026-11-23T08:00:00");
    await tell("daily_digest", "2026-11-24T08:00:00");
    expect(await sql`select subscription_id from webhook_deliveries`).toEqual([
      { subscription_id: wants },
    ]);
    expect(ctx.afterCommit.rings).toEqual([[wants]]);
  });
});
