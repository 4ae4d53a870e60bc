import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { createTestDatabase } from "@/db/testing";
import { AppError } from "@/lib/errors";
import type { Row } from "@/lib/events/changes";
import { newId } from "@/lib/id";
import { contextOn, eventually, recordingAfterCommit, useEnv } from "@/lib/testing";
import { entities, entityNamed } from "./definitions";
import type { Stored } from "./define";
import { readEntities } from "./read";
import { entityTables, takeEvents, verbsOn, type Body } from "./testing";

useEnv();
const database = await createTestDatabase();
const { sql } = database;
const ctx = contextOn(database, recordingAfterCommit());
const { make, makeProject, makeIssue, update, close, remove, link, unlink } = verbsOn(ctx);

beforeEach(async () => {
  await sql.unsafe(`truncate events, ${entityTables} cascade`);
});
afterAll(() => database.close());

/** What was told by these actions, in the order of the versions. */
function thresholdsIn(events: Body[], action: string) {
  return events
    .filter((event) => event.action === action)
    .toSorted((a, b) => a.entity_version - b.entity_version)
    .map(({ data }) => data.current.threshold);
}

describe("issues that are closed at once", () => {
  it("cross every threshold of their project and their milestone once", async () => {
    const project_id = await makeProject();
    const milestone_id = await make("milestones", { name: "m", project_id });
    const ids = [];
    for (let count = 0; count < 20; count += 1) ids.push(await makeIssue({ project_id }));
    for (const issue_id of ids) await link("milestones", milestone_id, "issues", { issue_id });
    await sql`truncate events cascade`;
    await Promise.all(ids.map(close));
    const events = await takeEvents(sql);
    expect(thresholdsIn(events, "completion_milestone")).toEqual([25, 50, 75, 100]);
    const tenths = [10, 20, 30, 40, 50, 60, 70, 80, 90, 100];
    expect(thresholdsIn(events, "progress_updated")).toEqual(tenths);
    expect(events.filter(({ action }) => action === "completed")).toHaveLength(1);
    expect(events.filter(({ action }) => action === "closed")).toHaveLength(20);
  });

  it("cross them once with those that are created closed, moved there and removed", async () => {
    const [project_id, other] = [await makeProject(), await makeProject()];
    const make4 = async (input: Row) => {
      const ids = [];
      for (let count = 0; count < 4; count += 1) ids.push(await makeIssue(input));
      return ids;
    };
    const [closing, vanishing] = [await make4({ project_id }), await make4({ project_id })];
    const coming = await make4({ project_id: other, status: "closed" });
    await sql`truncate events cascade`;
    await Promise.all([
      ...closing.map(close),
      ...vanishing.map((id) => remove("issues", id)),
      ...coming.map((id) => update("issues", id, { project_id })),
      ...[1, 2, 3, 4].map(() => makeIssue({ project_id, status: "closed" })),
    ]);
    const events = (await takeEvents(sql)).filter(({ entity_id }) => entity_id === project_id);
    expect(thresholdsIn(events, "completion_milestone")).toEqual([25, 50, 75, 100]);
  });

  it("unblock what depends on them once", async () => {
    for (let turn = 0; turn < 5; turn += 1) {
      const id = await makeIssue();
      const others = [await makeIssue(), await makeIssue(), await makeIssue()];
      for (const depends_on_id of others)
        await link("issues", id, "dependencies", { depends_on_id });
      const [first = "", second = "", third = ""] = others;
      await sql`truncate events cascade`;
      await Promise.all([
        close(first),
        remove("issues", second),
        unlink("issues", id, "dependencies", third),
      ]);
      const events = await takeEvents(sql);
      expect(events.filter(({ action }) => action === "unblocked")).toHaveLength(1);
    }
  });

  it("chain across dependencies without a fault", async () => {
    const ids = [];
    for (let count = 0; count < 8; count += 1) ids.push(await makeIssue());
    for (const [at, id] of ids.entries())
      for (const depends_on_id of ids.slice(at + 1))
        await link("issues", id, "dependencies", { depends_on_id });
    await sql`truncate events cascade`;
    await Promise.all(ids.map(close));
    const unblocked = (await takeEvents(sql)).filter(({ action }) => action === "unblocked");
    expect(unblocked.map(({ entity_id }) => entity_id).toSorted()).toEqual(ids.slice(0, -1));
  });
});

