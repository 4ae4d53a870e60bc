import { describe, expect, it } from "vitest";
import { latestTick, nextTick, parseCron } from "./cron";

const at = (iso: string) => Date.parse(`${iso}:00Z`);
const toIso = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString().slice(0, 16));

describe("nextTick", () => {
  it.each([
    ["* * * * *", "2026-11-23T15:48", "2026-11-23T15:49"],
    ["*/15 * * * *", "2026-11-23T15:45", "2026-11-23T16:00"],
    ["0 0 * * *", "2026-12-31T23:59", "2027-01-01T00:00"],
    ["5,35 9-17/4 * * *", "2026-11-23T09:05", "2026-11-23T09:35"],
    ["5,35 9-17/4 * * *", "2026-11-23T09:35", "2026-11-23T13:05"],
    ["0 12 * * MON-FRI", "2026-11-20T12:00", "2026-11-23T12:00"],
    ["0 12 * * 7", "2026-11-23T12:00", "2026-11-29T12:00"],
    ["0 12 * * 0", "2026-11-23T12:00", "2026-11-29T12:00"],
    ["0 0 29 2 *", "2026-01-01T00:00", "2028-02-29T00:00"],
    ["0 0 29 2 *", "2096-02-29T00:00", "2104-02-29T00:00"],
    ["30 4 1 jan,jul *", "2026-11-23T00:00", "2027-01-01T04:30"],
    ["50/5 * * * *", "2026-11-23T15:50", "2026-11-23T15:55"],
    ["0 0 13 * 5", "2026-11-23T00:00", "2026-11-27T00:00"],
    ["0 0 13 * 5", "2026-12-11T00:00", "2026-12-13T00:00"],
    ["0 0 31 * *", "2026-11-23T00:00", "2026-12-31T00:00"],
  ])("of %s after %s is %s", (expression, after, next) => {
    expect(toIso(nextTick(parseCron(expression), at(after)))).toBe(next);
  });
});

describe("latestTick", () => {
  it.each([
    ["* * * * *", at("2026-11-23T15:48"), "2026-11-23T15:48"],
    ["* * * * *", at("2026-11-23T15:48") - 1, "2026-11-23T15:47"],
    ["0 0 * * *", at("2026-11-23T15:48"), "2026-11-23T00:00"],
    ["0 12 * * 1", at("2026-11-23T11:59"), "2026-11-16T12:00"],
    ["0 0 29 2 *", at("2027-01-01T00:00"), "2024-02-29T00:00"],
  ])("of %s at %d is %s", (expression, atMs, latest) => {
    expect(toIso(latestTick(parseCron(expression), atMs))).toBe(latest);
  });
});

describe("parseCron", () => {
  it.each([
    ["* * * *", "five fields"],
    ["0 * * * * *", "five fields"],
    ["@daily", "five fields"],
    ["TZ=Europe/Berlin 0 0 * * *", "time zones"],
    ["CRON_TZ=UTC 0 0 * * *", "time zones"],
    ["60 * * * *", 'the minute "60" is not from 0 to 59'],
    ["* 24 * * *", "hour"],
    ["* * 0 * *", "day of month"],
    ["* * * 13 *", "month"],
    ["* * * * 8", "day of week"],
    ["* * * foo *", "month"],
    ["*/0 * * * *", "step of zero"],
    ["30-10 * * * *", "backwards"],
    ["*-5 * * * *", "not valid"],
    ["1,,2 * * * *", "not valid"],
    ["0 0 31 2 *", "never happens"],
  ])("refuses %s, naming what is wrong", (expression, reason) => {
    expect(() => parseCron(expression)).toThrow(reason);
  });
});
