import { withJitter } from "@/lib/backoff";
import type { AttemptTrigger, DeliveryStatus } from "@/db/schema";
import type { SendResult } from "@/lib/outbound/send";

const longestRetryAfterSeconds = 24 * 3600;

/** What follows from an attempt: the delivery's status, and for `pending` when the next try is due. */
export type Verdict = {
  outcome: "success" | "failure";
  status: Extract<DeliveryStatus, "success" | "failed" | "pending">;
  delayMs: number;
  stepsUsed: number;
  /** The receiver said 410 Gone: nothing more is wanted there. */
  isGone: boolean;
};

/** What came of an attempt: what the sender says, or why it was never asked. */
export type AttemptResult =
  | SendResult
  | {
      kind: "failure";
      errorClass: "secret_unavailable";
      message: string;
      address: null;
      durationMs: number;
    };

type Attempted = { trigger: AttemptTrigger; stepsUsed: number };
type Rules = { delaysSeconds: number[]; nowMs: number; random?: () => number };

/** Pure: judges the result of one attempt by the schedule. Only 2xx is success. */
export function judge(result: AttemptResult, attempted: Attempted, rules: Rules): Verdict {
  const over = { delayMs: 0, stepsUsed: attempted.stepsUsed, isGone: false };
  if (result.kind === "response" && result.status >= 200 && result.status < 300) {
    return { ...over, outcome: "success", status: "success" };
  }
  if (result.kind === "response" && result.status === 410) {
    return { ...over, outcome: "failure", status: "failed", isGone: true };
  }
  const isFinal =
    attempted.trigger === "test" ||
    (result.kind === "failure" && result.errorClass === "blocked_address");
  const step = rules.delaysSeconds[attempted.stepsUsed];
  if (isFinal || step === undefined) return { ...over, outcome: "failure", status: "failed" };
  const asked = result.kind === "response" ? retryAfterSeconds(result.headers, rules.nowMs) : 0;
  const seconds = Math.max(withJitter(step, rules.random), asked);
  return {
    outcome: "failure",
    status: "pending",
    delayMs: seconds * 1000,
    stepsUsed: attempted.stepsUsed + (attempted.trigger === "automatic" ? 1 : 0),
    isGone: false,
  };
}

/** Seconds a `Retry-After` header asks for (a number or an HTTP date), 0 to 24 h; 0 if it is none. */
export function retryAfterSeconds(headers: Record<string, string>, nowMs: number): number {
  const text = headers["retry-after"]?.trim() ?? "";
  const seconds = /^\d{1,12}$/.test(text) ? Number(text) : secondsUntil(text, nowMs);
  return Math.min(Math.max(seconds, 0), longestRetryAfterSeconds);
}

const httpDate = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

function secondsUntil(text: string, nowMs: number): number {
  if (!httpDate.test(text)) return 0;
  const at = Date.parse(text);
  return Number.isNaN(at) ? 0 : Math.ceil((at - nowMs) / 1000);
}
