import { describe, expect, it } from "vitest";
import { daysLeft, dueStage, dueToldAt } from "./due";

describe("daysLeft", () => {
  it.each([
    ["2026-11-23", "2026-11-23", 0],
    ["2026-11-24", "2026-11-23", 1],
    ["2026-11-22", "2026-11-23", -1],
    ["2027-01-02", "2026-12-30", 3],
    ["2028-03-01", "2028-02-28", 2],
    // Over the nights in which clocks are changed somewhere a day is a day.
    ["2026-03-30", "2026-03-28", 2],
    ["2026-10-26", "2026-10-24", 2],
  ])("of %s on %s is %i", (due_date, today, days) => {
    expect(daysLeft(due_date, today)).toBe(days);
  });
});

describe("dueStage", () => {
  it.each([
    [400, null],
    [8, null],
    [7, 7],
    [4, 7],
    [3, 3],
    [2, 3],
    [1, 1],
    [0, 1],
    [-1, -1],
    [-400, -1],
  ])("with %i days left is %s", (days, stage) => {
    expect(dueStage(days)).toBe(stage);
  });
});

describe("dueToldAt", () => {
  it.each([
    ["2026-12-01", null],
    ["2026-11-30", null],
    ["2026-11-29", 7],
    ["2026-11-27", 7],
    ["2026-11-26", 7],
    ["2026-11-25", 3],
    ["2026-11-24", 3],
    ["2026-11-23", 1],
    ["2026-11-22", 1],
    ["2026-01-01", 1],
    [null, null],
  ])("of %s, set on 2026-11-23, is %s", (due_date, told) => {
    expect(dueToldAt(due_date, "2026-11-23")).toBe(told);
  });
});
