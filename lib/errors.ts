export type ErrorCode =
  | "bad_request"
  | "malformed_json"
  | "unauthorized"
  | "forbidden"
  | "not_found"
  | "method_not_allowed"
  | "conflict"
  | "loop_detected"
  | "precondition_failed"
  | "too_many_requests"
  | "payload_too_large"
  | "uri_too_long"
  | "headers_too_large"
  | "unsupported_media_type"
  | "wrong_host"
  | "validation_failed"
  | "unavailable"
  | "internal_error";

/** One refused field: a JSON pointer into the input, a code, and what would be right. */
export type FieldError = { pointer: string; code: string; message: string };

/** A refusal with a reason for the caller; doors translate it once, by its code. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly fields: FieldError[];
  readonly retryAfterSeconds: number | undefined;

  constructor(
    code: ErrorCode,
    detail: string,
    more: { fields?: FieldError[]; retryAfterSeconds?: number; cause?: unknown } = {},
  ) {
    super(detail, { cause: more.cause });
    this.name = "AppError";
    this.code = code;
    this.fields = more.fields ?? [];
    this.retryAfterSeconds = more.retryAfterSeconds;
  }
}

/** A refusal of named fields; its detail repeats the first of them. */
export function invalid(...fields: FieldError[]): AppError {
  const first = fields[0];
  const detail = first ? `${first.pointer || "/"}: ${first.message}` : "The input is not valid.";
  return new AppError("validation_failed", detail, { fields });
}

export function notFound(what: string, id: string): AppError {
  return new AppError("not_found", `${what} ${id} not found`);
}

/** More errors than these help nobody. */
export const mostErrors = 100;

/** Throws what refuses the input for these errors, of which it tells the first 100; none: nothing. */
export function refuseFor(errors: FieldError[]): void {
  if (errors.length > 0) throw invalid(...errors.slice(0, mostErrors));
}

/** Next hides what an error says from the browser, save its digest. */
export const databaseAwayDigest = "database-away";
