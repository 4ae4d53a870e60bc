import type { NextRequest } from "next/server";
import type { Call } from "@/lib/api/endpoint";
import { isNamed } from "@/lib/etag";
import { readIdempotencyKey } from "@/lib/idempotency";
import { isId } from "@/lib/id";
import { callerContext, findCaller, requestIdOf, type Caller } from "./caller";
import { causationHeader, causeOf } from "./causation";
import { errorResponse } from "./error-response";
import { once } from "./once";
import { takeQuota, tooManyRequests } from "./quota";
import { parseBody, readText } from "./read-body";

const largestBodyBytes = 1024 ** 2;

type Params = Record<string, string | string[] | undefined>;
export type Route = (request: NextRequest, more: { params: Promise<Params> }) => Promise<Response>;

/** A request that may be made. */
export type Admitted = Pick<Call, "ctx" | "query" | "body">;
export type Handler = (call: Admitted) => Promise<Response>;

/** A request before it is known whether it may be made. */
export type Incoming = {
  request: NextRequest;
  params: Params;
  requestId: string;
  caller: Caller | null;
};

/**
 * Every answer, a refusal too, bears its request's id, the caller's quota and why it was asked for.
 * Who is nobody gets no more than a refusal, so it is not refused for asking too often.
 */
export function door(answer: (incoming: Incoming) => Promise<Response>): Route {
  return async (request, more) => {
    const { headers } = request;
    const requestId = requestIdOf(headers.get("x-request-id"));
    const params = (await more.params) ?? {};
    const caller = findCaller({
      read: (header) => headers.get(header),
      cookie: (name) => request.cookies.get(name)?.value,
    });
    const quota = takeQuota(caller);
    const incoming = { request, params, requestId, caller };
    const response =
      caller && quota.isExceeded
        ? errorResponse(tooManyRequests(quota), requestId)
        : await answer(incoming).catch((error: unknown) => errorResponse(error, requestId));
    response.headers.set("x-request-id", requestId);
    response.headers.set("cache-control", "no-store");
    for (const [name, value] of Object.entries(quota.headers)) response.headers.set(name, value);
    const causation = headers.get(causationHeader);
    if (causation !== null && isId(causation)) response.headers.set(causationHeader, causation);
    return response;
  };
}

/** Lets in who may call, with the body read; throws what refuses them. */
export async function admit(incoming: Incoming, handler: Handler): Promise<Response> {
  const { request, requestId, caller } = incoming;
  const { method, headers, nextUrl } = request;
  const isWrite = method !== "GET" && method !== "HEAD";
  const ctx = callerContext(
    {
      read: (header) => headers.get(header),
      cookie: (name) => request.cookies.get(name)?.value,
      isWrite,
      requestId,
    },
    caller,
  );
  const key = method === "POST" ? readIdempotencyKey(headers.get("idempotency-key")) : null;
  const text = await readText(request, largestBodyBytes);
  const call: Admitted = {
    body: parseBody(request, text),
    ctx: { ...ctx, cause: await causeOf(ctx, request, isWrite) },
    query: nextUrl.searchParams,
  };
  if (key !== null) return once({ request, call, key, text, caller }, handler);
  const response = await handler(call);
  return isWrite ? response : unlessKnown(request, response);
}

/** 304 for who has it already. */
function unlessKnown(request: NextRequest, response: Response): Response {
  const etag = response.headers.get("etag");
  if (etag === null || !isNamed(request.headers.get("if-none-match"), etag)) return response;
  return new Response(null, { status: 304, headers: { etag } });
}
