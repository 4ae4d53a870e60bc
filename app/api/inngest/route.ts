import { requestIdOf } from "@/app/_http/caller";
import { errorResponse } from "@/app/_http/error-response";
import { readBody } from "@/app/_http/read-body";
import { answerServer, checkSignatureHeader } from "@/inngest/server-door";
import { checkOrigin } from "@/lib/admission";
import { env } from "@/lib/env";
import { AppError } from "@/lib/errors";

export const maxDuration = 300;

/** A call holds one event of ours, a few hundred bytes. */
const largestBodyBytes = 64 * 1024;
const allow = "GET, POST, PUT";

/** The functions for an Inngest server; with the embedded engine calls stay in process. */
async function door(request: Request): Promise<Response> {
  const requestId = requestIdOf(request.headers.get("x-request-id"));
  try {
    const response = await answer(request);
    response.headers.set("cache-control", "no-store");
    return response;
  } catch (error) {
    const response = errorResponse(error, requestId);
    if (response.status === 405) response.headers.set("allow", allow);
    return response;
  }
}

async function answer(request: Request): Promise<Response> {
  const { method, headers, url } = request;
  if (env().inngest.engine === "embedded") {
    const detail = "The embedded engine runs the functions; no Inngest server is served here.";
    throw new AppError("not_found", detail);
  }
  if (!allow.split(", ").includes(method))
    throw new AppError("method_not_allowed", `${method} is not possible here; ${allow} are.`);
  checkOrigin((header) => headers.get(header), env());
  checkSignatureHeader(headers);
  const body = await readBody(request, largestBodyBytes);
  return answerServer({ method, url: new URL(url), headers, body });
}

export {
  door as GET,
  door as HEAD,
  door as POST,
  door as PUT,
  door as PATCH,
  door as DELETE,
  door as OPTIONS,
};
