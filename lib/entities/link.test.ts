import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { createTestDatabase } from "@/db/testing";
import { newId } from "@/lib/id";
import { contextOn, recordingAfterCommit, useEnv } from "@/lib/testing";
import { entityNamed } from "./definitions";
import { linkedShape, listLinked } from "./link";
import { links } from "./links";
import { getEntity } from "./read";
import { entityTables, linkOf, refusalOf, takeEvents, takeTypes, verbsOn } from "./testing";

useEnv();
const database = await createTestDatabase();
const { sql } = database;
const ctx = contextOn(database, recordingAfterCommit());
const { make, makeProject, makeIssue, link, unlink, remove } = verbsOn(ctx);

beforeEach(async () => {
  await sql.unsafe(`truncate events, ${entityTables} cascade`);
});
afterAll(() => database.close());

const makers: Record<string, (title: string) => Promise<string>> = {
  projects: (name) => makeProject({ name }),
  issues: (title) => makeIssue({ title }),
  milestones: async (name) => make("milestones", { name, project_id: await makeProject() }),
  initiatives: (name) => make("initiatives", { name }),
  documents: (title) => make("documents", { title }),
  tags: (name) => make("tags", { name }),
};

const makeOne = async (plural: string, title = "one") => (await makers[plural]?.(title)) ?? "";

type Case = {
  owner: string;
  path: string;
  other: string;
  input: (otherId: string) => Record<string, string>;
  /** Of the two ends, in order: what is told of which, and the fields that change. */
  added: [end: "owner" | "other", action: string][];
  removed: [end: "owner" | "other", action: string][];
  changes: { owner: string[]; other: string[] };
};

const documentCase = (name: string): Case => ({
  owner: "documents",
  path: "links",
  other: `${name}s`,
  input: (entity_id) => ({ entity_type: name, entity_id }),
  added: [
    ["owner", "updated"],
    ["owner", "linked"],
    ["other", "updated"],
  ],
  removed: [
    ["owner", "updated"],
    ["other", "updated"],
  ],
  changes: { owner: ["links"], other: ["document_ids"] },
});

const cases: Case[] = [
  {
    owner: "milestones",
    path: "issues",
    other: "issues",
    input: (issue_id) => ({ issue_id }),
    added: [
      ["other", "updated"],
      ["other", "linked_to_milestone"],
      ["owner", "updated"],
    ],
    removed: [
      ["other", "updated"],
      ["owner", "updated"],
    ],
    changes: { owner: ["issue_count"], other: ["milestone_ids"] },
  },
  {
    owner: "initiatives",
    path: "issues",
    other: "issues",
    input: (issue_id) => ({ issue_id }),
    added: [
      ["other", "updated"],
      ["other", "linked_to_initiative"],
      ["owner", "updated"],
      ["owner", "issue_added"],
    ],
    removed: [
      ["other", "updated"],
      ["owner", "updated"],
    ],
    changes: { owner: ["issue_count"], other: ["initiative_ids"] },
  },
  {
    owner: "issues",
    path: "tags",
    other: "tags",
    input: (tag_id) => ({ tag_id }),
    added: [
      ["owner", "updated"],
      ["owner", "tagged"],
      ["other", "updated"],
      ["other", "applied"],
    ],
    removed: [
      ["owner", "updated"],
      ["other", "updated"],
      ["other", "removed"],
    ],
    changes: { owner: ["tag_ids"], other: ["issue_count"] },
  },
  {
    owner: "issues",
    path: "dependencies",
    other: "issues",
    input: (depends_on_id) => ({ depends_on_id }),
    added: [
      ["owner", "updated"],
      ["owner", "blocked"],
      ["other", "updated"],
    ],
    removed: [
      ["owner", "updated"],
      ["owner", "unblocked"],
      ["other", "updated"],
    ],
    changes: { owner: ["is_blocked", "depends_on_ids"], other: ["dependent_ids"] },
  },
  documentCase("project"),
  documentCase("issue"),
  documentCase("milestone"),
];

it("every link is tested here", () => {
  const tested = cases.map(({ owner, path, other }) => [owner, path, other]);
  const known = links.flatMap(({ owner, path, others }) =>
    others.map(({ plural }) => [owner.plural, path, plural]),
  );
  expect(tested).toEqual(known);
});

