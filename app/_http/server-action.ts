import { cookies, headers } from "next/headers";
import type { Context } from "@/lib/context";
import { callerContext, requestIdOf } from "./caller";
import { toAppError } from "./error-response";
import type { ErrorCode, FieldError } from "@/lib/errors";

/** What every server action answers: Next hides thrown messages, so a refusal is a value. */
export type ActionResult<T> =
  | { ok: true; data: T }
  | { ok: false; error: { code: ErrorCode; message: string; fields: FieldError[] } };

/** Runs a verb for a server action: the same door as REST's, with the refusal as a value. */
export async function runAction<T>(verb: (ctx: Context) => Promise<T>): Promise<ActionResult<T>> {
  const given = await headers();
  const jar = await cookies();
  const requestId = requestIdOf(given.get("x-request-id"));
  try {
    const ctx = callerContext({
      read: (header) => given.get(header),
      cookie: (name) => jar.get(name)?.value,
      isWrite: true,
      requestId,
    });
    return { ok: true, data: await verb(ctx) };
  } catch (error) {
    const { code, message, fields } = toAppError(error, requestId);
    return { ok: false, error: { code, message, fields } };
  }
}