describe("locks", () => {
  /** Holds a row until what it answers is called. */
  async function hold(plural: string, id: string, strength = "no key update") {
    const holder = await sql.reserve();
    await holder`begin`;
    await holder`select from ${sql(plural)} where id = ${id} for ${sql.unsafe(strength)}`;
    return async () => {
      await holder`commit`;
      holder.release();
    };
  }

  /** Somebody waits for one of these, by a statement that names them. */
  async function isAwaited(plural: string): Promise<boolean> {
    const rows = await sql`
      select from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock' and position(${plural} in query) > 0`;
    return rows.length > 0;
  }

  const isFree = async (plural: string, id: string) => {
    const rows = await sql`
      select from ${sql(plural)} where id = ${id} for no key update skip locked`;
    return rows.length === 1;
  };

  it("are given back to be taken in order, when something was linked meanwhile", async () => {
    const milestone_id = await make("milestones", { name: "m", project_id: await makeProject() });
    const issue_id = await makeIssue();
    const [releaseIssue, releaseMilestone] = [
      await hold("issues", issue_id),
      await hold("milestones", milestone_id),
    ];
    const closing = close(issue_id);
    await eventually(() => isAwaited("issues"));
    await sql`insert into milestone_issues ${sql({ milestone_id, issue_id })}`;
    await releaseIssue();
    await eventually(() => isAwaited("milestones"));
    expect(await isFree("issues", issue_id)).toBe(true);
    await releaseMilestone();
    await closing;
    const events = await takeEvents(sql);
    expect(thresholdsIn(events, "progress_updated")).toEqual([100]);
  });

  it("on what a row comes to refer to are taken before the row's own", async () => {
    const [from, to] = [await makeProject(), await makeProject()];
    const id = await make("milestones", { name: "m", project_id: from });
    const release = await hold("projects", to, "update");
    const moving = update("milestones", id, { project_id: to });
    await eventually(() => isAwaited("projects"));
    expect(await isFree("milestones", id)).toBe(true);
    await release();
    expect(await moving).toMatchObject({ project_id: to, version: 2 });
  });
});

