import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { clock } from "@/lib/clock";
import { clockKeeper, syncClock } from "./clock";
import { createTestDatabase } from "./testing";

const database = await createTestDatabase();
const { sql } = database;

afterEach(() => vi.useRealTimers());
afterAll(() => database.close());

const setWrong = () =>
  clock().set({ epochMs: Date.UTC(2001, 0, 1), askedAtMs: performance.now(), tookMs: 0 });

async function errorMs(): Promise<number> {
  const [row] = await sql<{ now_ms: number }[]>`
    select extract(epoch from clock_timestamp())::float8 * 1000 as now_ms`;
  return Math.abs(clock().nowMs() - (row?.now_ms ?? 0));
}

describe("syncClock", () => {
  it("sets the clock by the database's", async () => {
    setWrong();
    await syncClock(sql);
    expect(await errorMs()).toBeLessThan(1_000);
  });
});

describe("clockKeeper", () => {
  it("reads the database's clock as soon as the wall's has jumped, and not before", async () => {
    const keep = clockKeeper(sql);
    const realMs = Date.now();
    for (const jumpMs of [3_600_000, -3_600_000, 800]) {
      setWrong();
      await keep();
      expect(await errorMs()).toBeGreaterThan(86_400_000);
      vi.useFakeTimers({ toFake: ["Date"], now: realMs + jumpMs });
      await keep();
      vi.useRealTimers();
      expect(await errorMs()).toBeLessThan(1_000);
      // Back again: that is a jump as well.
      await keep();
    }
  });

  it("tries again at the next call when the database was away", async () => {
    let isAway = true;
    const keep = clockKeeper(
      new Proxy(sql, {
        apply: (target, self, given) =>
          isAway ? Promise.reject(new Error("away")) : Reflect.apply(target, self, given),
      }),
    );
    setWrong();
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 60_000 });
    await expect(keep()).rejects.toThrow("away");
    isAway = false;
    await keep();
    vi.useRealTimers();
    expect(await errorMs()).toBeLessThan(1_000);
  });
});
