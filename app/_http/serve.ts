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

type Found = { path: string; endpoints: Endpoint[]; params: Record<string, string> };
type Place = Omit<Found, "params"> & { steps: string[] };

/** Every path that has endpoints, those with fewer parameters first: `dry-run` is no webhook's id. */
const places: Place[] = [...new Set(endpoints.map(({ path }) => path))]
  .map((path) => ({
    path,
    steps: stepsOf(path),
    endpoints: endpoints.filter((one) => one.path === path),
  }))
  .toSorted((a, b) => pathParameters(a.path).length - pathParameters(b.path).length);

function stepsOf(path: string): string[] {
  return path.split("/").filter(Boolean);
}

/** The endpoints of a path whose steps behind `/api` these are; none: nothing is there. */
function find(given: string[]): Found {
  const steps = ["api", ...given];
  const isParameter = (step: string | undefined) => step?.startsWith("{") ?? false;
  const place = places.find(
    (one) =>
      one.steps.length === steps.length &&
      one.steps.every((step, index) => isParameter(step) || step === steps[index]),
  );
  if (!place) return { path: `/${steps.join("/")}`, endpoints: [], params: {} };
  const values = steps.filter((_, index) => isParameter(place.steps[index]));
  const names = pathParameters(place.path);
  return {
    ...place,
    params: Object.fromEntries(names.map((name, at) => [name, values[at] ?? ""])),
  };
}

/**
 * The exports of the API's route file: the table of endpoints behind one door, HEAD as GET, and 405
 * with `Allow` for every other method of a path.
 */
export function serve(): Record<Method, Route> {
  const route = (method: Method) =>
    door((incoming) => answer(method, incoming, find([incoming.params.path ?? []].flat())));
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

async function answer(method: Method, incoming: Incoming, found: Found): Promise<Response> {
  const asked = method === "HEAD" ? "GET" : method;
  const endpoint = found.endpoints.find((one) => one.method === asked);
  if (endpoint) return run(endpoint, incoming, found.params);
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

async function run(
  endpoint: Endpoint,
  incoming: Incoming,
  params: Found["params"],
): Promise<Response> {
  const { runForStrangers } = endpoint;
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
