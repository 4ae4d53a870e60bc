import { describe, expect, it } from "vitest";
import { groupTypes, wildcardOf } from "./event-groups";
import { isCovered, togglePattern } from "./event-selection";

const groups = groupTypes([
  { name: "literature.added", description: "A paper is found." },
  { name: "literature.read", description: null },
]);
const typesOf = (entity: string) =>
  groups
    .filter((group) => group.entity === entity)
    .flatMap(({ types }) => types.map((one) => one.type));
const issueTypes = typesOf("issue");
const otherWildcards = groups
  .filter((group) => group.entity !== "issue")
  .map((group) => wildcardOf(group.entity));

const toggle = (selected: string[], pattern: string) => togglePattern(selected, pattern, groups);

describe("togglePattern", () => {
  it("adds a type and takes it away again", () => {
    const chosen = toggle([], "issue.created");
    expect(chosen).toEqual(["issue.created"]);
    expect(toggle(chosen, "issue.created")).toEqual([]);
  });

  it("keeps the order of the groups whatever is pressed first", () => {
    expect(toggle(["literature.read", "project.created"], "issue.created")).toEqual([
      "issue.created",
      "project.created",
      "literature.read",
    ]);
  });

  it("puts an entity's wildcard in the place of its types", () => {
    expect(toggle(["issue.created", "project.created"], "issue.*")).toEqual([
      "issue.*",
      "project.created",
    ]);
  });

  it("puts the wildcard of everything in the place of all", () => {
    expect(toggle(["issue.*", "project.created", "gone.away"], "*")).toEqual(["*"]);
    expect(toggle(["*"], "*")).toEqual([]);
  });

  it("leaves the siblings when a type is pressed off under its wildcard", () => {
    expect(toggle(["issue.*"], "issue.created")).toEqual(
      issueTypes.filter((type) => type !== "issue.created"),
    );
    expect(toggle(["literature.*"], "literature.added")).toEqual(["literature.read"]);
  });

  it("leaves the other entities, the registered ones too, when one is pressed off under everything", () => {
    expect(otherWildcards).toContain("literature.*");
    expect(toggle(["*"], "issue.*")).toEqual(otherWildcards);
    expect(toggle(["*"], "issue.created")).toEqual([
      ...issueTypes.filter((type) => type !== "issue.created"),
      ...otherWildcards,
    ]);
  });

  it("keeps what it does not know until that itself is pressed off", () => {
    expect(toggle(["gone.away"], "issue.created")).toEqual(["issue.created", "gone.away"]);
    expect(toggle(["issue.created", "gone.away"], "gone.away")).toEqual(["issue.created"]);
  });
});

describe("isCovered", () => {
  it("sees a type under its wildcards and not the other way round", () => {
    expect(isCovered(["*"], "issue.created")).toBe(true);
    expect(isCovered(["issue.*"], "issue.created")).toBe(true);
    expect(isCovered(["project.*"], "issue.created")).toBe(false);
    expect(isCovered(issueTypes, "issue.*")).toBe(false);
    expect(isCovered(["issue.*"], "*")).toBe(false);
  });
});
