import type { NextRequest } from "next/server";
import type { Context } from "@/lib/context";
import { AppError } from "@/lib/errors";
import { cutPage, type Page } from "@/lib/page";
import { callerContext, requestIdOf } from "./caller";
import { errorResponse } from "./error-response";

const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;
type Method = (typeof methods)[number];

type Call = {
  ctx: Context;
  request: NextRequest;
  /** The path's own: `id`, `entity`; "" where the path has none. */
  params: { id: string; entity: string; path: string };
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
        body: await readBody(request),
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
  return { id: text("id"), entity: text("entity"), path: text("path") };
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

const largestBodyBytes = 1024 * 1024;

async function readBody(request: NextRequest): Promise<unknown> {
  if (request.method === "GET" || request.method === "HEAD" || !request.body) return undefined;
  const text = await readText(request);
  if (text === "") return undefined;
  const type = request.headers.get("content-type") ?? "";
  if (!/^application\/(?:[\w.-]+\+)?json\b/i.test(type)) {
    throw new AppError("unsupported_media_type", "Send JSON, with Content-Type: application/json.");
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : "it cannot be parsed";
    throw new AppError("malformed_json", `The body is not JSON: ${reason}`);
  }
}

async function readText(request: NextRequest): Promise<string> {
  const tooLarge = new AppError("payload_too_large", "The body may have at most 1 MiB.");
  if (Number(request.headers.get("content-length") ?? 0) > largestBodyBytes) throw tooLarge;
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.byteLength;
    if (size > largestBodyBytes) throw tooLarge;
    chunks.push(chunk);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks));
  } catch {
    throw new AppError("malformed_json", "The body is not valid UTF-8.");
  }
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
