import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { createTestDatabase } from "@/db/testing";
import { newId } from "@/lib/id";
import { addWebhook, contextOn, eventually, recordingAfterCommit, useEnv } from "@/lib/testing";
import { entityNamed } from "./definitions";
import { getEntity } from "./read";
import {
  countWaiting,
  entityTables,
  refusalOf,
  takeEvents,
  takeTypes,
  verbsOn,
  type Body,
} from "./testing";

useEnv();
const database = await createTestDatabase();
const { sql } = database;
const post = recordingAfterCommit();
const ctx = contextOn(database, post);
const { make, makeProject, makeIssue, update, remove, link } = verbsOn(ctx);

beforeEach(async () => {
  await sql.unsafe(`truncate webhook_subscriptions, events, ${entityTables} cascade`);
  post.rings.length = 0;
});
afterAll(() => database.close());

const commentOn = (entity_type: string, entity_id: string) =>
  make("comments", { entity_type, entity_id, content: "Fine." });

const told = (events: Body[]) => events.map(({ event_type, entity_id }) => [event_type, entity_id]);

/** As many rows, written past the service. */
const addIssues = (project_id: string | null, count: number) => sql`
  insert into issues (id, title, type, status, priority, project_id)
  select gen_random_uuid(), 'a', 'task', 'open', 'low', ${project_id}
  from generate_series(1, ${count})`;

describe("a removed project", () => {
  it("takes all with it that is its own, what belongs to others first, itself last", async () => {
    const project_id = await makeProject();
    const issue = await makeIssue({ project_id });
    const milestone = await make("milestones", { name: "m", project_id });
    const initiative = await make("initiatives", { name: "i", project_id });
    const document = await make("documents", { title: "d", project_id });
    const bystander = await makeIssue({ project_id: await makeProject() });
    const comments = {
      issue: await commentOn("issue", issue),
      milestone: await commentOn("milestone", milestone),
      initiative: await commentOn("initiative", initiative),
      document: await commentOn("document", document),
      project: await commentOn("project", project_id),
    };
    const staying = await commentOn("issue", bystander);
    await link("milestones", milestone, "issues", { issue_id: issue });
    await link("initiatives", initiative, "issues", { issue_id: issue });
    await link("documents", document, "links", { entity_type: "project", entity_id: project_id });
    await sql`truncate events cascade`;
    await remove("projects", project_id);
    const events = await takeEvents(sql);
    expect(told(events)).toEqual([
      ["comment.deleted", comments.project],
      ["comment.deleted", comments.issue],
      ["issue.deleted", issue],
      ["comment.deleted", comments.milestone],
      ["milestone.deleted", milestone],
      ["comment.deleted", comments.initiative],
      ["initiative.deleted", initiative],
      ["comment.deleted", comments.document],
      ["document.deleted", document],
      ["project.deleted", project_id],
    ]);
    expect(new Set(events.map(({ actor }) => actor.metadata.change_id)).size).toBe(1);
    for (const { context, data } of events) {
      expect(context.project_id).toBe(project_id);
      expect(data).toMatchObject({ previous: null, changes: [] });
    }
    expect((await sql`select id from issues`).map(({ id }) => id)).toEqual([bystander]);
    expect((await sql`select id from comments`).map(({ id }) => id)).toEqual([staying]);
  });

  it("is told of to what was linked with its own and stays", async () => {
    const [project_id, other] = [await makeProject(), await makeProject()];
    const issue = await makeIssue({ project_id, status: "open" });
    const milestone = await make("milestones", { name: "m", project_id: other });
    const initiative = await make("initiatives", { name: "i" });
    const tag = await make("tags", { name: "ui" });
    const document = await make("documents", { title: "d" });
    const ownDocument = await make("documents", { title: "o", project_id });
    const [waiting, first] = [await makeIssue(), await makeIssue({ status: "closed" })];
    await link("milestones", milestone, "issues", { issue_id: first });
    await link("milestones", milestone, "issues", { issue_id: issue });
    await link("initiatives", initiative, "issues", { issue_id: issue });
    await link("issues", issue, "tags", { tag_id: tag });
    await link("issues", issue, "dependencies", { depends_on_id: first });
    await link("issues", waiting, "dependencies", { depends_on_id: issue });
    await link("documents", document, "links", { entity_type: "issue", entity_id: issue });
    await link("documents", document, "links", { entity_type: "project", entity_id: project_id });
    await link("documents", ownDocument, "links", { entity_type: "project", entity_id: other });
    await sql`truncate events cascade`;
    await remove("projects", project_id);
    const events = await takeEvents(sql);
    expect(told(events.slice(0, 3))).toEqual([
      ["issue.deleted", issue],
      ["document.deleted", ownDocument],
      ["project.deleted", project_id],
    ]);
    const of = (id: string) =>
      events
        .slice(3)
        .filter(({ entity_id }) => entity_id === id)
        .map(({ event_type, data }) => [event_type, data.changes]);
    expect(of(milestone)).toEqual([
      ["milestone.updated", ["issue_count", "completion_percentage"]],
      ["milestone.progress_updated", ["completion_percentage"]],
    ]);
    expect(of(initiative)).toEqual([["initiative.updated", ["issue_count"]]]);
    expect(of(tag)).toEqual([["tag.updated", ["issue_count"]]]);
    expect(of(document)).toEqual([["document.updated", ["links"]]]);
    expect(of(other)).toEqual([["project.updated", ["document_ids"]]]);
    expect(of(first)).toEqual([["issue.updated", ["dependent_ids"]]]);
    expect(of(waiting)).toEqual([
      ["issue.updated", ["is_blocked", "depends_on_ids"]],
      ["issue.unblocked", ["is_blocked"]],
    ]);
    expect(events).toHaveLength(12);
    for (const { entity_id, entity_version, data } of events.slice(3)) {
      expect(data.current.version).toBe(entity_version);
      const [row] = await sql`
        select version from projects where id = ${entity_id}
        union all select version from issues where id = ${entity_id}
        union all select version from milestones where id = ${entity_id}
        union all select version from initiatives where id = ${entity_id}
        union all select version from tags where id = ${entity_id}
        union all select version from documents where id = ${entity_id}`;
      expect(row?.version).toBe(entity_version);
    }
  });

  it("tells nothing of thresholds of its own, nor of its own milestones", async () => {
    const project_id = await makeProject();
    const milestone_id = await make("milestones", { name: "m", project_id });
    const ids = [
      await makeIssue({ project_id }),
      await makeIssue({ project_id, status: "closed" }),
    ];
    for (const issue_id of ids) await link("milestones", milestone_id, "issues", { issue_id });
    await link("issues", ids[1] ?? "", "dependencies", { depends_on_id: ids[0] });
    await sql`truncate events cascade`;
    await remove("projects", project_id);
    expect(await takeTypes(sql)).toEqual([
      "issue.deleted",
      "issue.deleted",
      "milestone.deleted",
      "project.deleted",
    ]);
  });

  it("rings once, and only when the removal is committed", async () => {
    const project_id = await makeProject();
    await makeIssue({ project_id });
    const webhook = await addWebhook(sql);
    const left: Promise<unknown[]>[] = [];
    const rings: string[][] = [];
    const ring = (ids: string[]) => {
      rings.push(ids);
      left.push(Promise.resolve(sql`select id from issues`));
    };
    await verbsOn({ ...ctx, afterCommit: { ...post, ring } }).remove("projects", project_id);
    expect(rings).toEqual([[webhook]]);
    expect(await left[0]).toEqual([]);
  });
});

