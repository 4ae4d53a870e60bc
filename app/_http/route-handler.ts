import type { NextRequest } from "next/server";
import type { Context } from "@/lib/context";
import { AppError } from "@/lib/errors";
import { cutPage, type Page } from "@/lib/page";
import { callerContext, requestIdOf } from "./caller";
import { errorResponse } from "./error-response";
import { readBody } from "./read-body";

const largestBodyBytes = 1024 ** 2;

const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;
type Method = (typeof methods)[number];

type Call = {
  ctx: Context;
  request: NextRequest;
  /** The path's own: `id`, `rid`, `entity`; "" where the path has none. */
  params: { id: string; rid: string; entity: string; path: string };
  query: URLSearchParams;
  /** The JSON body; undefined when there is none. */
  body: unknown;
};
type Handler = (call: Call) => Promise<Response>;
type Route = (
  request: NextRequest,
  more: { params: Promise<Record<string, string | string[] | undefined>> },
) => Promise<Response>;

type Handlers = Partial<Record<"GET" | "POST" | "PATCH" | "DELETE", Handler>>;

/**
 * The exports of a route file: each handler behind the same door (who calls, body, errors,
 * request id), and 405 with `Allow` for every other method. `forStrangers` answers who has no key.
 */
export function routes(handlers: Handlers, forStrangers?: () => Promise<Response>) {
  const allowed = methods.filter(
    (method) => method === "OPTIONS" || (method === "HEAD" ? handlers.GET : method in handlers),
  );
  const allow = allowed.join(", ");
  const route = (method: Method): Route => {
    if (method === "OPTIONS")
      return async () => new Response(null, { status: 204, headers: { allow } });
    const handler = method === "PUT" ? undefined : handlers[method === "HEAD" ? "GET" : method];
    return handler ? door(handler, forStrangers) : refuse(method, allow);
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

function door(handler: Handler, forStrangers?: () => Promise<Response>): Route {
  return async (request, { params }) => {
    const requestId = requestIdOf(request.headers.get("x-request-id"));
    try {
      const ctx = callerContext({
        read: (header) => request.headers.get(header),
        cookie: (name) => request.cookies.get(name)?.value,
        isWrite: request.method !== "GET" && request.method !== "HEAD",
        requestId,
      });
      const response = await handler({
        ctx,
        request,
        params: readParams((await params) ?? {}),
        query: request.nextUrl.searchParams,
        body: await readBody(request, largestBodyBytes),
      });
      response.headers.set("x-request-id", requestId);
      response.headers.set("cache-control", "no-store");
      return response;
    } catch (error) {
      const isStranger = error instanceof AppError && error.code === "unauthorized";
      return isStranger && forStrangers ? forStrangers() : errorResponse(error, requestId);
    }
  };
}

function readParams(given: Record<string, string | string[] | undefined>): Call["params"] {
  const text = (name: string) => [given[name] ?? ""].flat().join("/");
  return { id: text("id"), rid: text("rid"), entity: text("entity"), path: text("path") };
}

function refuse(method: Method, allow: string): Route {
  return async (request) => {
    const detail = `${method} is not possible here; ${allow} are.`;
    const requestId = requestIdOf(request.headers.get("x-request-id"));
    const response = errorResponse(new AppError("method_not_allowed", detail), requestId);
    response.headers.set("allow", allow);
    return response;
  };
}

export function json(data: unknown, status = 200): Response {
  return jsonText(JSON.stringify(data), status);
}

/** What is JSON already, to the byte. */
export function jsonText(text: string, status = 200): Response {
  return new Response(text, { status, headers: { "content-type": "application/json" } });
}

export function created(data: { id: string }, request: NextRequest): Response {
  const response = json(data, 201);
  response.headers.set("location", `${request.nextUrl.pathname.replace(/\/+$/, "")}/${data.id}`);
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
  const response = json(cut.rows);
  if (cut.next) {
    const query = new URLSearchParams(request.nextUrl.searchParams);
    query.set("cursor", cut.next);
    response.headers.set("link", `<${request.nextUrl.pathname}?${query}>; rel="next"`);
  }
  return response;
}
