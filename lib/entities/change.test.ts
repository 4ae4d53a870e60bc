import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { createTestDatabase } from "@/db/testing";
import { contextOn, recordingAfterCommit, useEnv } from "@/lib/testing";
import { milestone } from "./milestone";
import { project } from "./project";
import { issue } from "./issue";
import { getEntity } from "./read";
import { entityTables, takeEvents, takeTypes, verbsOn, type Body } from "./testing";

useEnv();
const database = await createTestDatabase();
const { sql } = database;
const ctx = contextOn(database, recordingAfterCommit());
const { make, makeProject, makeIssue, update, close, remove, link, unlink } = verbsOn(ctx);

beforeEach(async () => {
  await sql.unsafe(`truncate events, ${entityTables} cascade`);
});
afterAll(() => database.close());

const typesOf = (events: Body[]) => events.map(({ event_type }) => event_type);
const thresholdsOf = (events: Body[]) =>
  events
    .filter(({ event_type }) => event_type === "project.completion_milestone")
    .map(({ data }) => data.current.threshold);

/** Issues of a project, the first of them closed; what was told of that is forgotten. */
async function makeIssues(project_id: string, count: { open: number; closed: number }) {
  const statuses = [
    ...Array<string>(count.closed).fill("closed"),
    ...Array<string>(count.open).fill("open"),
  ];
  const all: string[] = [];
  for (const status of statuses) all.push(await makeIssue({ project_id, status }));
  await sql`truncate events cascade`;
  return all;
}

describe("a project's completion", () => {
  it("is told once for each threshold that a closed issue crosses", async () => {
    const project_id = await makeProject();
    const ids = await makeIssues(project_id, { open: 4, closed: 0 });
    const told = [];
    for (const id of ids) {
      await close(id);
      told.push(thresholdsOf(await takeEvents(sql)));
    }
    expect(told).toEqual([[25], [50], [75], [100]]);
  });

  it("is told of several thresholds that are crossed at once, lowest first", async () => {
    const project_id = await makeProject();
    const [id = ""] = await makeIssues(project_id, { open: 1, closed: 0 });
    await close(id);
    const events = await takeEvents(sql);
    expect(typesOf(events)).toEqual([
      "issue.updated",
      "issue.status_changed",
      "issue.closed",
      ...Array<string>(4).fill("project.completion_milestone"),
    ]);
    expect(thresholdsOf(events)).toEqual([25, 50, 75, 100]);
    for (const { entity_id, entity_version, data, context } of events.slice(3)) {
      expect({ entity_id, entity_version }).toEqual({ entity_id: project_id, entity_version: 2 });
      expect(data.current).toMatchObject({ completion_percentage: 100, version: 2 });
      expect(data.previous).toEqual({ completion_percentage: 0 });
      expect(data.changes).toEqual(["completion_percentage"]);
      expect(context).toMatchObject({ project_id, issue_id: null });
    }
    expect(new Set(events.map(({ actor }) => actor.metadata.change_id)).size).toBe(1);
    const row = await getEntity(ctx, project, project_id);
    expect(JSON.parse(JSON.stringify(row))).toMatchObject(
      Object.fromEntries(
        Object.entries(events.at(-1)?.data.current ?? {}).filter(([name]) => name !== "threshold"),
      ),
    );
  });

  it("is not told, and lifts no version, when no threshold is crossed", async () => {
    const project_id = await makeProject();
    const ids = await makeIssues(project_id, { open: 9, closed: 3 });
    const { version } = await getEntity(ctx, project, project_id);
    await close(ids.at(-1) ?? "");
    expect(thresholdsOf(await takeEvents(sql))).toEqual([]);
    expect(await getEntity(ctx, project, project_id)).toMatchObject({
      version,
      issue_count: 12,
      completion_percentage: 33,
    });
  });

  it("is not told downwards, and is told again when it rises again", async () => {
    const project_id = await makeProject();
    const [, id = ""] = await makeIssues(project_id, { open: 0, closed: 2 });
    await update("issues", id, { status: "open" });
    expect(thresholdsOf(await takeEvents(sql))).toEqual([]);
    await close(id);
    expect(thresholdsOf(await takeEvents(sql))).toEqual([75, 100]);
  });

  it("rises when an open issue is removed", async () => {
    const project_id = await makeProject();
    const ids = await makeIssues(project_id, { open: 1, closed: 1 });
    await remove("issues", ids[1] ?? "");
    const events = await takeEvents(sql);
    expect(typesOf(events)[0]).toBe("issue.deleted");
    expect(thresholdsOf(events)).toEqual([75, 100]);
    expect(events).toHaveLength(3);
  });

  it("is not told when a closed issue, or the last one, is removed", async () => {
    const project_id = await makeProject();
    const ids = await makeIssues(project_id, { open: 1, closed: 1 });
    for (const id of ids) await remove("issues", id);
    expect(await takeTypes(sql)).toEqual(["issue.deleted", "issue.deleted"]);
    expect(await getEntity(ctx, project, project_id)).toMatchObject({ completion_percentage: 0 });
  });

  it("is told of both projects when an issue moves, where it rises", async () => {
    const [from, to] = [await makeProject(), await makeProject()];
    const [, open = ""] = await makeIssues(from, { open: 1, closed: 1 });
    const [, closed = ""] = await makeIssues(to, { open: 1, closed: 1 });
    await update("issues", open, { project_id: to });
    const events = await takeEvents(sql);
    expect(typesOf(events)[0]).toBe("issue.updated");
    expect(thresholdsOf(events)).toEqual([75, 100]);
    expect(new Set(events.slice(1).map(({ entity_id }) => entity_id))).toEqual(new Set([from]));
    expect(await getEntity(ctx, project, to)).toMatchObject({ completion_percentage: 33 });
    await update("issues", closed, { project_id: null, status: "closed" });
    expect(thresholdsOf(await takeEvents(sql))).toEqual([50]);
  });

  it("is told to the project that receives a closed issue", async () => {
    const [from, to] = [await makeProject(), await makeProject()];
    const [id = ""] = await makeIssues(from, { open: 0, closed: 1 });
    await makeIssues(to, { open: 1, closed: 0 });
    await update("issues", id, { project_id: to });
    const events = await takeEvents(sql);
    expect(thresholdsOf(events)).toEqual([25, 50]);
    expect(events.at(-1)?.entity_id).toBe(to);
  });

  it("rises when an issue is created as closed", async () => {
    const project_id = await makeProject();
    await makeIssues(project_id, { open: 1, closed: 0 });
    await makeIssue({ project_id, status: "closed" });
    const events = await takeEvents(sql);
    expect(typesOf(events).slice(0, 2)).toEqual(["issue.created", "issue.closed"]);
    expect(thresholdsOf(events)).toEqual([25, 50]);
    expect(events).toHaveLength(4);
  });

  it("changes with every issue without an event of the project", async () => {
    const project_id = await makeProject();
    await makeIssues(project_id, { open: 5, closed: 1 });
    await makeIssue({ project_id });
    expect(await takeTypes(sql)).toEqual(["issue.created"]);
    expect(await getEntity(ctx, project, project_id)).toMatchObject({
      issue_count: 7,
      completion_percentage: 14,
    });
  });
});