describe.each(cases)("$owner/{id}/$path, of $other,", (one) => {
  const { owner, path, other, input, changes } = one;
  const singular = (plural: string) => entityNamed(plural).name;

  async function makeEnds() {
    const ends = { owner: await makeOne(owner), other: await makeOne(other, "other") };
    await sql`truncate events cascade`;
    return ends;
  }

  const typesOf = (
    told: [end: "owner" | "other", action: string][],
    ends: { owner: string; other: string },
  ) =>
    told.map(([end, action]) => [
      `${singular(end === "owner" ? owner : other)}.${action}`,
      ends[end],
    ]);

  it("makes updated of both ends, and what it means", async () => {
    const ends = await makeEnds();
    const { linked, isNew } = await link(owner, ends.owner, path, input(ends.other));
    expect(isNew).toBe(true);
    const events = await takeEvents(sql);
    const types = events.map(({ event_type, entity_id }) => [event_type, entity_id]);
    expect(types).toEqual(typesOf(one.added, ends));
    expect(new Set(events.map(({ actor }) => actor.metadata.change_id)).size).toBe(1);
    for (const event of events) {
      const end = event.entity_id === ends.owner ? "owner" : "other";
      const row = await getEntity(ctx, entityNamed(one[end]), ends[end]);
      expect(row.version).toBe(2);
      expect(event.entity_version).toBe(2);
      expect(event.data.current).toMatchObject(JSON.parse(JSON.stringify(row)));
      if (event.action === "unblocked") continue;
      expect(event.data.changes).toEqual(changes[end]);
      expect(Object.keys(event.data.previous ?? {})).toEqual(changes[end]);
    }
    expect(linked).toMatchObject(await getEntity(ctx, entityNamed(other), ends.other));
    expect(
      linkedShape(linkOf(owner, path)).safeParse(JSON.parse(JSON.stringify(linked))).error,
    ).toBe(undefined);
  });

  it("changes and tells nothing when they are linked already", async () => {
    const ends = await makeEnds();
    const first = await link(owner, ends.owner, path, input(ends.other));
    await sql`truncate events cascade`;
    const again = await link(
      owner,
      ends.owner.toUpperCase(),
      path,
      input(ends.other.toUpperCase()),
    );
    expect(again).toEqual({ linked: first.linked, isNew: false });
    expect(await takeTypes(sql)).toEqual([]);
    expect(await getEntity(ctx, entityNamed(owner), ends.owner)).toMatchObject({ version: 2 });
  });

  it("is taken away again, with updated of both ends", async () => {
    const ends = await makeEnds();
    const [ownerBefore, otherBefore] = [
      await getEntity(ctx, entityNamed(owner), ends.owner),
      await getEntity(ctx, entityNamed(other), ends.other),
    ];
    await link(owner, ends.owner, path, input(ends.other));
    await sql`truncate events cascade`;
    await unlink(owner, ends.owner, path, ends.other);
    const events = await takeEvents(sql);
    expect(events.map(({ event_type, entity_id }) => [event_type, entity_id])).toEqual(
      typesOf(one.removed, ends),
    );
    for (const event of events.filter(({ action }) => action === "updated")) {
      const end = event.entity_id === ends.owner ? "owner" : "other";
      expect(event.entity_version).toBe(3);
      expect(event.data.changes).toEqual(changes[end]);
    }
    for (const before of [ownerBefore, otherBefore]) {
      const after = await getEntity(
        ctx,
        entityNamed(before === ownerBefore ? owner : other),
        before.id,
      );
      expect({ ...after, updated_at: 0 }).toEqual({ ...before, version: 3, updated_at: 0 });
    }
    expect(await refusalOf(unlink(owner, ends.owner, path, ends.other))).toMatchObject({
      code: "not_found",
    });
  });

  it("is refused at its field when there is no such other", async () => {
    const ends = await makeEnds();
    const [pointer = ""] = Object.keys(input("")).slice(-1);
    const unknown = newId();
    const refusal = await refusalOf(link(owner, ends.owner, path, input(unknown)));
    expect(refusal.fields).toMatchObject([{ pointer: `/${pointer}`, code: "unknown_reference" }]);
    expect(refusal.message).toContain(unknown);
    for (const wrong of [{}, { [pointer]: 7 }, { [pointer]: "one" }, { ...input(newId()), x: 1 }])
      expect(await refusalOf(link(owner, ends.owner, path, wrong))).toMatchObject({
        code: "validation_failed",
      });
    expect(await takeTypes(sql)).toEqual([]);
  });

  it("is not found when there is no such owner, nor any link to take away", async () => {
    const ends = await makeEnds();
    for (const id of [newId(), "nonsense"]) {
      const works = [
        link(owner, id, path, input(ends.other)),
        unlink(owner, id, path, ends.other),
        unlink(owner, ends.owner, path, id),
        listLinked(ctx, linkOf(owner, path), { id, query: new URLSearchParams() }),
      ];
      for (const refusal of await Promise.all(works.map(refusalOf))) {
        expect(refusal.code).toBe("not_found");
        expect(refusal.message).toContain(id);
      }
    }
    expect(await takeTypes(sql)).toEqual([]);
  });

  it("goes when either end is removed, and the one that stays is told of", async () => {
    for (const gone of ["owner", "other"] as const) {
      const ends = await makeEnds();
      const stays = gone === "owner" ? "other" : "owner";
      await link(owner, ends.owner, path, input(ends.other));
      await sql`truncate events cascade`;
      await remove(one[gone], ends[gone]);
      const [first, second] = await takeEvents(sql);
      expect(first).toMatchObject({ action: "deleted", entity_id: ends[gone], entity_version: 3 });
      expect(second).toMatchObject({
        action: "updated",
        entity_id: ends[stays],
        entity_version: 3,
        data: { changes: changes[stays] },
      });
      await remove(one[stays], ends[stays]);
    }
  });

  it("is listed in pages, the newest first", async () => {
    const ends = await makeEnds();
    const ids = [ends.other, await makeOne(other, "second"), await makeOne(other, "third")];
    for (const id of [2, 0, 1]) await link(owner, ends.owner, path, input(ids[id] ?? ""));
    const listed = async (query: object) =>
      (
        await listLinked(ctx, linkOf(owner, path), {
          id: ends.owner,
          query: new URLSearchParams({ ...query }),
        })
      ).rows.map(({ id }) => id);
    const newest = ids.toReversed();
    expect(await listed({})).toEqual(newest);
    expect(await listed({ limit: 1 })).toEqual(newest.slice(0, 2));
    const cursor = Buffer.from(newest[0] ?? "").toString("base64url");
    expect(await listed({ limit: 1, cursor })).toEqual(newest.slice(1));
    expect(await refusalOf(listed({ status: "open" }))).toMatchObject({
      fields: [{ pointer: "/status", code: "unknown_parameter" }],
    });
  });
});

