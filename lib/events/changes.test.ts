import { describe, expect, it } from "vitest";
import { changedFields, fulfilledRules, pick, type ChangeRule } from "./changes";

describe("changedFields", () => {
  it("names what differs, in the order of the row", () => {
    const before = { id: 1, title: "a", status: "open", due: null };
    expect(changedFields(before, { due: "2026-01-01", status: "open", title: "b", id: 1 })).toEqual(
      ["title", "due"],
    );
  });

  it("takes equal times for the same, and absent for other than null", () => {
    const before = { at: new Date(5), a: null };
    expect(changedFields(before, { at: new Date(5), a: null })).toEqual([]);
    expect(changedFields(before, { at: new Date(6) })).toEqual(["at", "a"]);
  });
});

describe("pick", () => {
  it("keeps the fields named", () => {
    expect(pick({ a: 1, b: 2, c: null }, ["c", "a"])).toEqual({ c: null, a: 1 });
  });
});

describe("fulfilledRules", () => {
  const rules: ChangeRule[] = [
    { action: "assigned", field: "assignee", when: ({ to }) => to !== null },
    { action: "unassigned", field: "assignee", when: ({ to }) => to === null },
    { action: "status_changed", field: "status" },
    { action: "reopened", field: "status", when: ({ from }) => from === "closed" },
  ];
  const actions = (before: object, after: object) =>
    fulfilledRules(rules, { ...before }, { ...after }).map(({ action }) => action);

  it.each([
    [{ assignee: null }, { assignee: "ada" }, ["assigned"]],
    [{ assignee: "ada" }, { assignee: "bob" }, ["assigned"]],
    [{ assignee: "ada" }, { assignee: null }, ["unassigned"]],
    [{ assignee: "ada" }, { assignee: "ada" }, []],
    [{ status: "closed" }, { status: "open" }, ["status_changed", "reopened"]],
    [{ status: "open" }, { status: "closed" }, ["status_changed"]],
    [
      { assignee: null, status: "closed" },
      { assignee: "ada", status: "open" },
      ["assigned", "status_changed", "reopened"],
    ],
  ])("reads %o to %o as %o", (before, after, meanings) => {
    expect(actions(before, after)).toEqual(meanings);
  });
});
