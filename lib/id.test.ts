import { describe, expect, it } from "vitest";
import { clock } from "./clock";
import { isId, leastIdAt, newId } from "./id";

describe("newId", () => {
  it("makes UUIDs of version 7 that bear the time", () => {
    const before = Date.now();
    const id = newId();
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    const ms = Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16);
    expect(ms).toBeGreaterThanOrEqual(before);
    expect(ms).toBeLessThan(before + 1000);
  });

  it("bears the database's time, whatever the wall shows, also after that was corrected", () => {
    const msOf = (id: string) => Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16);
    for (const epochMs of [Date.UTC(2040, 0, 1), Date.UTC(2027, 0, 1)]) {
      clock().set({ epochMs, askedAtMs: performance.now(), tookMs: 0 });
      const ms = msOf(newId());
      expect(ms).toBeGreaterThanOrEqual(epochMs);
      expect(ms).toBeLessThan(epochMs + 1_000);
    }
  });

  it("sorts in the order of making, within a millisecond and past its 4,096 numbers too", () => {
    const ids = Array.from({ length: 20_000 }, () => newId());
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.toSorted()).toEqual(ids);
  });
});

describe("isId", () => {
  it.each([
    ["0190a5c0-0000-7000-8000-000000000001", true],
    ["0190A5C0-0000-7000-8000-000000000001", true],
    ["0190a5c000007000800000000000000", false],
    [" 0190a5c0-0000-7000-8000-000000000001", false],
    ["0190a5c0-0000-7000-8000-000000000001\n", false],
    ["0190a5c0-0000-7000-8000-00000000000g", false],
    ["", false],
  ])("says of %j %s", (text, answer) => {
    expect(isId(text)).toBe(answer);
  });
});

describe("leastIdAt", () => {
  it("sorts before what is made at its moment, and after what was made before", () => {
    const at = new Date("2026-11-23T08:00:00.001Z");
    const least = leastIdAt(at);
    expect(isId(least)).toBe(true);
    const idAt = (ms: number) => {
      clock().set({ epochMs: at.getTime() + ms, askedAtMs: performance.now(), tookMs: 0 });
      return newId();
    };
    // Further apart than what newId takes for a correction of the clock.
    expect(idAt(0) > least).toBe(true);
    expect(idAt(-5_000) < least).toBe(true);
    expect(isId(leastIdAt(new Date(0)))).toBe(true);
  });
});