describe("of any entity,", () => {
  it("comments vanish with what they are of", async () => {
    const issue_id = await makeIssue();
    const ids = [await commentOn("issue", issue_id), await commentOn("issue", issue_id)];
    await sql`truncate events cascade`;
    await remove("issues", issue_id);
    expect(told(await takeEvents(sql))).toEqual([
      ...ids.map((id) => ["comment.deleted", id]),
      ["issue.deleted", issue_id],
    ]);
  });

  it("a removed comment leaves what it is of as it was", async () => {
    const issue_id = await makeIssue();
    const before = await getEntity(ctx, entityNamed("issues"), issue_id);
    const id = await commentOn("issue", issue_id);
    await sql`truncate events cascade`;
    await remove("comments", id);
    expect(await takeTypes(sql)).toEqual(["comment.deleted"]);
    expect(await getEntity(ctx, entityNamed("issues"), issue_id)).toEqual(before);
  });

  it.each([newId(), "nonsense", ""])("nothing is found with the id %j", async (id) => {
    for (const plural of ["projects", "issues", "tags", "comments"])
      expect((await refusalOf(remove(plural, id))).code).toBe("not_found");
  });
});

describe("the limit of 1,000", () => {
  it("counts what would be removed with it", async () => {
    const project_id = await makeProject();
    await addIssues(project_id, 999);
    const [issue] = await sql`select id from issues limit 1`;
    await commentOn("issue", String(issue?.id));
    const extra = await make("documents", { title: "d", project_id });
    await sql`truncate events cascade`;
    const refusal = await refusalOf(remove("projects", project_id));
    expect(refusal.code).toBe("conflict");
    expect(refusal.message).toContain("1000");
    expect(await sql`select id from issues`).toHaveLength(999);
    expect(await takeTypes(sql)).toEqual([]);
    await remove("documents", extra);
    await sql`truncate events cascade`;
    await remove("projects", project_id);
    expect(await takeTypes(sql)).toHaveLength(1001);
    expect(await sql`select id from issues`).toHaveLength(0);
  });

  it("counts what is linked to it, too, and is told of", async () => {
    const tag_id = await make("tags", { name: "ui" });
    await addIssues(null, 1001);
    await sql`insert into issue_tags (issue_id, tag_id) select id, ${tag_id} from issues`;
    expect((await refusalOf(remove("tags", tag_id))).code).toBe("conflict");
    const [issue] = await sql`select id from issues limit 1`;
    await remove("issues", String(issue?.id));
    await sql`truncate events cascade`;
    await remove("tags", tag_id);
    const types = await takeTypes(sql);
    expect(types[0]).toBe("tag.deleted");
    expect(types.slice(1)).toEqual(Array<string>(1000).fill("issue.updated"));
  });
});

