import type { OpenApi, Operation } from "./openapi";

export type Sent = {
  path: string;
  /** Undefined: none. A text is sent as it is, anything else as JSON. */
  body?: unknown;
  headers?: Record<string, string>;
  /** Another than the operation's, as HEAD. */
  method?: string;
};

export type Wanted = {
  /** What is tried, for whoever reads that it failed. */
  what: string;
  /** Left out: one of the good ones that are documented. */
  status?: number;
  /** Where the refusal must point, or within. */
  pointer?: string;
  /** What the refusal must say. */
  detail?: string;
};

export type Answered = { status: number; headers: Headers; text: string; body: unknown };

const everywhere = ["x-request-id", "ratelimit", "ratelimit-policy", "cache-control"];
const always = new Set(["ETag", "Location", "Retry-After"]);

/** Asks, and holds each answer to what the document says of it. */
export class Contract {
  requests = 0;
  readonly failures: string[] = [];
  readonly appUrl: string;
  readonly #document: OpenApi;

  constructor(appUrl: string, document: OpenApi) {
    this.appUrl = appUrl;
    this.#document = document;
  }

  async ask(operation: Operation, sent: Sent, wanted: Wanted): Promise<Answered> {
    const answer = await this.#send(operation, sent);
    const faults = [
      ...this.#statusFaults(operation, answer, wanted),
      ...this.#headerFaults(operation, answer),
      ...this.#bodyFaults(operation, answer, sent.method === "HEAD"),
      ...refusalFaults(answer, wanted),
    ];
    for (const fault of faults) this.fail(operation, wanted.what, `${fault} ${brief(answer)}`);
    return answer;
  }

  fail({ method, path }: Operation, what: string, fault: string): void {
    this.failures.push(`${method} ${path}, ${what}: ${fault}`);
  }

  async #send(operation: Operation, { path, body, headers, method }: Sent): Promise<Answered> {
    this.requests += 1;
    const response = await fetch(this.appUrl + path, {
      method: method ?? operation.method,
      headers: {
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      body: body === undefined || typeof body === "string" ? body : JSON.stringify(body),
      signal: AbortSignal.timeout(30_000),
    });
    const text = await response.text();
    const isJson = /json/.test(response.headers.get("content-type") ?? "");
    const parsed: unknown = isJson && text !== "" ? JSON.parse(text) : undefined;
    return { status: response.status, headers: response.headers, text, body: parsed };
  }

  #statusFaults(operation: Operation, { status }: Answered, wanted: Wanted): string[] {
    const isGood = wanted.status === undefined && status >= 200 && status < 300;
    if (!isGood && status !== wanted.status) return [`not ${wanted.status ?? "good"}`];
    if (status === 304 || status === 405 || this.#document.responseOf(operation, status)) return [];
    return ["this status is not documented"];
  }

  #headerFaults(operation: Operation, { status, headers }: Answered): string[] {
    const documented = Object.keys(this.#document.responseOf(operation, status)?.headers ?? {});
    const needed = documented.filter((name) => always.has(name) && !isOfPassing(name, status));
    return [...everywhere, ...needed]
      .filter((name) => !headers.has(name))
      .map((name) => `without ${name}`);
  }

  #bodyFaults(operation: Operation, answer: Answered, isHead: boolean): string[] {
    const { status, headers, text, body } = answer;
    const content = this.#document.responseOf(operation, status)?.content;
    if (isHead || status === 304 || (!content && status !== 405))
      return text === "" ? [] : ["a body where none belongs"];
    const problem = { $ref: "#/components/schemas/Problem" };
    const [type, described] = Object.entries(content ?? {})[0] ?? [
      ...(["application/problem+json", { schema: problem }] as const),
    ];
    if (!headers.get("content-type")?.startsWith(type)) return [`not ${type}`];
    return this.#document.faultsOf(described.schema, body);
  }
}

/** A 409 says when to ask again only when that helps. */
function isOfPassing(name: string, status: number): boolean {
  return name === "Retry-After" && status === 409;
}

type Refusal = { status: number; detail: string; request_id: string; errors?: Pointed[] };
type Pointed = { pointer: string };

function refusalFaults({ status, headers, body }: Answered, wanted: Wanted): string[] {
  if (status < 400 || body === undefined) return [];
  const { pointer, detail = "" } = wanted;
  const refusal = body as Refusal;
  const points = (refusal.errors ?? []).map((error) => error.pointer);
  return [
    ...(refusal.status === status ? [] : ["another status in the body"]),
    ...(refusal.request_id === headers.get("x-request-id") ? [] : ["another request id"]),
    ...(refusal.detail.includes(detail) ? [] : [`does not say ${detail}`]),
    ...(pointer === undefined || points.some((one) => one.startsWith(pointer))
      ? []
      : [`points at ${points.join() || "nothing"}, not at ${pointer || "the whole"}`]),
  ];
}

function brief({ status, text }: Answered): string {
  return `(${status} ${text.slice(0, 300)})`;
}
