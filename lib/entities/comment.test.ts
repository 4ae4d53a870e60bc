import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { commentTargets } from "@/db/schema";
import { createTestDatabase } from "@/db/testing";
import type { Actor } from "@/lib/context";
import { newId } from "@/lib/id";
import { contextOn, recordingAfterCommit, useEnv } from "@/lib/testing";
import { comment } from "./comment";
import { createComment, isCommentable, listComments } from "./comments";
import { issue } from "./issue";
import { getEntity } from "./read";
import { entityTables, refusalOf, takeEvents, takeTypes, verbsOn } from "./testing";

useEnv();
const database = await createTestDatabase();
const { sql } = database;
const ctx = contextOn(database, recordingAfterCommit());
const { make, makeProject, makeIssue, update } = verbsOn(ctx);

beforeEach(async () => {
  await sql.unsafe(`truncate events, ${entityTables} cascade`);
});
afterAll(() => database.close());

const ada: Actor = { type: "user", name: "ada", metadata: {} };
const claude: Actor = { type: "ai", name: "claude", metadata: {} };

async function commentOn(entity_id: string, input: object = {}): Promise<string> {
  return make("comments", { entity_type: "issue", entity_id, content: "Fine.", ...input });
}

/** One of each that takes comments, all in one project. */
async function makeTargets() {
  const project_id = await makeProject();
  return {
    project: project_id,
    issue: await makeIssue({ project_id }),
    milestone: await make("milestones", { name: "m", project_id }),
    initiative: await make("initiatives", { name: "i", project_id }),
    document: await make("documents", { title: "d", project_id }),
  };
}

describe("a comment", () => {
  it.each(commentTargets)("on a %s has its context", async (entity_type) => {
    const targets = await makeTargets();
    await sql`truncate events cascade`;
    const entity_id = targets[entity_type];
    const id = await make("comments", { entity_type, entity_id, content: "Fine." });
    const none = { milestone_id: null, initiative_id: null, issue_id: null };
    const own = entity_type === "document" ? {} : { [`${entity_type}_id`]: entity_id };
    const context = { ...none, project_id: targets.project, ...own };
    await update("comments", id, { content: "Good." });
    const events = (await takeEvents(sql)).filter((event) => event.entity_id === id);
    expect(events.map(({ event_type }) => event_type)).toEqual([
      "comment.created",
      "comment.updated",
    ]);
    for (const event of events) {
      expect(event.context).toEqual(context);
      expect(event.data.current).toMatchObject({ entity_type, entity_id });
    }
    expect(await getEntity(ctx, comment, id)).not.toHaveProperty("place");
  });

  it("on an issue without a project has no project in its context", async () => {
    const issue_id = await makeIssue();
    await sql`truncate events cascade`;
    await commentOn(issue_id);
    const none = { project_id: null, milestone_id: null, initiative_id: null };
    for (const { context } of await takeEvents(sql)) expect(context).toEqual({ ...none, issue_id });
  });

  it.each(commentTargets)("is refused on a %s that is something else", async (entity_type) => {
    const targets = await makeTargets();
    await sql`truncate events cascade`;
    const others = Object.entries(targets).filter(([name]) => name !== entity_type);
    for (const [, entity_id] of [...others, ["", newId()]]) {
      const refusal = await refusalOf(
        make("comments", { entity_type, entity_id, content: "Fine." }),
      );
      expect(refusal.fields).toMatchObject([{ pointer: "/entity_id", code: "unknown_reference" }]);
      expect(refusal.message).toContain(`no ${entity_type} has the id ${entity_id}`);
    }
    expect(await takeTypes(sql)).toEqual([]);
  });

  it("stays with what it is of, and with its author", async () => {
    const id = await commentOn(await makeIssue());
    const input = {
      entity_type: "project",
      entity_id: newId(),
      author_name: "e",
      author_type: "ai",
    };
    const refusal = await refusalOf(update("comments", id, input));
    expect(refusal.fields.map(({ pointer }) => pointer)).toEqual(
      Object.keys(input).map((name) => `/${name}`),
    );
  });
});