describe("a storm over few rows", () => {
  const plurals = ["projects", "milestones", "initiatives", "documents", "tags", "issues"];
  const statuses = ["open", "review", "closed", "closed"];

  const pick = <T>(all: readonly T[]): T => all[Math.floor(Math.random() * all.length)] as T;

  async function anyOf(plural: string): Promise<string> {
    const rows = await sql<{ id: string }[]>`select id from ${sql(plural)}`;
    return rows.length === 0 ? newId() : pick(rows).id;
  }

  const anyProject = async () => ({ project_id: await anyOf("projects") });

  const makers: Record<string, () => Promise<string>> = {
    projects: () => makeProject(),
    milestones: async () => make("milestones", { name: "m", ...(await anyProject()) }),
    initiatives: async () => make("initiatives", { name: "i", ...(await anyProject()) }),
    documents: async () => make("documents", { title: "d", ...(await anyProject()) }),
    tags: () => make("tags", { name: newId() }),
    issues: async () => makeIssue({ status: pick(statuses), ...(await anyProject()) }),
  };

  const links = [
    { owner: "milestones", path: "issues", other: "issues", field: "issue_id" },
    { owner: "initiatives", path: "issues", other: "issues", field: "issue_id" },
    { owner: "issues", path: "tags", other: "tags", field: "tag_id" },
    { owner: "issues", path: "dependencies", other: "issues", field: "depends_on_id" },
    ...["project", "issue", "milestone"].map((entity_type) => ({
      owner: "documents",
      path: "links",
      other: `${entity_type}s`,
      field: "entity_id",
      named: { entity_type },
    })),
  ];

  /** Once in so many actions. */
  const actions: [weight: number, action: () => Promise<unknown>][] = [
    [6, async () => update("issues", await anyOf("issues"), { status: pick(statuses) })],
    [2, async () => update("issues", await anyOf("issues"), { title: newId() })],
    [2, async () => update("issues", await anyOf("issues"), await anyProject())],
    [2, async () => makers[pick(plurals)]?.()],
    [2, () => makers.issues?.() ?? Promise.resolve()],
    [
      2,
      async () => {
        const plural = pick(["milestones", "initiatives", "documents"]);
        return update(plural, await anyOf(plural), await anyProject());
      },
    ],
    [
      6,
      async () => {
        const { owner, path, other, field, ...more } = pick(links);
        const input = { ...("named" in more ? more.named : {}), [field]: await anyOf(other) };
        return link(owner, await anyOf(owner), path, input);
      },
    ],
    [
      2,
      async () => {
        const table = pick(["milestone_issues", "initiative_issues"]);
        const [owner, column] =
          table === "milestone_issues"
            ? ["milestones", "milestone_id"]
            : ["initiatives", "initiative_id"];
        const [row] = await sql`select * from ${sql(table)} order by random() limit 1`;
        return row && unlink(owner, String(row[column]), "issues", String(row.issue_id));
      },
    ],
    [
      2,
      async () => {
        const plural = pick(plurals.filter((name) => name !== "tags"));
        const target = { entity_type: entityNamed(plural).name, entity_id: await anyOf(plural) };
        return make("comments", { ...target, content: "for @ada" });
      },
    ],
    [
      3,
      async () => {
        const plural = pick(["comments", "issues", "issues", ...plurals.slice(1)]);
        await remove(plural, await anyOf(plural));
        return makers[plural]?.();
      },
    ],
    [1, async () => remove("projects", await anyOf("projects")).then(makers.projects)],
  ];
  const weighted = actions.flatMap(([weight, action]) => Array<typeof action>(weight).fill(action));

  /** Does so many actions, eight at once; answers what went wrong that was no refusal. */
  async function rage(count: number): Promise<unknown[]> {
    const faults: unknown[] = [];
    let left = count;
    const one = async () => {
      for (; left > 0; left -= 1) {
        await pick(weighted)().catch((error: unknown) => {
          if (!(error instanceof AppError)) faults.push(error);
        });
      }
    };
    await Promise.all(Array.from({ length: 8 }, one));
    return faults;
  }

  /** How what was told of a row does not fit what has become of it. */
  function contradictions(row: Stored, events: Body[]): string[] {
    const versions = [...new Set(events.map(({ entity_version }) => entity_version))];
    const share = Number(row.completion_percentage);
    const crossed = new Set(thresholdsIn(events, "completion_milestone"));
    const tenth = thresholdsIn(events, "progress_updated").at(-1) ?? 0;
    const wrong = {
      "a version was not told, or told and not kept":
        versions.length !== row.version || Math.max(...versions) !== row.version,
      "a threshold was crossed and not told":
        "is_archived" in row && [25, 50, 75, 100].some((at) => share >= at && !crossed.has(at)),
      "a tenth was reached and not told":
        "start_date" in row && "due_date" in row && Math.floor(share / 10) * 10 !== tenth,
    };
    return Object.entries(wrong).flatMap(([what, isSo]) => (isSo ? [`${what}: ${row.id}`] : []));
  }

  it("ends without a fault, and with everything told that has come of it", async () => {
    for (const plural of [...plurals, ...plurals, "issues", "issues"]) await makers[plural]?.();
    expect(await rage(250)).toEqual([]);
    const events = await takeEvents(sql);
    const found: string[] = [];
    for (const entity of Object.values(entities)) {
      for (const row of await readEntities(sql, entity, sql`true`)) {
        const own = events.filter(({ entity_id }) => entity_id === row.id);
        found.push(...contradictions(row, own));
      }
    }
    expect(found).toEqual([]);
  });
});
