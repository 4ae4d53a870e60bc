import type { NextRequest } from "next/server";
import type { Context } from "@/lib/context";
import { AppError } from "@/lib/errors";
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

const pathNames = ["id", "rid", "entity", "link", "other", "name", "path"] as const;

type Params = Record<string, string | string[] | undefined>;
export type Route = (request: NextRequest, more: { params: Promise<Params> }) => Promise<Response>;

export type Call = {
  ctx: Context;
  request: NextRequest;
  /** The path's own; "" where the path has none of that name. */
  params: Record<(typeof pathNames)[number], string>;
  query: URLSearchParams;
  /** The JSON body; undefined when there is none. */
  body: unknown;
};
export type Handler = (call: Call) => Promise<Response>;

/** A request before it is known whether it may be made. */
type Incoming = { request: NextRequest; params: Params; requestId: string; caller: Caller | null };

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

/** Lets in who may call; `whenUnauthorized` answers who may not. */
export function admit(handler: Handler, whenUnauthorized?: () => Promise<Response>): Route {
  return door(async (incoming) => {
    try {
      return await handle(incoming, handler);
    } catch (error) {
      const isUnauthorized = error instanceof AppError && error.code === "unauthorized";
      if (isUnauthorized && whenUnauthorized) return whenUnauthorized();
      throw error;
    }
  });
}

async function handle(incoming: Incoming, handler: Handler): Promise<Response> {
  const { request, params, requestId, caller } = incoming;
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
  const body = parseBody(request, text);
  const call: Call = {
    ctx: { ...ctx, cause: await causeOf(ctx, request, isWrite) },
    request,
    params: readParams(params),
    query: nextUrl.searchParams,
    body,
  };
  if (key !== null) return once({ call, key, text, caller }, handler);
  const response = await handler(call);
  return isWrite ? response : unlessKnown(request, response);
}

/** 304 for who has it already. */
function unlessKnown(request: NextRequest, response: Response): Response {
  const etag = response.headers.get("etag");
  if (etag === null || !isNamed(request.headers.get("if-none-match"), etag)) return response;
  return new Response(null, { status: 304, headers: { etag } });
}

function readParams(given: Params): Call["params"] {
  const named = pathNames.map((name) => [name, [given[name] ?? ""].flat().join("/")]);
  return Object.fromEntries(named) as Call["params"];
}