describe("the author of a comment", () => {
  it.each([
    [ctx.actor, {}, ["unknown", "user"], ["user", "unknown"]],
    [ada, {}, ["ada", "user"], ["user", "ada"]],
    [claude, {}, ["claude", "ai"], ["ai", "claude"]],
    [ctx.actor, { author_name: "eve" }, ["eve", "user"], ["user", "eve"]],
    [ctx.actor, { author_name: "bot", author_type: "ai" }, ["bot", "ai"], ["ai", "bot"]],
    [ada, { author_name: "eve" }, ["eve", "user"], ["user", "ada"]],
    [claude, { author_type: "user" }, ["claude", "user"], ["ai", "claude"]],
    [{ ...ada, type: "system" }, {}, ["ada", "user"], ["system", "ada"]],
  ] as [Actor, object, string[], string[]][])(
    "given %j and %j is %j, and the actor %j",
    async (actor, input, author, known) => {
      const entity_id = await makeIssue();
      await sql`truncate events cascade`;
      const { make } = verbsOn({ ...ctx, actor });
      const fields = { entity_type: "issue", entity_id, content: "Fine.", ...input };
      const id = await make("comments", fields);
      const row = await getEntity(ctx, comment, id);
      expect([row.author_name, row.author_type]).toEqual(author);
      for (const { actor } of await takeEvents(sql))
        expect([actor.type, actor.name]).toEqual(known);
    },
  );

  it("is kept when somebody else edits it", async () => {
    const id = await commentOn(await makeIssue(), { author_name: "eve" });
    await sql`truncate events cascade`;
    await verbsOn({ ...ctx, actor: claude }).update("comments", id, { content: "Good." });
    expect(await getEntity(ctx, comment, id)).toMatchObject({
      author_name: "eve",
      author_type: "user",
      content: "Good.",
      version: 2,
    });
    const [event] = await takeEvents(sql);
    expect(event?.actor.name).toBe("claude");
    expect(event?.data.changes).toEqual(["content"]);
  });
});

describe("a mention", () => {
  const mentionedIn = async () =>
    (await takeEvents(sql))
      .filter(({ event_type }) => event_type === "comment.mention")
      .map(({ data }) => data.current.mentioned);

  it.each([
    ["@ada", ["ada"]],
    ["Hey @ada, (@bob) and @eve!", ["ada", "bob", "eve"]],
    ["@ada @ada @Ada", ["ada", "Ada"]],
    ["@ada.\n@bob-", ["ada", "bob"]],
    ["@ada.lovelace @bob-2 @c_d", ["ada.lovelace", "bob-2", "c_d"]],
    ["@José @Zoë @李雷 @Ольга @अनीता", ["José", "Zoë", "李雷", "Ольга", "अनीता"]],
    ["@Jose\u0301", ["Jose\u0301"]],
    ["write to ada@example.org or a.b.@example.org", []],
    ["https://example.org/@ada", []],
    ["@ @@ada @. @-ada", []],
    ["no one", []],
  ])("in %j is of %j", async (content, mentioned) => {
    await commentOn(await makeIssue(), { content });
    expect(await mentionedIn()).toEqual(mentioned);
  });

  it("is one of fifty at most in a text, however often each is named", async () => {
    const issue_id = await makeIssue();
    const names = (count: number) => Array.from({ length: count }, (_, index) => `@name${index}`);
    await commentOn(issue_id, { content: [...names(50), ...names(50)].join(" ") });
    expect((await takeTypes(sql)).filter((type) => type === "comment.mention")).toHaveLength(50);
    const refusal = await refusalOf(commentOn(issue_id, { content: names(51).join(" ") }));
    expect(refusal.fields).toMatchObject([{ pointer: "/content" }]);
  });

  it("is told behind created, of the comment itself", async () => {
    const issue_id = await makeIssue();
    await sql`truncate events cascade`;
    const id = await commentOn(issue_id, { content: "@ada and @bob" });
    const events = await takeEvents(sql);
    expect(events.map(({ event_type }) => event_type)).toEqual([
      "comment.created",
      "comment.mention",
      "comment.mention",
      "issue.commented",
    ]);
    expect(events[1]).toMatchObject({
      entity_id: id,
      entity_version: 1,
      context: { issue_id },
      data: { current: { id, mentioned: "ada" }, previous: null, changes: [] },
    });
    expect(new Set(events.map(({ actor }) => actor.metadata.change_id)).size).toBe(1);
  });

  it("is told, of an edited comment, of those who were not mentioned before", async () => {
    const id = await commentOn(await makeIssue(), { content: "@ada" });
    await sql`truncate events cascade`;
    await update("comments", id, { content: "@bob and @ada" });
    const events = await takeEvents(sql);
    expect(events.map(({ event_type }) => event_type)).toEqual([
      "comment.updated",
      "comment.mention",
    ]);
    expect(events[1]).toMatchObject({
      entity_version: 2,
      data: { current: { mentioned: "bob" } },
    });
    await update("comments", id, { content: "nobody" });
    expect(await mentionedIn()).toEqual([]);
    await update("comments", id, { content: "@ada" });
    expect(await mentionedIn()).toEqual(["ada"]);
  });
});

