import * as fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { createTestDatabase } from "@/db/testing";
import { planFilters } from "./filter";
import { pathText, type Leaf, type Plan, type Scalar } from "./filter-plan";
import { operators } from "./filter-values";

const database = await createTestDatabase();
const { sql } = database;
afterAll(() => database.close());

/** Where a filter is not fulfilled by an event, by the function that matching uses. */
async function mismatchOf(filters: object, event: unknown): Promise<string | null> {
  return mismatchOfPlan(planFilters(filters as Record<string, unknown>, null), event);
}

async function mismatchOfPlan(plan: Plan | null, event: unknown): Promise<string | null> {
  const [row] = await sql<{ at: string | null }[]>`
    select turbo_mismatch(${JSON.stringify(plan)}::text::jsonb, ${JSON.stringify(event)}::text::jsonb) as at`;
  return row?.at ?? null;
}

const project = "0190a5c0-0000-7000-8000-000000000001";
const milestones = ["0190a5c0-0000-7000-8000-000000000002", "0190a5c0-0000-7000-8000-000000000003"];

const event = {
  event_type: "issue.closed",
  actor: { type: "ai", name: "claude", metadata: { key: "ci" } },
  data: {
    current: {
      status: "closed",
      priority: "critical",
      title: "Ünïcode 😀",
      assignee: null,
      count: 10,
      ratio: 0.5,
      is_open: false,
      labels: ["a", "b", null, 3],
      empty: [],
      milestone_ids: milestones,
    },
    previous: { status: "open", assignee: "ada" },
    changes: ["status", "assignee"],
  },
  context: { project_id: project, milestone_id: null, initiative_id: null, issue_id: null },
  entity_version: 3,
};

