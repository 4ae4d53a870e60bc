import { describe, expect, it } from "vitest";
import { RateLimiter } from "./rate-limit";

function limiterAt(terms: { limit?: number; mostCallers?: number } = {}) {
  const time = { nowMs: 5_000 };
  const limiter = new RateLimiter({
    limit: 2,
    windowMs: 60_000,
    mostCallers: 10,
    ...terms,
    nowMs: () => time.nowMs,
  });
  return { limiter, time };
}

describe("RateLimiter", () => {
  it("tells what is left, and refuses what is beyond it", () => {
    const { limiter } = limiterAt();
    expect(limiter.take("a")).toEqual({ isExceeded: false, remaining: 1, resetSeconds: 60 });
    expect(limiter.take("a")).toEqual({ isExceeded: false, remaining: 0, resetSeconds: 60 });
    expect(limiter.take("a")).toEqual({ isExceeded: true, remaining: 0, resetSeconds: 60 });
  });

  it("counts each caller by itself", () => {
    const { limiter } = limiterAt({ limit: 1 });
    limiter.take("a");
    expect(limiter.take("b").isExceeded).toBe(false);
    expect(limiter.take("a").isExceeded).toBe(true);
  });

  it("begins anew when the window is over, and not before", () => {
    const { limiter, time } = limiterAt({ limit: 1 });
    limiter.take("a");
    time.nowMs += 59_999;
    expect(limiter.take("a")).toEqual({ isExceeded: true, remaining: 0, resetSeconds: 1 });
    time.nowMs += 1;
    expect(limiter.take("a")).toEqual({ isExceeded: false, remaining: 0, resetSeconds: 60 });
  });

  it("remembers only so many callers: the others share one quota", () => {
    const { limiter } = limiterAt({ limit: 2, mostCallers: 1 });
    limiter.take("a");
    limiter.take("b");
    limiter.take("c");
    expect(limiter.take("d").isExceeded).toBe(true);
    expect(limiter.take("a").isExceeded).toBe(false);
  });

  it("tells it in the words of the draft", () => {
    const { limiter, time } = limiterAt();
    limiter.take("a");
    time.nowMs += 1_500;
    expect(limiter.headersOf(limiter.take("a"))).toEqual({
      "ratelimit-policy": '"caller";q=2;w=60',
      ratelimit: '"caller";r=0;t=59',
    });
  });
});
