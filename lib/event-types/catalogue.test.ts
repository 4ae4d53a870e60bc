import { describe, expect, it } from "vitest";
import { catalogue, eventGroups, isEventPattern, patternsOf, subscribableTypes } from "./catalogue";

describe("the catalogue", () => {
  it("names each type once, after its entity", () => {
    const types = catalogue.map(({ type }) => type);
    expect(new Set(types).size).toBe(types.length);
    for (const { type, entity, summary } of catalogue) {
      expect(type).toMatch(new RegExp(`^${entity}\\.[a-z_]+$`));
      expect(summary).toMatch(/\.$/);
    }
  });

  it("offers every type but the test, each in one group", () => {
    expect(subscribableTypes).not.toContain("webhook.test");
    const grouped = eventGroups.flatMap(({ types }) => types.map(({ type }) => type));
    expect(grouped.toSorted()).toEqual(subscribableTypes.toSorted());
    expect(eventGroups.map(({ entity }) => entity)).toContain("webhook");
  });
});

describe("isEventPattern", () => {
  it.each([
    ["issue.created", true],
    ["issue.*", true],
    ["*", true],
    ["webhook.test", false],
    ["webhook.disabled", true],
    ["webhook.*", true],
    ["issue", false],
    ["issue.", false],
    ["issue.cre*", false],
    ["*.created", false],
    ["unknown.*", false],
    [".*", false],
    ["", false],
    ["toString", false],
  ])("says of %j %s", (text, answer) => {
    expect(isEventPattern(text)).toBe(answer);
  });
});

describe("patternsOf", () => {
  it("is the type, its entity's wildcard, and the wildcard of everything", () => {
    expect(patternsOf("issue.created")).toEqual(["issue.created", "issue.*", "*"]);
  });

  it("is made of patterns that a webhook may name", () => {
    for (const type of subscribableTypes) expect(patternsOf(type).every(isEventPattern)).toBe(true);
  });
});