describe("turbo_mismatch", () => {
  it.each<[object, boolean]>([
    [{ "current.status": "closed", changes: "status", priority: "critical" }, true],
    [{ "current.status": "closed", changes: "priority", priority: "critical" }, false],
    [{ "current.status": "closed", "previous.status": { ne: "closed" } }, true],
    [{ project_id: project.toUpperCase() }, true],
    [{ project_id: milestones[0] }, false],
    [{ milestone_id: milestones[1] }, true],
    [{ milestone_id: project }, false],
    [{ issue_id: null }, true],
    [{ actor: "ai:claude" }, true],
    [{ actor: "claude" }, true],
    [{ actor: "user:claude" }, false],
    [{ actor: ["ada", "ai:claude"] }, true],
    [{ actor: ["ada", "user:claude"] }, false],
    [{ actor: { nin: ["ada", "ai:claude"] } }, false],
    [{ actor: { nin: ["ada", "user:claude"] } }, true],
    [{ actor: { starts_with: "ai:cl" } }, true],
    [{ actor: { starts_with: "cl" } }, true],
    [{ "actor.metadata.key": "ci" }, true],
    // eq, ne, in, nin: also of lists, null and what is not there
    [{ "current.count": 10.0 }, true],
    [{ "current.count": "10" }, false],
    [{ "current.is_open": false }, true],
    [{ "current.assignee": null }, true],
    [{ "current.nothing": null }, false],
    [{ "current.labels": "b" }, true],
    [{ "current.labels": 3 }, true],
    [{ "current.labels": null }, true],
    [{ "current.labels": "c" }, false],
    [{ "current.labels.1": "b" }, true],
    [{ "current.empty": null }, false],
    [{ "current.labels": ["x", "b"] }, true],
    [{ "current.labels": ["x", "y"] }, false],
    [{ "current.labels": { ne: "b" } }, false],
    [{ "current.labels": { ne: "x" } }, true],
    [{ "current.nothing": { ne: "x" } }, true],
    [{ "current.nothing": { nin: ["x"] } }, true],
    [{ "current.assignee": { ne: null } }, false],
    [{ "current.status": { nin: ["open", "closed"] } }, false],
    [{ "current.empty": { nin: ["x"] } }, true],
    // exists: null counts as there
    [{ "current.assignee": { exists: true } }, true],
    [{ "current.empty": { exists: true } }, true],
    [{ "current.nothing": { exists: true } }, false],
    [{ "current.nothing": { exists: false } }, true],
    [{ "current.assignee": { exists: false } }, false],
    [{ "current.status.deeper": { exists: true } }, false],
    // gt, gte, lt, lte: numbers with numbers, texts with texts
    [{ "current.count": { gt: 9, lte: 10 } }, true],
    [{ "current.count": { gt: 10 } }, false],
    [{ "current.count": { gte: 10, lt: 10.5 } }, true],
    [{ "current.count": { gt: "1" } }, false],
    [{ "current.count": { lt: "99" } }, false],
    [{ "current.status": { gt: "clo", lt: "cm" } }, true],
    [{ "current.status": { gt: 0 } }, false],
    [{ "current.title": { gt: "Z" } }, true],
    [{ "current.labels": { gt: 2 } }, true],
    [{ "current.labels": { gt: 3 } }, false],
    [{ "current.assignee": { lt: "z" } }, false],
    [{ "current.nothing": { gt: 0 } }, false],
    [{ "current.is_open": { gte: 0 } }, false],
    // starts_with
    [{ "current.title": { starts_with: "Ünï" } }, true],
    [{ "current.title": { starts_with: "ünï" } }, false],
    [{ "current.title": { starts_with: "" } }, true],
    [{ "current.count": { starts_with: "1" } }, false],
    [{ "current.labels": { starts_with: "b" } }, true],
    [{ "current.nothing": { starts_with: "" } }, false],
    // groups
    [{ or: [{ priority: "low" }, { priority: "critical" }] }, true],
    [{ or: [{ priority: "low" }, { priority: "high" }] }, false],
    [{ and: [{ priority: "critical" }, { status: "closed" }] }, true],
    [{ and: [{ priority: "critical" }, { status: "open" }] }, false],
    [{ not: { priority: "critical" } }, false],
    [{ not: { priority: "critical", status: "open" } }, true],
    [{ not: { or: [{ priority: "low" }, { not: { status: "closed" } }] } }, true],
    [{ priority: "critical", not: { "actor.type": "ai" } }, false],
  ])("of %j: it is fulfilled: %s", async (filters, isFulfilled) => {
    expect((await mismatchOf(filters, event)) === null).toBe(isFulfilled);
  });

  it.each<[object, string]>([
    [{ priority: "low", status: "open" }, "/priority"],
    [{ priority: "critical", status: "open" }, "/status"],
    [{ "current.count": { gt: 1, lt: 5 } }, "/current.count/lt"],
    [{ or: [{ priority: "low" }, { status: "open" }] }, "/or"],
    [{ and: [{ priority: "critical" }, { or: [{ status: "open" }] }] }, "/and/1/or"],
    [{ not: { priority: "critical" } }, "/not"],
    [{ actor: ["ada", "user:claude"] }, "/actor"],
    [{ actor: { nin: ["ada", "ai:claude"] } }, "/actor/nin"],
    [{ "current.a/b": 1 }, "/current.a~1b"],
  ])("of %j points at %s", async (filters, pointer) => {
    expect(await mismatchOf(filters, event)).toBe(`/filters${pointer}`);
  });
});

// What follows draws events and filters from few names and values, so that they often meet.
const word = fc.constantFrom("a", "b", "ab", "", "ö", "😀", "\uffff");
const scalar: fc.Arbitrary<Scalar> = fc.oneof(
  word,
  fc.constantFrom(0, 1, -1, 1.5, 10, 1e21, 1e-7),
  fc.boolean(),
  fc.constant(null),
);
const step = fc.constantFrom("a", "b", "0", "1");
const key = fc
  .tuple(
    fc.constantFrom("current", "previous", "context", "changes"),
    fc.array(step, { maxLength: 3 }),
  )
  .map(([first, rest]) => [first, ...rest].join("."));

const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    scalar,
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(step, tie("value"), { maxKeys: 3 }),
  ),
}));
const anyEvent = fc.record(
  {
    data: fc.record({ current: value, previous: value, changes: value }, { requiredKeys: [] }),
    context: value,
  },
  { requiredKeys: [] },
);

