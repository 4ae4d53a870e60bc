import type { ErrorCode, FieldError } from "@/lib/errors";

/** What every server action answers: Next hides thrown messages, so a refusal is a value. */
export type ActionResult<T> =
  | { ok: true; data: T }
  | { ok: false; error: { code: ErrorCode; message: string; fields: FieldError[] } };
