import { clock } from "@/lib/clock";
import { reasonOf } from "@/lib/log";
import type { EngineFunction, Handler } from "./functions";

/** One attempt to make. `event` is its JSON text. */
type Call = { runId: string; attempt: number; event: string };

export type Outcome =
  | { status: "completed" }
  | { status: "failed"; error: string }
  /** Not before `atMs` (epoch ms); null: as the engine sees fit. */
  | { status: "retry"; error: string; atMs: number | null };

const maxErrorLength = 500;

/** Calls the function once, in process, and says what became of it. Never rejects. */
export async function callFunction(
  handler: Handler,
  fn: EngineFunction,
  call: Call,
): Promise<Outcome> {
  try {
    const response = await handler(toRequest(fn, call));
    const outcome = await readOutcome(response);
    if (outcome.status !== "retry" || call.attempt + 1 < fn.maxAttempts) return outcome;
    return { status: "failed", error: outcome.error };
  } catch (error) {
    const text = toErrorText(`the handler threw: ${reasonOf(error)}`);
    if (call.attempt + 1 >= fn.maxAttempts) return { status: "failed", error: text };
    return { status: "retry", error: text, atMs: null };
  }
}

function toRequest(fn: EngineFunction, { runId, attempt, event }: Call): Request {
  // No ctx.fn_id: with it the SDK would report each step to a server of its own accord.
  const ctx = {
    run_id: runId,
    env: "",
    step_id: "step",
    attempt,
    max_attempts: fn.maxAttempts,
    disable_immediate_execution: false,
    use_api: false,
    stack: { stack: [], current: 0 },
  };
  const rest = JSON.stringify({ steps: {}, ctx, use_api: false, version: 2 }).slice(1);
  return new Request(fn.url, {
    method: "POST",
    headers: { host: new URL(fn.url).host, "content-type": "application/json", "x-run-id": runId },
    body: `{"event":${event},"events":[${event}],${rest}`,
  });
}

async function readOutcome(response: Response): Promise<Outcome> {
  const { status, headers } = response;
  if (!headers.has("x-inngest-sdk")) {
    return { status: "retry", error: `an answer that is not the SDK's (${status})`, atMs: null };
  }
  if (status === 200) return { status: "completed" };
  if (status === 206) {
    return { status: "failed", error: "steps are not supported by the embedded engine" };
  }
  if (status === 201) {
    return { status: "failed", error: "streaming is not supported by the embedded engine" };
  }
  const error = toErrorText(readError(await response.text()) || `status ${status}`);
  const noRetry = headers.get("x-inngest-no-retry");
  if (noRetry === "true" || (noRetry === null && status === 400))
    return { status: "failed", error };
  return {
    status: "retry",
    error,
    atMs: readRetryAfter(headers.get("retry-after"), clock().nowMs()),
  };
}

/** The stack of a serialised error, which begins with its name and message. */
function readError(body: string): string {
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed !== "object" || parsed === null) return body;
    const stack = "stack" in parsed && typeof parsed.stack === "string" ? parsed.stack : "";
    const message = "message" in parsed && typeof parsed.message === "string" ? parsed.message : "";
    return stack.includes(message) && stack ? stack : message || body;
  } catch {
    return body;
  }
}

function toErrorText(text: string): string {
  return text.slice(0, maxErrorLength).toWellFormed();
}

/** The time a Retry-After header names, in whole seconds or as a date; null if it cannot be read. */
export function readRetryAfter(header: string | null, nowMs: number): number | null {
  if (header === null || header.trim() === "") return null;
  const seconds = Number(header);
  if (Number.isFinite(seconds)) return nowMs + Math.max(0, Math.trunc(seconds) * 1_000);
  const atMs = Date.parse(header);
  return Number.isNaN(atMs) ? null : atMs;
}