describe("issue.commented", () => {
  it("shows the issue, which stays as it was, and the comment", async () => {
    const issue_id = await makeIssue({ created_by: "bob" });
    await sql`truncate events cascade`;
    const id = await commentOn(issue_id, { author_name: "eve" });
    const event = (await takeEvents(sql)).at(-1);
    const [issueRow, commentRow] = [
      await getEntity(ctx, issue, issue_id),
      await getEntity(ctx, comment, id),
    ];
    expect(event).toMatchObject({
      event_type: "issue.commented",
      entity_id: issue_id,
      entity_version: 1,
      actor: { name: "eve" },
      data: { previous: null, changes: [] },
    });
    expect(event?.data.current).toEqual(
      JSON.parse(JSON.stringify({ ...issueRow, comment: commentRow })),
    );
  });

  it("is not told of an edit, nor of comments on anything else", async () => {
    const targets = await makeTargets();
    await sql`truncate events cascade`;
    for (const entity_type of commentTargets.filter((name) => name !== "issue"))
      await make("comments", { entity_type, entity_id: targets[entity_type], content: "Fine." });
    expect(new Set(await takeTypes(sql))).toEqual(new Set(["comment.created"]));
    const id = await commentOn(targets.issue);
    await sql`truncate events cascade`;
    await update("comments", id, { content: "Good." });
    expect(await takeTypes(sql)).toEqual(["comment.updated"]);
  });
});

describe("/{entity}/{id}/comments", () => {
  it("is there for all that take comments", () => {
    const places = ["projects", "issues", "milestones", "initiatives", "documents"];
    expect(places.every((plural) => isCommentable(plural))).toBe(true);
    expect(isCommentable("tags")).toBe(false);
    expect(isCommentable("comments")).toBe(false);
  });

  it("makes a comment on it, which need not say so", async () => {
    const id = await makeIssue();
    const target = { entity_type: "issue", entity_id: id };
    const input = { content: "Fine." };
    const row = await createComment(ctx, "issues", { id: id.toUpperCase(), input });
    expect(row).toMatchObject({ ...target, ...input });
    await createComment(ctx, "issues", { id, input: { ...input, ...target } });
    await createComment(ctx, "issues", { id, input: { ...input, entity_id: id.toUpperCase() } });
  });

  it("refuses one that says something else, and what is no object", async () => {
    const id = await makeIssue();
    const refusedAt = async (input: unknown) =>
      (await refusalOf(createComment(ctx, "issues", { id, input }))).fields[0]?.pointer;
    const content = "Fine.";
    expect(await refusedAt({ content, entity_type: "project" })).toBe("/entity_type");
    expect(await refusedAt({ content, entity_id: newId() })).toBe("/entity_id");
    expect(await refusedAt({})).toBe("/content");
    expect(await refusedAt([])).toBe("");
    expect(await refusedAt(null)).toBe("");
    const query = new URLSearchParams();
    for (const wrong of [newId(), "nonsense"]) {
      const works = [
        createComment(ctx, "issues", { id: wrong, input: { content } }),
        listComments(ctx, "issues", { id: wrong, query }),
      ];
      for (const refusal of await Promise.all(works.map(refusalOf)))
        expect(refusal).toMatchObject({ code: "not_found" });
    }
  });

  it("lists those on it alone, the newest first, and by their filters", async () => {
    const [id, other] = [await makeIssue(), await makeIssue()];
    const ids = [await commentOn(id), await commentOn(id, { author_name: "ada" })];
    await commentOn(other);
    const listed = async (query: Record<string, string>) =>
      (await listComments(ctx, "issues", { id, query: new URLSearchParams(query) })).rows.map(
        (row) => row.id,
      );
    expect(await listed({})).toEqual(ids.toReversed());
    expect(await listed({ author_name: "ada" })).toEqual([ids[1]]);
    expect(await listed({ limit: "1" })).toEqual(ids.toReversed());
    expect(await listed({ cursor: Buffer.from(ids[1] ?? "").toString("base64url") })).toEqual([
      ids[0],
    ]);
  });
});
