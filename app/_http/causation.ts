import type { NextRequest } from "next/server";
import type { Cause, Context } from "@/lib/context";
import { invalid } from "@/lib/errors";
import { resolveCause } from "@/lib/events/cause";
import { isId } from "@/lib/id";

export const causationHeader = "x-turbo-causation";

/** Why a write is asked for; refuses a header that names no event, and a chain that is too deep. */
export async function causeOf(
  ctx: Context,
  request: NextRequest,
  isWrite: boolean,
): Promise<Cause | null> {
  const id = request.headers.get(causationHeader);
  if (id === null) return null;
  if (!isId(id)) {
    const message = "must be the id of an event, as X-Turbo-Event-ID has it";
    throw invalid({ pointer: "X-Turbo-Causation", code: "invalid", message });
  }
  if (!isWrite) return null;
  return resolveCause(ctx, id, `${request.method} ${request.nextUrl.pathname}`);
}
