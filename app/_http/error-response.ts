import { AppError, type ErrorCode, type FieldError } from "@/lib/errors";
import { log, reasonOf } from "@/lib/log";

const answers: Record<ErrorCode, { status: number; title: string }> = {
  malformed_json: { status: 400, title: "Malformed JSON" },
  unauthorized: { status: 401, title: "Unauthorized" },
  forbidden: { status: 403, title: "Forbidden" },
  not_found: { status: 404, title: "Not found" },
  method_not_allowed: { status: 405, title: "Method not allowed" },
  conflict: { status: 409, title: "Conflict" },
  payload_too_large: { status: 413, title: "Payload too large" },
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

const databaseAway =
  /^(CONNECTION_|CONNECT_TIMEOUT|ECONN|ENOENT|EPIPE|ETIMEDOUT|08|53|57P0|57014|55P03|25P03)/;

function isDatabaseAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ("code" in error && databaseAway.test(String(error.code))) return true;
  return isDatabaseAway(error.cause);
}

/** What the caller may know of anything thrown; what is ours to mend is logged whole. */
export function toAppError(error: unknown, requestId: string): AppError {
  if (error instanceof AppError) return error;
  if (isDatabaseAway(error)) {
    log.error("database unavailable", { request_id: requestId, reason: reasonOf(error) });
    return new AppError("unavailable", "The database cannot be reached; try again shortly.", {
      retryAfterSeconds: 5,
    });
  }
  const stack = error instanceof Error ? error.stack : undefined;
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