describe("what a link shows beside its end", () => {
  it.each([
    ["milestones", "issues", "issues", "linked_to_milestone", "milestone", "owner"],
    ["initiatives", "issues", "issues", "linked_to_initiative", "initiative", "owner"],
    ["initiatives", "issues", "issues", "issue_added", "issue", "other"],
    ["issues", "tags", "tags", "tagged", "tag", "other"],
    ["issues", "tags", "tags", "applied", "issue", "owner"],
  ])("of %s/%s and %s, %s: the %s whole", async (owner, path, other, action, name, shown) => {
    const [ownerId, otherId] = [await makeOne(owner), await makeOne(other, "other")];
    const field = { issues: "issue_id", tags: "tag_id" }[path] ?? "";
    await link(owner, ownerId, path, { [field]: otherId });
    const event = (await takeEvents(sql)).find((one) => one.action === action);
    const [plural, id] = shown === "owner" ? [owner, ownerId] : [other, otherId];
    const row = await getEntity(ctx, entityNamed(plural), id);
    expect(event?.data.current[name]).toEqual(JSON.parse(JSON.stringify(row)));
  });

  it("is, of a document, what it is linked to", async () => {
    const [id, entity_id] = [await makeOne("documents"), await makeOne("issues")];
    await link("documents", id, "links", { entity_type: "issue", entity_id });
    const event = (await takeEvents(sql)).find(({ action }) => action === "linked");
    expect(event?.data.current).toMatchObject({
      linked: { entity_type: "issue", entity_id },
      links: [{ entity_type: "issue", entity_id }],
    });
  });
});

