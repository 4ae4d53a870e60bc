import { describe, expect, it } from "vitest";
import { describeAgo, describeUntil, formatDuration, formatUtc } from "./time-words";

describe("describeAgo", () => {
  it.each([
    [-500, "just now"],
    [1_999, "just now"],
    [12_400, "12 s ago"],
    [60_000, "1 min ago"],
    [3_599_000, "59 min ago"],
    [5 * 3_600_000, "5 h ago"],
    [86_400_000, "1 day ago"],
    [3 * 86_400_000, "3 days ago"],
  ])("says of %d ms: %s", (elapsedMs, words) => {
    expect(describeAgo(elapsedMs)).toBe(words);
  });
});

describe("describeUntil", () => {
  it.each([
    [-1, "now"],
    [0, "now"],
    [1, "in 1 s"],
    [7_200, "in 8 s"],
    [60_000, "in 1 min"],
    [252_000, "in 4 min 12 s"],
    [7_500_000, "in 2 h 5 min"],
    [90_000_000, "in 1 d 1 h"],
  ])("says of %d ms: %s", (leftMs, words) => {
    expect(describeUntil(leftMs)).toBe(words);
  });
});

it("writes an instant to the second, in UTC", () => {
  expect(formatUtc("2026-11-23T18:05:01.234Z")).toBe("2026-11-23 18:05:01 UTC");
});

it("writes a duration in milliseconds below a second and in seconds above", () => {
  expect([formatDuration(0), formatDuration(999), formatDuration(30_040)]).toEqual([
    "0 ms",
    "999 ms",
    "30.0 s",
  ]);
});
