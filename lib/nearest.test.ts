import { describe, expect, it } from "vitest";
import { nearest } from "./nearest";

const words = ["issue.created", "issue.closed", "project.created", "status", "eq", "ne"];

describe("nearest", () => {
  it.each([
    ["issue.create", "issue.created"],
    ["isseu.created", "issue.created"],
    ["Issue.Closed", "issue.closed"],
    ["stauts", "status"],
    ["state", "status"],
    ["x", undefined],
    ["$eq", "eq"],
    ["status", "status"],
    ["milestone.created", undefined],
    ["", undefined],
    ["x".repeat(100_000), undefined],
  ])("takes %j for %j", (word, meant) => {
    expect(nearest(word, words)).toBe(meant);
  });

  it("takes the nearer of two, and the first of two that are as near", () => {
    expect(nearest("closes", ["closed", "close"])).toBe("closed");
    expect(nearest("opens", ["oven", "open"])).toBe("open");
  });
});
