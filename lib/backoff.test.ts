import { describe, expect, it } from "vitest";
import { doublingSchedule, parseDelaySeconds, withJitter } from "./backoff";

describe("parseDelaySeconds", () => {
  it.each([
    ["90", 90],
    ["90s", 90],
    ["5m", 300],
    ["2h", 7200],
    ["1d", 86_400],
    ["0", 0],
    ["1.5m", 90],
    [" 5s ", 5],
    ["-5s", null],
    ["5 s", null],
    ["5w", null],
    ["5ms", null],
    ["1e3", null],
    [".5s", null],
    ["", null],
  ])("reads %j as %s", (text, seconds) => {
    expect(parseDelaySeconds(text)).toBe(seconds);
  });
});

describe("doublingSchedule", () => {
  it("doubles from the first delay, once for each retry", () => {
    expect(doublingSchedule(4, 5)).toEqual([5, 10, 20, 40]);
    expect(doublingSchedule(0, 5)).toEqual([]);
  });
});

describe("withJitter", () => {
  it.each([
    [0, 80],
    [0.5, 100],
    [1, 120],
  ])("makes of 100 s, with %s for chance, %s", (chance, seconds) => {
    expect(withJitter(100, () => chance)).toBeCloseTo(seconds);
  });

  it("spreads by itself within 20 %", () => {
    const delays = Array.from({ length: 1000 }, () => withJitter(100));
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(80);
    expect(Math.max(...delays)).toBeLessThanOrEqual(120);
    expect(Math.max(...delays) - Math.min(...delays)).toBeGreaterThan(30);
  });
});
