import { pathParameters, type Answer, type Endpoint } from "./endpoint";
import { endpoints } from "./endpoints";

// What endpoints have in common: it is said once, and follows from what an endpoint is.

const text = { type: "string" };
const header = (name: string, description: string, schema: object = text) => ({
  name,
  in: "header",
  description,
  schema,
});

/** Headers of requests. */
export const parameters = {
  IdempotencyKey: header(
    "Idempotency-Key",
    "For 24 hours the same request with the same key is answered the same and done once.",
    { ...text, minLength: 1, maxLength: 255, pattern: "^[ -~]+$" },
  ),
  IfMatch: header(
    "If-Match",
    "The ETag of what was read: it is changed only if it has not changed since. `*`: in any case.",
  ),
  IfNoneMatch: header("If-None-Match", "The ETag of what is known already: then 304 is answered."),
  Causation: header(
    "X-Turbo-Causation",
    "The event that led to this request, as X-Turbo-Event-ID has it.",
    { ...text, format: "uuid" },
  ),
  Actor: header("X-Turbo-Actor", "On whose behalf: `ai:<name>` or `user:<name>`.", {
    ...text,
    pattern: "^(user|ai):[ -~]{1,100}$",
  }),
  RequestId: header("X-Request-Id", "A name for this request; one is made unless it is given.", {
    ...text,
    pattern: "^[\\w.-]{1,100}$",
  }),
};

export function parametersOf(endpoint: Endpoint): (keyof typeof parameters)[] {
  const { method } = endpoint;
  return [
    ...(method === "POST" ? (["IdempotencyKey"] as const) : []),
    ...(isConditional(endpoint) ? (["IfMatch"] as const) : []),
    ...(method === "GET" && isResource(endpoint) ? (["IfNoneMatch"] as const) : []),
    ...(method === "GET" ? [] : (["Causation", "Actor"] as const)),
    "RequestId",
  ];
}

const described = (description: string, schema: object = text) => ({ description, schema });

/** Headers of answers. */
export const headers = {
  ETag: described("What it is, in a tag: for If-None-Match and If-Match."),
  Link: described('The next page: `<…>; rel="next"`. The last page has none.'),
  Location: described("Where it is."),
  "Retry-After": described("After so many seconds it may be asked again.", { type: "integer" }),
  "Idempotent-Replayed": described("`true`: this was answered before, and nothing is done again."),
  RateLimit: described('What is left of the quota, and for how long: `"caller";r=119999;t=60`.'),
  "RateLimit-Policy": described('The quota: `"caller";q=120000;w=60`, requests in seconds.'),
  "X-Request-Id": described("The name of this request, in our log too."),
  "X-Turbo-Causation": described("That of the request, if it had one."),
};
export type HeaderName = keyof typeof headers;

/** Those of every answer. */
export const everywhere: HeaderName[] = [
  "X-Request-Id",
  "X-Turbo-Causation",
  "RateLimit-Policy",
  "RateLimit",
];

/** Those that an answer bears beside the ones of every answer. */
export function headersOf({ method }: Endpoint, { kind, isLocated }: Answer): HeaderName[] {
  return [
    ...(kind === "resource" ? (["ETag"] as const) : []),
    ...(kind === "list" ? (["Link"] as const) : []),
    ...(isLocated ? (["Location"] as const) : []),
    ...(method === "POST" ? (["Idempotent-Replayed"] as const) : []),
  ];
}

/** What is refused, by the status that says so. */
export const problems = {
  400: "The body is not JSON, or ended too soon.",
  401: "No API key was sent, or a wrong one.",
  403: "A page of another site sent it, or it came through a proxy to a server that runs local.",
  404: "There is nothing of this id.",
  409: "It cannot be done now: what is there stands against it, a request with this Idempotency-Key is being answered, or the chain of events that caused it is too long.",
  412: "It has changed since the ETag in If-Match.",
  413: "The body has more than 1 MiB.",
  415: "The body is not said to be JSON.",
  421: "The server does not answer for this Host.",
  422: "A field, parameter or header is wrong: `errors` points at each.",
  429: "The quota is used up until Retry-After.",
  503: "The database is away: ask again after Retry-After.",
};
export type ProblemStatus = keyof typeof problems;

export function headersOfProblem(status: ProblemStatus): HeaderName[] {
  return status === 429 || status === 503 || status === 409 ? ["Retry-After"] : [];
}

export function problemsOf(endpoint: Endpoint): ProblemStatus[] {
  const { method, path, body, runForStrangers } = endpoint;
  const isWrite = method !== "GET";
  const possible: Record<ProblemStatus, boolean> = {
    400: body !== undefined,
    401: !runForStrangers,
    403: true,
    404: pathParameters(path).length > 0,
    409: isWrite,
    412: isConditional(endpoint),
    413: body !== undefined,
    415: body !== undefined,
    421: true,
    422: true,
    429: true,
    503: true,
  };
  return Object.entries(possible)
    .filter(([, isPossible]) => isPossible)
    .map(([status]) => Number(status) as ProblemStatus);
}

function isResource({ answers }: Endpoint): boolean {
  return answers.some(({ status, kind }) => status === 200 && kind === "resource");
}

/** What can be read, and so has an ETag, is changed only if it is as it was read. */
function isConditional({ method, path }: Endpoint): boolean {
  if (method !== "PATCH" && method !== "DELETE") return false;
  return endpoints.some((one) => one.method === "GET" && one.path === path && isResource(one));
}

/** What a receiver is sent beside an event. */
export const deliveryHeaders = [
  header("X-Turbo-Event", "The event's type."),
  header("X-Turbo-Event-ID", "The event's id, the same on every attempt.", {
    ...text,
    format: "uuid",
  }),
  header("X-Turbo-Timestamp", "When it happened.", { ...text, format: "date-time" }),
  header("X-Turbo-Delivery-ID", "The delivery's id.", { ...text, format: "uuid" }),
  header("X-Turbo-Attempt", "Which attempt it is, from 1.", { type: "integer", minimum: 1 }),
  header(
    "X-Turbo-Signature",
    "`sha256=` and the hex HMAC-SHA256 of the body's bytes with the secret's text as key.",
  ),
  header("webhook-id", "The event's id, as Standard Webhooks has it."),
  header("webhook-timestamp", "When this attempt was signed, in seconds.", { type: "integer" }),
  header(
    "webhook-signature",
    "`v1,` and the base64 HMAC-SHA256 of `id.timestamp.body`; two of them while a rotated secret overlaps.",
  ),
];