describe("a milestone's progress", () => {
  /** A milestone in no hurry, with as many linked issues; what was told of them is forgotten. */
  async function makeMilestone(count: { open: number; closed: number }, input = {}) {
    const project_id = await makeProject();
    const milestone_id = await make("milestones", { name: "First", project_id, ...input });
    const ids = await makeIssues(await makeProject(), count);
    for (const issue_id of ids) await link("milestones", milestone_id, "issues", { issue_id });
    await sql`truncate events cascade`;
    return { milestone_id, ids, project_id };
  }

  const progressOf = (events: Body[]) =>
    events
      .filter(({ entity_id, event_type }) => entity_id && event_type.startsWith("milestone."))
      .map(({ event_type, data }) => [event_type.slice(10), data.current.threshold]);

  it("is told when it comes into another tenth, upwards and downwards", async () => {
    const { milestone_id, ids, project_id } = await makeMilestone({ open: 3, closed: 0 });
    const { version } = await getEntity(ctx, milestone, milestone_id);
    await close(ids[0] ?? "");
    const events = await takeEvents(sql);
    expect(progressOf(events)).toEqual([["progress_updated", 30]]);
    const event = events.find(({ event_type }) => event_type === "milestone.progress_updated");
    expect(event).toMatchObject({
      entity_id: milestone_id,
      entity_version: version + 1,
      context: { project_id, milestone_id, issue_id: null },
      data: {
        current: { completion_percentage: 33, version: version + 1 },
        previous: { completion_percentage: 0 },
        changes: ["completion_percentage"],
      },
    });
    await close(ids[1] ?? "");
    expect(progressOf(await takeEvents(sql))).toEqual([["progress_updated", 60]]);
    await update("issues", ids[0] ?? "", { status: "open" });
    expect(progressOf(await takeEvents(sql))).toEqual([["progress_updated", 30]]);
    await update("issues", ids[1] ?? "", { status: "open" });
    expect(progressOf(await takeEvents(sql))).toEqual([["progress_updated", 0]]);
  });

  it("is not told within a tenth, and lifts no version", async () => {
    const { milestone_id, ids } = await makeMilestone({ open: 12, closed: 0 });
    const { version } = await getEntity(ctx, milestone, milestone_id);
    await close(ids[0] ?? "");
    expect(progressOf(await takeEvents(sql))).toEqual([]);
    expect(await getEntity(ctx, milestone, milestone_id)).toMatchObject({
      version,
      completion_percentage: 8,
    });
  });

  it.each(["planned", "in_progress"])(
    "is completed by its last open issue while %s",
    async (status) => {
      const { ids, milestone_id } = await makeMilestone({ open: 1, closed: 1 }, { status });
      await close(ids[1] ?? "");
      const events = await takeEvents(sql);
      expect(progressOf(events)).toEqual([
        ["progress_updated", 100],
        ["completed", undefined],
      ]);
      const versions = events
        .filter(({ entity_id }) => entity_id === milestone_id)
        .map(({ entity_version }) => entity_version);
      expect(new Set(versions).size).toBe(1);
      expect(await getEntity(ctx, milestone, milestone_id)).toMatchObject({ status });
    },
  );

  it.each(["completed", "cancelled"])("is not completed again when %s", async (status) => {
    const { ids } = await makeMilestone({ open: 1, closed: 1 }, { status });
    await close(ids[1] ?? "");
    expect(progressOf(await takeEvents(sql))).toEqual([["progress_updated", 100]]);
  });

  it("is not completed when its last open issue is taken off it", async () => {
    const { ids, milestone_id } = await makeMilestone({ open: 1, closed: 1 });
    await unlink("milestones", milestone_id, "issues", ids[1] ?? "");
    const events = await takeEvents(sql);
    expect(typesOf(events)).toEqual([
      "issue.updated",
      "milestone.updated",
      "milestone.progress_updated",
    ]);
    expect(events[1]?.data).toMatchObject({
      previous: { issue_count: 2, completion_percentage: 50 },
      changes: ["issue_count", "completion_percentage"],
    });
  });

  it("is not completed when its last open issue is removed", async () => {
    const { ids } = await makeMilestone({ open: 1, closed: 1 });
    await remove("issues", ids[1] ?? "");
    expect(progressOf(await takeEvents(sql))).toEqual([
      ["updated", undefined],
      ["progress_updated", 100],
    ]);
  });

  it("falls when an open issue is linked, and rises with a closed one, without completing it", async () => {
    const { milestone_id } = await makeMilestone({ open: 0, closed: 1 });
    const [closed, open] = [await makeIssue({ status: "closed" }), await makeIssue()];
    await sql`truncate events cascade`;
    await link("milestones", milestone_id, "issues", { issue_id: open });
    expect(progressOf(await takeEvents(sql))).toEqual([
      ["updated", undefined],
      ["progress_updated", 50],
    ]);
    await link("milestones", milestone_id, "issues", { issue_id: closed });
    expect(progressOf(await takeEvents(sql))).toEqual([
      ["updated", undefined],
      ["progress_updated", 60],
    ]);
  });

  it("is told of each milestone the issue is linked to, behind the project", async () => {
    const { ids, milestone_id } = await makeMilestone({ open: 1, closed: 0 });
    const other = await make("milestones", { name: "Second", project_id: await makeProject() });
    await link("milestones", other, "issues", { issue_id: ids[0] });
    await sql`truncate events cascade`;
    await close(ids[0] ?? "");
    const events = await takeEvents(sql);
    expect(typesOf(events)).toEqual([
      "issue.updated",
      "issue.status_changed",
      "issue.closed",
      ...Array<string>(4).fill("project.completion_milestone"),
      "milestone.progress_updated",
      "milestone.completed",
      "milestone.progress_updated",
      "milestone.completed",
    ]);
    const told = events.slice(7).map(({ entity_id }) => entity_id);
    expect(told).toEqual([milestone_id, milestone_id, other, other]);
  });
});

