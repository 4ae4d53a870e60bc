import { describe, expect, it } from "vitest";
import { beyondQuick, choose, chosenOf, readFilters, writeFilters } from "./filter-value";

describe("readFilters", () => {
  it("reads what was written, and no text as no filter", () => {
    const filters = { priority: ["high", "critical"], not: { actor: "ai:claude" } };
    expect(readFilters(writeFilters(filters))).toEqual({ filters });
    expect(writeFilters({})).toBe("");
    expect(readFilters(" \n")).toEqual({ filters: {} });
  });

  it.each(['{"priority": }', "[]", "null", '"high"', "12"])("says why %s is no filter", (text) => {
    expect(readFilters(text)).toEqual({ error: expect.stringMatching(/^(This|A) .+/) });
  });
});

describe("quick fields", () => {
  it("show one value and a list of values alike", () => {
    expect(chosenOf({}, "priority")).toEqual([]);
    expect(chosenOf({ priority: "high" }, "priority")).toEqual(["high"]);
    expect(chosenOf({ priority: ["high", "low", "high"] }, "priority")).toEqual(["high", "low"]);
  });

  it("leave to JSON what they cannot say", () => {
    for (const value of [{ ne: "low" }, [], ["high", 1], null, 1])
      expect(chosenOf({ priority: value }, "priority")).toBeNull();
    const filters = { priority: { ne: "low" }, status: "open", "current.title": "x", or: [] };
    expect(beyondQuick(filters)).toEqual(["priority", "current.title", "or"]);
  });

  it("change their own key and nothing else", () => {
    const filters = { changes: "status", priority: "high", or: [{ actor: "a" }] };
    const more = choose(filters, "priority", ["high", "low"]);
    expect(more).toEqual({ ...filters, priority: ["high", "low"] });
    expect(Object.keys(more)).toEqual(["changes", "priority", "or"]);
    expect(choose(more, "priority", ["low"]).priority).toBe("low");
    expect(choose(more, "priority", [])).toEqual({ changes: "status", or: [{ actor: "a" }] });
  });
});