const comparable = fc.oneof(word, fc.constantFrom(0, 1, 1.5, 10));
const list = fc.array(scalar, { minLength: 1, maxLength: 3 });
const operation = fc.oneof(
  fc.tuple(fc.constantFrom("eq", "ne"), scalar),
  fc.tuple(fc.constantFrom("in", "nin"), list),
  fc.tuple(fc.constantFrom("gt", "gte", "lt", "lte"), comparable),
  fc.tuple(fc.constant("exists"), fc.boolean()),
  fc.tuple(fc.constant("starts_with"), word),
);
const operations = fc.array(operation, { minLength: 1, maxLength: 2 }).map(Object.fromEntries);
const conditions = fc.dictionary(key, fc.oneof(scalar, list, operations), {
  minKeys: 1,
  maxKeys: 2,
});
const { filter } = fc.letrec<{ filter: Record<string, unknown> }>((tie) => {
  const filters = fc.array(tie("filter"), { minLength: 1, maxLength: 3 });
  return {
    filter: fc.oneof(
      { maxDepth: 3 },
      conditions,
      filters.map((and) => ({ and })),
      filters.map((or) => ({ or })),
      tie("filter").map((not) => ({ not })),
    ),
  };
});

/** The same judgement, as plainly as it can be said. */
function holds(plan: Plan, event: unknown): boolean {
  if ("all" in plan) return plan.all.every((part) => holds(part, event));
  if ("any" in plan) return plan.any.some((part) => holds(part, event));
  if ("not" in plan) return !holds(plan.not, event);
  const steps: string[] = JSON.parse(`[${plan.path.slice(1, -1)}]`);
  return fulfils(plan, lookUp(event, steps));
}

function lookUp(event: unknown, path: string[]): unknown[] {
  let value = event;
  for (const step of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) return [];
    value = (value as Record<string, unknown>)[step];
  }
  return Array.isArray(value) ? [...value, listMark] : [value];
}
/** What tells an empty list from nothing. */
const listMark = Symbol("a list");

function fulfils({ op, value }: Leaf, found: unknown[]): boolean {
  const wanted = [value].flat();
  const isAmong = found.some((one) => wanted.some((other) => one === other));
  if (op === "exists") return found.length > 0 === value;
  if (op === "eq" || op === "in") return isAmong;
  if (op === "ne" || op === "nin") return !isAmong;
  return found.some((one) => compares(one, op, value));
}

function compares(one: unknown, op: Leaf["op"], other: unknown): boolean {
  if (op === "starts_with")
    return typeof one === "string" && typeof other === "string" && one.startsWith(other);
  const order =
    typeof one === "number" && typeof other === "number"
      ? Math.sign(one - other)
      : typeof one === "string" && typeof other === "string"
        ? Buffer.compare(Buffer.from(one), Buffer.from(other))
        : NaN;
  return { gt: order > 0, gte: order >= 0, lt: order < 0, lte: order <= 0 }[op as "gt"];
}

describe("of any filter and event", () => {
  it("judges as a plain reading of the filter does", async () => {
    let fulfilled = 0;
    await fc.assert(
      fc.asyncProperty(filter, anyEvent, async (filters, event) => {
        const plan = planFilters(filters, null);
        if (!plan) throw new Error("there is a condition in it");
        const isFulfilled = holds(plan, event);
        fulfilled += Number(isFulfilled);
        expect((await mismatchOfPlan(plan, event)) === null).toBe(isFulfilled);
      }),
      { numRuns: 1_000 },
    );
    expect(fulfilled).toBeGreaterThan(100);
  });

  it("judges what is denied twice as if it were not denied", async () => {
    await fc.assert(
      fc.asyncProperty(filter, anyEvent, async (filters, event) => {
        const plain = await mismatchOf(filters, event);
        const once = await mismatchOf({ not: filters }, event);
        const twice = await mismatchOf({ not: { not: filters } }, event);
        expect([once === null, twice === null]).toEqual([plain !== null, plain === null]);
      }),
      { numRuns: 300 },
    );
  });

  it("never fails, whatever the event and the path are", async () => {
    const odd = fc.constantFrom(
      "-1",
      "99999999999999",
      " 1",
      "1e3",
      "{",
      '"',
      ",",
      "\\",
      "NULL",
      "a b",
    );
    const oddFilter = fc
      .tuple(fc.array(odd, { minLength: 1, maxLength: 3 }), fc.constantFrom(...operators), scalar)
      .map(([steps, op, value]): Plan => {
        const isList = op === "in" || op === "nin";
        const at = "/filters/x";
        return {
          path: pathText(["data", "changes", ...steps]),
          op,
          value: isList ? [value] : value,
          at,
        };
      });
    await fc.assert(
      fc.asyncProperty(oddFilter, fc.oneof(anyEvent, value), async (plan, event) => {
        expect([null, "/filters/x"]).toContain(await mismatchOfPlan(plan, event));
      }),
      { numRuns: 500 },
    );
  });
});
