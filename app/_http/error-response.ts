import { AppError, type ErrorCode, type FieldError } from "@/lib/errors";
import { log, reasonOf, withoutParameters } from "@/lib/log";

const answers: Record<ErrorCode, { status: number; title: string }> = {
  bad_request: { status: 400, title: "Bad request" },
  malformed_json: { status: 400, title: "Malformed JSON" },
  unauthorized: { status: 401, title: "Unauthorized" },
  forbidden: { status: 403, title: "Forbidden" },
  not_found: { status: 404, title: "Not found" },
  method_not_allowed: { status: 405, title: "Method not allowed" },
  conflict: { status: 409, title: "Conflict" },
  loop_detected: { status: 409, title: "Loop detected" },
  precondition_failed: { status: 412, title: "Precondition failed" },
  too_many_requests: { status: 429, title: "Too many requests" },
  payload_too_large: { status: 413, title: "Payload too large" },
  uri_too_long: { status: 414, title: "URI too long" },
  headers_too_large: { status: 431, title: "Request header fields too large" },
  unsupported_media_type: { status: 415, title: "Unsupported media type" },
  wrong_host: { status: 421, title: "Wrong host" },
  validation_failed: { status: 422, title: "Validation failed" },
  unavailable: { status: 503, title: "Unavailable" },
  internal_error: { status: 500, title: "Internal error" },
};

/** RFC 9457, with our `code`, `request_id` and, for refused fields, `errors`. */
export type Problem = {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: ErrorCode;
  request_id: string;
  errors?: FieldError[];
};

/** It cannot be reached, refuses us, has no room or no time, is a read-only replica, or chose us to break a deadlock. */
const databaseAway =
  /^(CONNECT|ECONN|EHOST|ENET|ENOTFOUND|EAI_AGAIN|ENOENT|EPIPE|ETIMEDOUT|08|25006|25P03|28|40P01|53|55P03|57014|57P0|58030)/;
/** It went away with a statement of ours, which may have been carried out all the same. */
const answerLost = /^(CONNECTION_|ECONNRESET|EPIPE|ETIMEDOUT|08|57P01|57P02)/;

/** The driver's or PostgreSQL's error, deep in what was thrown, by which the database is away. */
function awayError(thrown: unknown): { code: string; error: Error } | null {
  if (!(thrown instanceof Error)) return null;
  const code = "code" in thrown ? String(thrown.code) : "";
  return databaseAway.test(code) ? { code, error: thrown } : awayError(thrown.cause);
}

export function isDatabaseAway(error: unknown): boolean {
  return awayError(error) !== null;
}

function unavailable(code: string): AppError {
  return new AppError("unavailable", awayDetail(code), { retryAfterSeconds: 5 });
}

function awayDetail(code: string): string {
  if (answerLost.test(code)) {
    return (
      "The database went away before it answered. If this was a change, it may have been made, and " +
      "its webhooks will then be told of it: look before you send it again."
    );
  }
  const isItsOwnWord = /^[0-9A-Z]{5}$/.test(code);
  return `The database cannot ${isItsOwnWord ? "do this just now" : "be reached"}; try again shortly.`;
}

/** What the caller may know of anything thrown; what is ours to mend is logged whole. */
export function toAppError(error: unknown, requestId: string): AppError {
  if (error instanceof AppError) return error;
  const away = awayError(error);
  if (away) {
    log.error("database unavailable", { request_id: requestId, reason: reasonOf(away.error) });
    return unavailable(away.code);
  }
  const stack = error instanceof Error ? withoutParameters(error.stack ?? "") : undefined;
  log.error("unexpected error", { request_id: requestId, reason: reasonOf(error), stack });
  return new AppError(
    "internal_error",
    "Something went wrong on our side; the request id helps us find it.",
  );
}

export function toProblem(error: AppError, requestId: string): Problem {
  const { status, title } = answers[error.code];
  return {
    type: "about:blank",
    title,
    status,
    detail: error.message,
    code: error.code,
    request_id: requestId,
    ...(error.fields.length > 0 ? { errors: error.fields } : {}),
  };
}

/** The one place where an error becomes an HTTP answer. */
export function errorResponse(thrown: unknown, requestId: string): Response {
  const error = toAppError(thrown, requestId);
  const problem = toProblem(error, requestId);
  const headers = new Headers({
    "content-type": "application/problem+json",
    "x-request-id": requestId,
    "cache-control": "no-store",
  });
  if (error.retryAfterSeconds) headers.set("retry-after", String(error.retryAfterSeconds));
  if (error.code === "unauthorized") headers.set("www-authenticate", 'Bearer realm="turbo"');
  return new Response(JSON.stringify(problem), { status: problem.status, headers });
}