describe("what comes to be while it is removed", () => {
  /** Begins a removal that waits for a lock on the row, then `late`; answers how both end. */
  async function removeMeanwhile<T>(plural: string, id: string, late: () => Promise<T>) {
    const blocker = await sql.reserve();
    await blocker`begin`;
    await blocker`select id from ${sql(plural)} where id = ${id} for update`;
    const removal = remove(plural, id);
    await eventually(async () => (await countWaiting(sql)) === 1);
    const meanwhile = late();
    const outcome = Promise.allSettled([removal, meanwhile]);
    await eventually(async () => (await countWaiting(sql)) === 2);
    await blocker`commit`;
    blocker.release();
    return outcome;
  }

  const isUnknown = (pointer: string) => ({
    status: "rejected",
    reason: { fields: [{ pointer, code: "unknown_reference" }] },
  });

  it.each([
    ["issues", () => ({ title: "late" })],
    ["issues", () => ({ title: "late", status: "closed" })],
    ["milestones", () => ({ name: "late" })],
    ["documents", () => ({ title: "late" })],
  ])("is refused in a project: one of %s", async (plural, input) => {
    const project_id = await makeProject();
    await sql`truncate events cascade`;
    const outcomes = await removeMeanwhile("projects", project_id, () =>
      make(plural, { ...input(), project_id }),
    );
    expect(outcomes).toMatchObject([{ status: "fulfilled" }, isUnknown("/project_id")]);
    expect(await takeTypes(sql)).toEqual(["project.deleted"]);
    expect(await sql`select id from ${sql(plural)}`).toHaveLength(0);
  });

  it.each(["issues", "documents"])("is refused: one of %s that moves there", async (plural) => {
    const project_id = await makeProject();
    const id = await make(plural, { title: "late" });
    await sql`truncate events cascade`;
    const outcomes = await removeMeanwhile("projects", project_id, () =>
      update(plural, id, { project_id }),
    );
    expect(outcomes).toMatchObject([{ status: "fulfilled" }, isUnknown("/project_id")]);
    expect(await takeTypes(sql)).toEqual(["project.deleted"]);
  });

  it("is refused: a comment, and a link", async () => {
    const id = await makeIssue();
    const comment = await removeMeanwhile("issues", id, () => commentOn("issue", id));
    expect(comment).toMatchObject([{ status: "fulfilled" }, isUnknown("/entity_id")]);
    const [issue_id, milestone] = [
      await makeIssue(),
      await make("milestones", { name: "m", project_id: await makeProject() }),
    ];
    const linked = await removeMeanwhile("issues", issue_id, () =>
      link("milestones", milestone, "issues", { issue_id }),
    );
    expect(linked).toMatchObject([{ status: "fulfilled" }, isUnknown("/issue_id")]);
    const tag_id = await make("tags", { name: "ui" });
    const owner = await makeIssue();
    const owned = await removeMeanwhile("issues", owner, () =>
      link("issues", owner, "tags", { tag_id }),
    );
    expect(owned).toMatchObject([
      { status: "fulfilled" },
      { status: "rejected", reason: { code: "not_found" } },
    ]);
  });

  it("is removed with it, when it was there first", async () => {
    const project_id = await makeProject();
    await sql`truncate events cascade`;
    const blocker = await sql.reserve();
    await blocker`begin`;
    await blocker`select id from projects where id = ${project_id} for key share`;
    const removal = remove("projects", project_id);
    await eventually(async () => (await countWaiting(sql)) === 1);
    const id = await makeIssue({ project_id });
    const comment = await commentOn("issue", id);
    const milestone = await make("milestones", { name: "m", project_id });
    await blocker`commit`;
    blocker.release();
    await removal;
    const events = (await takeEvents(sql)).filter(({ action }) => action === "deleted");
    expect(told(events)).toEqual([
      ["comment.deleted", comment],
      ["issue.deleted", id],
      ["milestone.deleted", milestone],
      ["project.deleted", project_id],
    ]);
  });

  it("is not found, when it is a second removal", async () => {
    const id = await makeIssue();
    await sql`truncate events cascade`;
    const outcomes = await removeMeanwhile("issues", id, () => remove("issues", id));
    expect(outcomes).toMatchObject([
      { status: "fulfilled" },
      { status: "rejected", reason: { code: "not_found" } },
    ]);
    expect(await takeTypes(sql)).toEqual(["issue.deleted"]);
  });
});
