import { databaseFailure } from "@/db/errors";
import type { Problem } from "@/lib/api/problem";
import { AppError, type ErrorCode } from "@/lib/errors";
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

const awayDetails = {
  lost:
    "The database went away before it answered. If this was a change, it may have been made, and " +
    "its webhooks will then be told of it: look before you send it again.",
  unreachable: "The database cannot be reached; try again shortly.",
  busy: "The database cannot do this just now; try again shortly.",
};

/** What the caller may know of anything thrown; what is ours to mend is logged whole. */
export function toAppError(error: unknown, requestId: string): AppError {
  if (error instanceof AppError) return error;
  const found = databaseFailure(error);
  if (found && found.failure !== "refused") {
    log.error("database unavailable", { request_id: requestId, reason: reasonOf(found.error) });
    return new AppError("unavailable", awayDetails[found.failure], { retryAfterSeconds: 5 });
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
