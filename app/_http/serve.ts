import { db } from "@/db/client";
import { checkHealth } from "@/inngest/health";
import { documentText } from "@/lib/api/document";
import { pathParameters, type Endpoint, type Service } from "@/lib/api/endpoint";
import { endpoints } from "@/lib/api/endpoints";
import { env } from "@/lib/env";
import { AppError } from "@/lib/errors";
import { admit, door, type Incoming, type Route } from "./door";
import { errorResponse } from "./error-response";
import { toResponse } from "./to-response";

const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;
type Method = (typeof methods)[number];

const service: Service = {
  checkHealth: () => checkHealth(db()),
  describeApi: () => documentText(env().baseUrl),
};

/** The endpoints of each path, by the path without the names of its parameters. */
const byShape = new Map<string, Endpoint[]>();
for (const endpoint of endpoints) {
  const shape = shapeOf(endpoint.path);
  byShape.set(shape, [...(byShape.get(shape) ?? []), endpoint]);
}

/** Parameters of a route file that name what is served, as `issues`, and not one such thing. */
const namesOfThings = new Set(["entity", "link", "path"]);

type Found = { path: string; endpoints: Endpoint[]; values: string[] };

/**
 * The exports of a route file: the endpoints of a path behind one door, HEAD as GET, and 405 with
 * `Allow` for every other method. What `{entity}` and `{link}` stand for is looked up in the table of
 * endpoints as they are asked for.
 */
export function serve(template: string): Record<Method, Route> {
  const names = pathParameters(template);
  const isFixed = !names.some((name) => namesOfThings.has(name));
  if (isFixed && !byShape.has(shapeOf(template))) throw new Error(`nothing is at ${template}`);
  const route = (method: Method) =>
    door((incoming) => answer(method, incoming, find(template, names, incoming.params)));
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

function shapeOf(path: string): string {
  return path.replaceAll(/\{\w+\}/g, "{}");
}

function find(template: string, names: string[], params: Incoming["params"]): Found {
  const given = names.map((name) => ({ name, value: [params[name] ?? ""].flat().join("/") }));
  const things = given.filter(({ name }) => namesOfThings.has(name));
  const fill = (filled: string, { name, value }: (typeof given)[number]) =>
    filled.replace(`{${name}}`, () => value);
  const path = things.reduce(fill, template);
  const values = given.filter(({ name }) => !namesOfThings.has(name)).map(({ value }) => value);
  // An encoded slash or brace in a name must not lead to the endpoint of another path.
  const isPlain = things.every(({ value }) => /^[\w-]+$/.test(value));
  return { path, endpoints: (isPlain && byShape.get(shapeOf(path))) || [], values };
}

async function answer(method: Method, incoming: Incoming, found: Found): Promise<Response> {
  const asked = method === "HEAD" ? "GET" : method;
  const endpoint = found.endpoints.find((one) => one.method === asked);
  if (endpoint) return run(endpoint, incoming, found.values);
  if (found.endpoints.length === 0) {
    const nothing = new AppError("not_found", `There is no ${found.path} here.`);
    return admit(incoming, () => Promise.reject(nothing));
  }
  const allow = allowedOf(found.endpoints).join(", ");
  if (method === "OPTIONS") return new Response(null, { status: 204, headers: { allow } });
  const detail = `${method} is not possible here; ${allow} are.`;
  const refusal = new AppError("method_not_allowed", detail);
  const response = errorResponse(refusal, incoming.requestId);
  response.headers.set("allow", allow);
  return response;
}

function allowedOf(served: Endpoint[]): Method[] {
  const has = (method: Method) => served.some((one) => one.method === method);
  return methods.filter(
    (method) => method === "OPTIONS" || has(method === "HEAD" ? "GET" : method),
  );
}

async function run(endpoint: Endpoint, incoming: Incoming, values: string[]): Promise<Response> {
  const { runForStrangers } = endpoint;
  const named = pathParameters(endpoint.path).map((name, place) => [name, values[place] ?? ""]);
  const params: Record<string, string> = Object.fromEntries(named);
  const { request } = incoming;
  try {
    return await admit(incoming, async (call) =>
      toResponse(await endpoint.run({ ...call, params, service }), { endpoint, request }),
    );
  } catch (error) {
    const isUnauthorized = error instanceof AppError && error.code === "unauthorized";
    if (!isUnauthorized || !runForStrangers) throw error;
    return toResponse(await runForStrangers(service), { endpoint, request });
  }
}
