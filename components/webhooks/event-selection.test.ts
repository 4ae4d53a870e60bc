import { describe, expect, it } from "vitest";
import { eventGroups } from "@/lib/events/catalogue";
import { isCovered, togglePattern, wildcardOf } from "./event-selection";

const issueTypes = eventGroups
  .filter((group) => group.entity === "issue")
  .flatMap((group) => group.types.map((entry) => entry.type));
const otherWildcards = eventGroups
  .filter((group) => group.entity !== "issue")
  .map((group) => wildcardOf(group.entity));

describe("togglePattern", () => {
  it("adds a type and takes it away again", () => {
    const chosen = togglePattern([], "issue.created");
    expect(chosen).toEqual(["issue.created"]);
    expect(togglePattern(chosen, "issue.created")).toEqual([]);
  });

  it("keeps the catalogue's order whatever is pressed first", () => {
    expect(togglePattern(["project.created"], "issue.created")).toEqual([
      "issue.created",
      "project.created",
    ]);
  });

  it("puts an entity's wildcard in the place of its types", () => {
    expect(togglePattern(["issue.created", "project.created"], "issue.*")).toEqual([
      "issue.*",
      "project.created",
    ]);
  });

  it("puts the wildcard of everything in the place of all", () => {
    expect(togglePattern(["issue.*", "project.created"], "*")).toEqual(["*"]);
    expect(togglePattern(["*"], "*")).toEqual([]);
  });

  it("leaves the siblings when a type is pressed off under its wildcard", () => {
    expect(togglePattern(["issue.*"], "issue.created")).toEqual(
      issueTypes.filter((type) => type !== "issue.created"),
    );
  });

  it("leaves the other entities when one is pressed off under everything", () => {
    expect(togglePattern(["*"], "issue.*")).toEqual(otherWildcards);
    expect(togglePattern(["*"], "issue.created")).toEqual([
      ...issueTypes.filter((type) => type !== "issue.created"),
      ...otherWildcards,
    ]);
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
