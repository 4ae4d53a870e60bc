import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { createTestDatabase } from "@/db/testing";
import { newId } from "@/lib/id";
import { addWebhook, contextOn, eventually, recordingAfterCommit, useEnv } from "@/lib/testing";
import { dueToldAt } from "./due";
import { emitDueDates } from "./emit-due-dates";

useEnv();
const database = await createTestDatabase();
const { sql } = database;
let ctx = contextOn(database, recordingAfterCommit());
const projectId = newId();
/** What is due in these tests is due on this day. */
const due_date = "2026-12-10";

beforeEach(async () => {
  await sql`truncate webhook_subscriptions, events, projects, issues, milestones cascade`;
  await sql`insert into projects (id, name, status, priority) values (${projectId}, 'P', 'active', 'low')`;
  ctx = contextOn(database, recordingAfterCommit());
});
afterAll(() => database.close());

/** Written past the service, with the due date set on the day `setOn`. */
async function addIssue({ status = "open", setOn = "2026-01-01" } = {}): Promise<string> {
  const row = {
    id: newId(),
    title: "Due",
    type: "task",
    status,
    priority: "medium",
    project_id: projectId,
    due_date,
    due_told: dueToldAt(due_date, setOn),
  };
  await sql`insert into issues ${sql(row)}`;
  return row.id;
}

async function addMilestone(status: string): Promise<string> {
  const row = { id: newId(), name: "Due", status, project_id: projectId, due_date };
  await sql`insert into milestones ${sql(row)}`;
  return row.id;
}

type Body = {
  event_type: string;
  entity_id: string;
  entity_version: number;
  actor: { type: string; name: string };
  data: { current: Record<string, unknown>; previous: unknown; changes: string[] };
  context: Record<string, string | null>;
};

/** The bodies of all events so far, oldest first; those before are forgotten. */
async function takeEvents(): Promise<Body[]> {
  const rows = await sql<{ body: string }[]>`select body from events order by id`;
  await sql`truncate events cascade`;
  return rows.map(({ body }) => JSON.parse(body));
}

/** What each of these days, one after another, has to tell: types and days, in short. */
async function tellOn(...days: string[]): Promise<string[]> {
  const told: string[] = [];
  for (const day of days) {
    await emitDueDates(ctx, day);
    for (const { event_type, data } of await takeEvents()) {
      const { days_left, days_overdue } = data.current;
      told.push(`${day} ${event_type} ${String(days_left ?? days_overdue)}`);
    }
  }
  return told;
}

