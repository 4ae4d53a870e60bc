import type { NextRequest } from "next/server";
import { AppError } from "@/lib/errors";
import { tagOf } from "@/lib/etag";
import { cutPage, type Page } from "@/lib/page";
import { admit, door, type Handler, type Route } from "./door";
import { errorResponse } from "./error-response";

const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;
type Method = (typeof methods)[number];

type Handlers = Partial<Record<"GET" | "POST" | "PATCH" | "DELETE", Handler>>;

/**
 * The exports of a route file: each handler behind the same door, and 405 with `Allow` for every
 * other method. `whenUnauthorized` answers who has no key.
 */
export function routes(handlers: Handlers, whenUnauthorized?: () => Promise<Response>) {
  const allowed = methods.filter(
    (method) => method === "OPTIONS" || (method === "HEAD" ? handlers.GET : method in handlers),
  );
  const allow = allowed.join(", ");
  const route = (method: Method): Route => {
    if (method === "OPTIONS")
      return door(async () => new Response(null, { status: 204, headers: { allow } }));
    const handler = method === "PUT" ? undefined : handlers[method === "HEAD" ? "GET" : method];
    return handler ? admit(handler, whenUnauthorized) : refuse(method, allow);
  };
  return {
    GET: route("GET"),
    HEAD: route("HEAD"),
    POST: route("POST"),
    PUT: route("PUT"),
    PATCH: route("PATCH"),
    DELETE: route("DELETE"),
    OPTIONS: route("OPTIONS"),
  };
}

function refuse(method: Method, allow: string): Route {
  return door(async ({ requestId }) => {
    const detail = `${method} is not possible here; ${allow} are.`;
    const response = errorResponse(new AppError("method_not_allowed", detail), requestId);
    response.headers.set("allow", allow);
    return response;
  });
}

export function json(data: unknown, status = 200): Response {
  return jsonText(JSON.stringify(data), status);
}

/** What is JSON already, to the byte. */
export function jsonText(text: string, status = 200): Response {
  return new Response(text, { status, headers: { "content-type": "application/json" } });
}

/** One resource, with the `ETag` by which `If-None-Match` and `If-Match` know it. */
export function resource(data: object, status = 200): Response {
  const version = "version" in data && typeof data.version === "number" ? data.version : undefined;
  return resourceText(JSON.stringify(data), { status, version });
}

/** One that is JSON already, to the byte. */
export function resourceText(
  text: string,
  { status = 200, version }: { status?: number; version?: number | undefined } = {},
): Response {
  const response = jsonText(text, status);
  response.headers.set("etag", tagOf(text, version));
  return response;
}

/** A new resource, and in `Location` where it is: behind its `collection`, where it was posted to. */
export function created(
  data: { id: string },
  request: NextRequest,
  collection = request.nextUrl.pathname.replace(/\/+$/, ""),
): Response {
  const response = resource(data, 201);
  response.headers.set("location", `${collection}/${data.id}`);
  return response;
}

export function noContent(): Response {
  return new Response(null, { status: 204 });
}

/** A bare array, with a `Link` to the next page when there is one. */
export function listed(
  { rows, page }: { rows: { id: string }[]; page: Page },
  request: NextRequest,
): Response {
  const cut = cutPage(rows, page);
  return listedText(JSON.stringify(cut.rows), cut.next, request);
}

/** An array that is JSON already; `next` is the cursor of the next page. */
export function listedText(text: string, next: string | null, request: NextRequest): Response {
  const response = jsonText(text);
  if (next !== null) {
    const query = new URLSearchParams(request.nextUrl.searchParams);
    query.set("cursor", next);
    response.headers.set("link", `<${request.nextUrl.pathname}?${query}>; rel="next"`);
  }
  return response;
}
