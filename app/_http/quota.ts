import { AppError } from "@/lib/errors";
import { RateLimiter, type Quota } from "@/lib/rate-limit";
import type { Caller } from "./caller";

const store: { turboRateLimiter?: RateLimiter } = globalThis as never;

/** That of this process; Next bundles routes apart, hence globalThis. */
function limiter(): RateLimiter {
  store.turboRateLimiter ??= new RateLimiter({
    limit: 120_000,
    windowMs: 60_000,
    mostCallers: 10_000,
    nowMs: () => performance.now(),
  });
  return store.turboRateLimiter;
}

/** Counts a request; what is told of the quota in its answer. */
export function takeQuota(caller: Caller | null): Quota & { headers: Record<string, string> } {
  const quota = limiter().take(caller?.name ?? "strangers");
  return { ...quota, headers: limiter().headersOf(quota) };
}

export function tooManyRequests({ resetSeconds }: Quota): AppError {
  const detail = `That was too much for a minute; go on in ${resetSeconds} s.`;
  return new AppError("too_many_requests", detail, { retryAfterSeconds: resetSeconds });
}
