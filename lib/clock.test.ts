import { afterEach, describe, expect, it, vi } from "vitest";
import { Clock, clock } from "./clock";

afterEach(() => vi.useRealTimers());

describe("Clock", () => {
  it("shows the wall's time until it is set", () => {
    expect(Math.abs(new Clock().nowMs() - Date.now())).toBeLessThan(1000);
  });

  it("takes what the database said for the middle of the question's time", () => {
    const clock = new Clock();
    clock.set({ epochMs: 1_000_000, askedAtMs: performance.now() - 100, tookMs: 100 });
    expect(clock.nowMs()).toBeGreaterThanOrEqual(1_000_050);
    expect(clock.nowMs()).toBeLessThan(1_000_550);
    expect(clock.now()).toBeInstanceOf(Date);
  });

  it("goes on by monotonic time when the wall clock is changed", () => {
    const clock = new Clock();
    clock.set({ epochMs: 1_000_000, askedAtMs: performance.now(), tookMs: 0 });
    vi.useFakeTimers({ toFake: ["Date"], now: 0 });
    const first = clock.nowMs();
    vi.setSystemTime(Date.UTC(2099, 0, 1));
    expect(clock.nowMs()).toBeGreaterThanOrEqual(first);
    expect(clock.nowMs() - first).toBeLessThan(1000);
  });

  it("is left alone by a reading that can be true, however long it took", () => {
    const clock = new Clock();
    clock.set({ epochMs: 1_000_000, askedAtMs: 0, tookMs: 0 });
    const before = clock.nowMs() - performance.now();
    clock.correct({ epochMs: 1_005_010, askedAtMs: 5_000, tookMs: 100 });
    expect(clock.nowMs() - performance.now()).toBeCloseTo(before, 1);
  });

  it("gives way to one that cannot, as little as it must", () => {
    const clock = new Clock();
    clock.set({ epochMs: 1_000_000, askedAtMs: 0, tookMs: 0 });
    // The machine slept for an hour, and monotonic time with it.
    clock.correct({ epochMs: 4_605_000, askedAtMs: 5_000, tookMs: 100 });
    expect(clock.nowMs() - performance.now()).toBeCloseTo(4_599_900, 1);
    clock.correct({ epochMs: 1_005_000, askedAtMs: 5_000, tookMs: 100 });
    expect(clock.nowMs() - performance.now()).toBeCloseTo(1_000_000, 1);
  });

  it("is one for the process", () => {
    expect(clock()).toBe(clock());
  });
});