describe("emitDueDates", () => {
  it("tells 7, 3 and 1 days ahead and when the day has passed, each once", async () => {
    await addIssue();
    const days = Array.from({ length: 14 }, (_, n) => `2026-12-${String(n + 1).padStart(2, "0")}`);
    expect(await tellOn(...days.flatMap((day) => [day, day]))).toEqual([
      "2026-12-03 issue.due_date_approaching 7",
      "2026-12-07 issue.due_date_approaching 3",
      "2026-12-09 issue.due_date_approaching 1",
      "2026-12-11 issue.overdue 1",
    ]);
  });

  it("shows the whole issue, as of the system, its version as it was", async () => {
    const id = await addIssue();
    const [before] = await sql`select version, updated_at from issues`;
    await emitDueDates(ctx, "2026-12-09");
    expect(await takeEvents()).toMatchObject([
      {
        event_type: "issue.due_date_approaching",
        entity_id: id,
        entity_version: 1,
        actor: { type: "system", name: "turbo-system" },
        data: {
          current: { id, title: "Due", due_date, is_blocked: false, tag_ids: [], days_left: 1 },
          previous: null,
          changes: [],
        },
        context: { project_id: projectId, issue_id: id },
      },
    ]);
    expect(await sql`select version, updated_at from issues`).toEqual([before]);
  });

  it("tells of milestones that are planned or under way, and of no others", async () => {
    const open = [await addMilestone("planned"), await addMilestone("in_progress")];
    for (const status of ["completed", "cancelled"]) await addMilestone(status);
    await emitDueDates(ctx, "2026-12-07");
    await emitDueDates(ctx, "2026-12-20");
    const events = await takeEvents();
    const told = events.map(({ event_type, entity_id }) => `${event_type} ${entity_id}`);
    expect(told.toSorted()).toEqual(
      open
        .flatMap((id) => [`milestone.due_date_approaching ${id}`, `milestone.overdue ${id}`])
        .toSorted(),
    );
    expect(events[0]?.data.current).toMatchObject({ days_left: 3, completion_percentage: 0 });
  });

  it("says nothing of closed issues, and of one that is opened again what is so then", async () => {
    const id = await addIssue({ status: "closed" });
    expect(await tellOn("2026-12-03", "2026-12-11")).toEqual([]);
    await sql`update issues set status = 'open' where id = ${id}`;
    expect(await tellOn("2026-12-30", "2026-12-31")).toEqual(["2026-12-30 issue.overdue 20"]);
  });

  it("tells of what was missed only what is so now, with the true number of days", async () => {
    await addIssue();
    expect(await tellOn("2026-12-08", "2026-12-09", "2027-01-09")).toEqual([
      "2026-12-08 issue.due_date_approaching 2",
      "2026-12-09 issue.due_date_approaching 1",
      "2027-01-09 issue.overdue 30",
    ]);
    expect(await tellOn("2027-01-10")).toEqual([]);
  });

  it("does not tell stages that lay behind when the due date was set", async () => {
    await addIssue({ setOn: "2026-12-08" });
    const days = ["2026-12-08", "2026-12-09", "2026-12-10", "2026-12-11"];
    expect(await tellOn(...days)).toEqual([
      "2026-12-09 issue.due_date_approaching 1",
      "2026-12-11 issue.overdue 1",
    ]);
  });

  it("tells at once what was overdue when its due date was set", async () => {
    await addIssue({ setOn: "2026-12-12" });
    expect(await tellOn("2026-12-12", "2026-12-13")).toEqual(["2026-12-12 issue.overdue 2"]);
  });

  it("tells a new due date anew", async () => {
    await addIssue();
    expect(await tellOn("2026-12-11")).toEqual(["2026-12-11 issue.overdue 1"]);
    const later = "2026-12-18";
    await sql`update issues set due_date = ${later}, due_told = ${dueToldAt(later, "2026-12-11")},
      version = version + 1`;
    expect(await tellOn("2026-12-11", "2026-12-15", "2026-12-17", "2026-12-19")).toEqual([
      "2026-12-11 issue.due_date_approaching 7",
      "2026-12-15 issue.due_date_approaching 3",
      "2026-12-17 issue.due_date_approaching 1",
      "2026-12-19 issue.overdue 1",
    ]);
  });

  it("makes a delivery for each webhook that wants it, and rings its lane", async () => {
    const wants = await addWebhook(sql, { event_types: ["issue.overdue"] });
    await addWebhook(sql, { event_types: ["milestone.*"] });
    await addIssue();
    expect(await emitDueDates(ctx, "2026-12-11")).toBe(1);
    expect(await sql`select subscription_id from webhook_deliveries`).toEqual([
      { subscription_id: wants },
    ]);
    expect(ctx.afterCommit.rings).toEqual([[wants]]);
  });
});

describe("thousands that are due at once", () => {
  const addMany = (count: number) => sql`
    insert into issues (id, title, type, status, priority, due_date)
    select gen_random_uuid(), 'Due ' || n, 'task', 'open', 'low', ${due_date}
    from generate_series(1, ${count}::int) n`;
  const countTold = async () => {
    const [row] = await sql<{ events: number; issues: number }[]>`
      select count(*)::int as events, count(distinct entity_id)::int as issues from events`;
    return row;
  };

  it("are all told, each once, by several processes that tell at the same time", async () => {
    await addMany(2_050);
    const counts = await Promise.all([1, 2, 3].map(() => emitDueDates(ctx, "2026-12-07")));
    expect(counts.reduce((all, count) => all + count, 0)).toBe(2_050);
    expect(await countTold()).toEqual({ events: 2_050, issues: 2_050 });
    expect(await emitDueDates(ctx, "2026-12-07")).toBe(0);
  });

  it("are told as they are, however they change meanwhile", async () => {
    await addMany(600);
    const telling = emitDueDates(ctx, "2026-12-07");
    for (let n = 1; n <= 20; n += 1) {
      await sql`update issues set status = 'closed', version = version + 1 where title = ${`Due ${n}`}`;
    }
    const told = await telling;
    const rows = await sql<{ title: string; version: number }[]>`
      select body::jsonb #>> '{data,current,title}' as title, entity_version as version from events`;
    expect(rows).toHaveLength(told);
    expect(new Set(rows.map(({ title }) => title)).size).toBe(told);
    expect(told).toBeGreaterThanOrEqual(580);
    expect(rows.filter(({ version }) => version !== 1)).toEqual([]);
  });
});

describe("a row that is being changed while it is told", () => {
  it("is told as it is afterwards, or not at all", async () => {
    const id = await addIssue();
    const other = await sql.reserve();
    await other`begin`;
    await other`update issues set status = 'closed', version = version + 1 where id = ${id}`;
    const telling = emitDueDates(ctx, "2026-12-11");
    await eventually(async () => {
      const waiting = await other`
        select pid from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'`;
      return waiting.length > 0;
    });
    await other`commit`;
    other.release();
    expect(await telling).toBe(0);
    expect(await takeEvents()).toEqual([]);
  });
});