describe("a blocked issue", () => {
  /** An issue that depends on others; what was told of that is forgotten. */
  async function makeBlocked(...statuses: string[]) {
    const id = await makeIssue({ title: "Blocked" });
    const others = [];
    for (const status of statuses) others.push(await makeIssue({ status }));
    for (const depends_on_id of others) await link("issues", id, "dependencies", { depends_on_id });
    await sql`truncate events cascade`;
    return { id, others };
  }

  const unblockedIn = (events: Body[]) =>
    events.filter(({ event_type }) => event_type === "issue.unblocked");

  it("is unblocked when the last unfinished one it depends on is closed", async () => {
    const { id, others } = await makeBlocked("open", "in_progress", "closed");
    const { version } = await getEntity(ctx, issue, id);
    await close(others[0] ?? "");
    expect(unblockedIn(await takeEvents(sql))).toEqual([]);
    expect(await getEntity(ctx, issue, id)).toMatchObject({ version, is_blocked: true });
    await close(others[1] ?? "");
    const events = await takeEvents(sql);
    expect(typesOf(events)).toEqual([
      "issue.updated",
      "issue.status_changed",
      "issue.closed",
      "issue.unblocked",
    ]);
    expect(events.at(-1)).toMatchObject({
      entity_id: id,
      entity_version: version + 1,
      context: { issue_id: id },
      data: {
        current: { is_blocked: false, version: version + 1, title: "Blocked" },
        previous: { is_blocked: true },
        changes: ["is_blocked"],
      },
    });
  });

  it("is unblocked, behind updated, when the last unfinished one is removed", async () => {
    const { id, others } = await makeBlocked("open", "closed");
    await remove("issues", others[0] ?? "");
    const events = await takeEvents(sql);
    expect(events.map(({ event_type, entity_id }) => [event_type, entity_id])).toEqual([
      ["issue.deleted", others[0]],
      ["issue.updated", id],
      ["issue.unblocked", id],
    ]);
    expect(events[1]?.data).toMatchObject({
      previous: { depends_on_ids: others, is_blocked: true },
      changes: ["is_blocked", "depends_on_ids"],
    });
  });

  it("is unblocked when the dependency on the last unfinished one is removed", async () => {
    const { id, others } = await makeBlocked("open", "closed");
    await unlink("issues", id, "dependencies", others[0] ?? "");
    const events = await takeEvents(sql);
    expect(events.map(({ event_type, entity_id }) => [event_type, entity_id])).toEqual([
      ["issue.updated", id],
      ["issue.unblocked", id],
      ["issue.updated", others[0]],
    ]);
  });

  it("is not unblocked by a finished one that is removed or unlinked", async () => {
    const { id, others } = await makeBlocked("open", "closed", "closed");
    await unlink("issues", id, "dependencies", others[1] ?? "");
    await remove("issues", others[2] ?? "");
    expect(unblockedIn(await takeEvents(sql))).toEqual([]);
    expect(await getEntity(ctx, issue, id)).toMatchObject({ is_blocked: true });
  });

  it("is blocked again when one it depends on is reopened, and then unblocked again", async () => {
    const { id, others } = await makeBlocked("closed");
    expect(await getEntity(ctx, issue, id)).toMatchObject({ is_blocked: false });
    await update("issues", others[0] ?? "", { status: "review" });
    expect(await getEntity(ctx, issue, id)).toMatchObject({ is_blocked: true });
    await sql`truncate events cascade`;
    await close(others[0] ?? "");
    expect(unblockedIn(await takeEvents(sql)).map(({ entity_id }) => entity_id)).toEqual([id]);
  });

  it("is told of each dependency on an unfinished issue, and of none on a finished one", async () => {
    const id = await makeIssue();
    const told = [];
    for (const status of ["open", "testing", "closed"]) {
      const depends_on_id = await makeIssue({ status });
      await sql`truncate events cascade`;
      await link("issues", id, "dependencies", { depends_on_id });
      told.push((await takeTypes(sql)).includes("issue.blocked"));
    }
    expect(told).toEqual([true, true, false]);
  });

  it("is unblocked beside all others that waited for the same one", async () => {
    const depends_on_id = await makeIssue();
    const ids = [await makeIssue(), await makeIssue(), await makeIssue()];
    for (const id of ids) await link("issues", id, "dependencies", { depends_on_id });
    await sql`truncate events cascade`;
    await close(depends_on_id);
    const told = unblockedIn(await takeEvents(sql)).map(({ entity_id }) => entity_id);
    expect(told.toSorted()).toEqual(ids);
  });
});