describe("the context of a link's events", () => {
  const none = { project_id: null, milestone_id: null, initiative_id: null, issue_id: null };
  const contextOf = async (type: string) =>
    (await takeEvents(sql)).find(({ event_type }) => event_type === type)?.context;

  it("names both ends, and of several milestones the one it is about", async () => {
    const project_id = await makeProject();
    const issue_id = await makeIssue({ project_id });
    const ids = [await makeOne("milestones"), await makeOne("milestones")];
    for (const milestone_id of ids) {
      await link("milestones", milestone_id, "issues", { issue_id });
      const context = await contextOf("issue.linked_to_milestone");
      expect(context).toEqual({ ...none, project_id, issue_id, milestone_id });
    }
    const initiative_id = await makeOne("initiatives");
    await link("initiatives", initiative_id, "issues", { issue_id });
    const events = await takeEvents(sql);
    const added = events.find(({ action }) => action === "issue_added");
    const expected = { project_id, issue_id, initiative_id, milestone_id: ids[0] };
    expect(added?.context).toEqual(expected);
    expect(events.find(({ action }) => action === "linked_to_initiative")?.context).toEqual(
      expected,
    );
  });

  it("says of a tag on which issue it was applied, and where", async () => {
    const project_id = await makeProject();
    const issue_id = await makeIssue({ project_id });
    const tag_id = await makeOne("tags");
    await link("issues", issue_id, "tags", { tag_id });
    expect(await contextOf("tag.applied")).toEqual({ ...none, project_id, issue_id });
    await unlink("issues", issue_id, "tags", tag_id);
    expect(await contextOf("tag.removed")).toEqual({ ...none, project_id, issue_id });
  });

  it("is, of a document, that of what it is linked to", async () => {
    const [home, project_id] = [await makeProject(), await makeProject()];
    const id = await make("documents", { title: "How", project_id: home });
    await link("documents", id, "links", { entity_type: "project", entity_id: project_id });
    expect(await contextOf("document.linked")).toEqual({ ...none, project_id });
    const milestone_id = await make("milestones", { name: "m", project_id });
    await link("documents", id, "links", { entity_type: "milestone", entity_id: milestone_id });
    expect(await contextOf("document.linked")).toEqual({ ...none, project_id: home, milestone_id });
  });

  it("is, of a blocked issue, its own: not that of the issue it waits for", async () => {
    const id = await makeIssue();
    const depends_on_id = await makeIssue({ project_id: await makeProject() });
    await link("issues", id, "dependencies", { depends_on_id });
    expect(await contextOf("issue.blocked")).toEqual({ ...none, issue_id: id });
  });
});

describe("a dependency", () => {
  const depend = (id: string, depends_on_id: string) =>
    link("issues", id, "dependencies", { depends_on_id });
  const isCycle = { fields: [{ pointer: "/depends_on_id", code: "cycle" }] };

  it("on the issue itself is refused", async () => {
    const id = await makeIssue();
    expect(await refusalOf(depend(id, id.toUpperCase()))).toMatchObject(isCycle);
  });

  it("that leads back to where it began is refused, however long the way", async () => {
    const ids = [];
    for (let count = 0; count < 12; count += 1) ids.push(await makeIssue());
    for (const [index, id] of ids.entries())
      if (ids[index + 1]) await depend(id, ids[index + 1] ?? "");
    await sql`truncate events cascade`;
    const [first = "", last = ""] = [ids[0], ids.at(-1)];
    for (const id of ids.slice(0, -1))
      expect(await refusalOf(depend(last, id))).toMatchObject(isCycle);
    expect(await takeTypes(sql)).toEqual([]);
    expect((await depend(first, last)).isNew).toBe(true);
  });

  it("makes no ring with others that are made at the same time", async () => {
    for (let turn = 0; turn < 5; turn += 1) {
      const ids = [await makeIssue(), await makeIssue(), await makeIssue()];
      const outcomes = await Promise.allSettled(
        ids.map((id, index) => depend(id, ids[(index + 1) % ids.length] ?? "")),
      );
      const refused = outcomes.filter((outcome) => outcome.status === "rejected");
      expect(refused).toMatchObject([{ reason: isCycle }]);
    }
  });
});
