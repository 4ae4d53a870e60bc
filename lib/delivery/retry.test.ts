import { describe, expect, it } from "vitest";
import { judge, retryAfterSeconds, type AttemptResult } from "./retry";

const rules = { delaysSeconds: [5, 300, 1800], nowMs: Date.UTC(2026, 0, 1), random: () => 0.5 };
const automatic = { trigger: "automatic" as const, stepsUsed: 0 };

function response(status: number, headers: Record<string, string> = {}): AttemptResult {
  const rest = { body: "", isCut: false, address: "127.0.0.1", durationMs: 1 };
  return { kind: "response", status, headers, ...rest };
}

function failure(errorClass: "timeout" | "blocked_address" | "dns_error"): AttemptResult {
  return { kind: "failure", errorClass, message: "", address: null, durationMs: 1 };
}

describe("judge", () => {
  it.each([200, 201, 204, 299])("takes %s for success", (status) => {
    expect(judge(response(status), automatic, rules)).toEqual({
      outcome: "success",
      status: "success",
      delayMs: 0,
      stepsUsed: 0,
      isGone: false,
    });
  });

  it.each([300, 301, 304, 400, 401, 404, 429, 500, 503])("tries again after %s", (status) => {
    expect(judge(response(status), automatic, rules)).toEqual({
      outcome: "failure",
      status: "pending",
      delayMs: 5000,
      stepsUsed: 1,
      isGone: false,
    });
  });

  it.each(["timeout", "dns_error"] as const)("tries again after a %s", (errorClass) => {
    expect(judge(failure(errorClass), automatic, rules).status).toBe("pending");
  });

  it("tries again when the secret cannot be opened", () => {
    const result = { errorClass: "secret_unavailable" as const, message: "", address: null };
    const verdict = judge({ kind: "failure", ...result, durationMs: 0 }, automatic, rules);
    expect(verdict).toMatchObject({ status: "pending", stepsUsed: 1 });
  });

  it("never tries an address again that is refused", () => {
    expect(judge(failure("blocked_address"), automatic, rules).status).toBe("failed");
  });

  it("takes 410 for the end of the webhook", () => {
    const verdict = { outcome: "failure", status: "failed", isGone: true };
    expect(judge(response(410), automatic, rules)).toMatchObject(verdict);
  });

  it.each([
    [0, 5000, 1],
    [1, 300_000, 2],
    [2, 1_800_000, 3],
  ])("after %s used steps waits %s ms", (stepsUsed, delayMs, next) => {
    const verdict = judge(response(500), { trigger: "automatic", stepsUsed }, rules);
    expect(verdict).toMatchObject({ status: "pending", delayMs, stepsUsed: next });
  });

  it("fails when the steps are used up", () => {
    const verdict = judge(response(500), { trigger: "automatic", stepsUsed: 3 }, rules);
    expect(verdict).toMatchObject({ status: "failed", stepsUsed: 3 });
    expect(judge(response(500), automatic, { ...rules, delaysSeconds: [] }).status).toBe("failed");
  });

  it("puts a manual attempt that fails back on the schedule, with no step used", () => {
    const verdict = judge(response(500), { trigger: "manual", stepsUsed: 1 }, rules);
    expect(verdict).toMatchObject({ status: "pending", delayMs: 300_000, stepsUsed: 1 });
  });

  it("tries a test once", () => {
    expect(judge(response(500), { trigger: "test", stepsUsed: 0 }, rules).status).toBe("failed");
    expect(judge(response(200), { trigger: "test", stepsUsed: 0 }, rules).status).toBe("success");
  });

  it("spreads the delay by a fifth both ways", () => {
    const delays = Array.from({ length: 300 }, () => {
      const { delaysSeconds, nowMs } = rules;
      return judge(response(500), automatic, { delaysSeconds, nowMs }).delayMs;
    });
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(4000);
    expect(Math.max(...delays)).toBeLessThanOrEqual(6000);
    expect(new Set(delays).size).toBeGreaterThan(100);
  });

  it.each([
    ["60", 60_000],
    ["1", 5000],
    ["Thu, 01 Jan 2026 00:02:00 GMT", 120_000],
    ["999999", 86_400_000],
  ])("lets Retry-After: %s only lengthen the wait, to %s ms", (text, delayMs) => {
    expect(judge(response(503, { "retry-after": text }), automatic, rules).delayMs).toBe(delayMs);
  });
});

describe("retryAfterSeconds", () => {
  it.each([
    ["0", 0],
    [" 7 ", 7],
    ["86401", 86_400],
    ["-5", 0],
    ["1.5", 0],
    ["soon", 0],
    ["", 0],
    ["9".repeat(40), 0],
    ["2026-01-01T00:02:00Z", 0],
    ["Wed, 31 Dec 2025 23:00:00 GMT", 0],
    ["Thu, 01 Jan 2026 00:00:00 GMT", 0],
    ["Fri, 01 Jan 2027 00:00:00 GMT", 86_400],
    ["Thu, 99 Xyz 2026 00:00:00 GMT", 0],
  ])("reads %j as %s", (text, seconds) => {
    expect(retryAfterSeconds({ "retry-after": text }, rules.nowMs)).toBe(seconds);
  });

  it("is 0 without the header", () => {
    expect(retryAfterSeconds({}, rules.nowMs)).toBe(0);
  });
});
