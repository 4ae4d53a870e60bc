import { afterAll, beforeEach, expect, it } from "vitest";
import { createTestDatabase } from "@/db/testing";
import type { Context } from "@/lib/context";
import { addWebhook, contextOn, recordingAfterCommit, useEnv } from "@/lib/testing";
import { inTransaction } from "@/lib/transaction";
import { entityTables, refusalOf, takeEvents, takeTypes, verbsOn } from "./testing";

useEnv();
const database = await createTestDatabase();
const { sql } = database;
const post = recordingAfterCommit();
const ctx = contextOn(database, post);

beforeEach(async () => {
  await sql.unsafe(`truncate webhook_subscriptions, events, ${entityTables} cascade`);
  post.rings.length = 0;
});
afterAll(() => database.close());

/** One of everything, in the transaction of `inside`. */
async function doEverything(inside: Context): Promise<void> {
  const { make, makeProject, makeIssue, close, remove, link, unlink } = verbsOn(inside);
  const project_id = await makeProject();
  const milestone_id = await make("milestones", { name: "m", project_id });
  const [issue_id, other] = [await makeIssue({ project_id }), await makeIssue()];
  await link("milestones", milestone_id, "issues", { issue_id });
  await link("issues", other, "dependencies", { depends_on_id: issue_id });
  await make("comments", { entity_type: "issue", entity_id: issue_id, content: "@ada" });
  await close(issue_id);
  await unlink("issues", other, "dependencies", issue_id);
  await remove("projects", project_id);
}

const everything = [
  "project.created",
  "milestone.created",
  "issue.created",
  "issue.created",
  "issue.updated",
  "issue.linked_to_milestone",
  "milestone.updated",
  "issue.updated",
  "issue.blocked",
  "issue.updated",
  "comment.created",
  "comment.mention",
  "issue.commented",
  "issue.updated",
  "issue.status_changed",
  "issue.closed",
  ...Array<string>(4).fill("project.completion_milestone"),
  "milestone.progress_updated",
  "milestone.completed",
  "issue.unblocked",
  "issue.updated",
  "issue.updated",
  "comment.deleted",
  "issue.deleted",
  "milestone.deleted",
  "project.deleted",
];

it("everything works within an outer transaction, and is told as it would be alone", async () => {
  await inTransaction(ctx, doEverything);
  expect(await takeTypes(sql)).toEqual(everything);
  await doEverything(ctx);
  const events = await takeEvents(sql);
  expect(events.map(({ event_type }) => event_type)).toEqual(everything);
  expect(await sql`select id from issues`).toHaveLength(2);
});

it("nothing is rung before the outer transaction is committed, and then once", async () => {
  const webhook = await addWebhook(sql);
  await inTransaction(ctx, async (inside) => {
    await doEverything(inside);
    expect(post.rings).toEqual([]);
    expect(await sql`select id from events`).toEqual([]);
  });
  expect(post.rings).toEqual([[webhook]]);
  expect(await sql`select id from webhook_deliveries`).toHaveLength(everything.length);
});

it("an error takes all of it back, whatever was done before", async () => {
  await addWebhook(sql);
  const failing = inTransaction(ctx, async (inside) => {
    await doEverything(inside);
    throw new Error("the outer one fails");
  });
  await expect(failing).rejects.toThrow("the outer one fails");
  expect(await takeTypes(sql)).toEqual([]);
  expect(await sql`select id from issues`).toEqual([]);
  expect(post.rings).toEqual([]);
});

it("a refusal takes all of it back, too", async () => {
  const refusal = await refusalOf(
    inTransaction(ctx, async (inside) => {
      const { makeIssue, link } = verbsOn(inside);
      const [id, other] = [await makeIssue(), await makeIssue()];
      await link("issues", id, "dependencies", { depends_on_id: other });
      await link("issues", other, "dependencies", { depends_on_id: id });
    }),
  );
  expect(refusal.fields).toMatchObject([{ pointer: "/depends_on_id", code: "cycle" }]);
  expect(await takeTypes(sql)).toEqual([]);
  expect(await sql`select id from issues`).toEqual([]);
});

it("a refused link leaves nothing of itself behind", async () => {
  const { makeIssue, link } = verbsOn(ctx);
  const [id, other] = [await makeIssue(), await makeIssue()];
  await link("issues", id, "dependencies", { depends_on_id: other });
  await sql`truncate events cascade`;
  await refusalOf(link("issues", other, "dependencies", { depends_on_id: id }));
  expect(await takeTypes(sql)).toEqual([]);
  expect(await sql`select from issue_dependencies`).toHaveLength(1);
});
