import { createServer } from "node:http";
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { readSecret, verifySignature } from "./verify-signature";
import type { SignatureVerdict } from "./verify-signature";

export type ReceiverOptions = {
  /** 9001 when left out; 0 takes any free port. */
  port?: number;
  /** With secrets, every signature is checked, and 401 answers a bad one. */
  secrets?: readonly string[];
  /** So many requests are answered 500 first. */
  failFirst?: number;
  /** Always answered, whatever comes. */
  status?: number;
  delayMs?: number;
  onReceived?: (webhook: ReceivedWebhook) => void;
};

export type ReceivedWebhook = {
  receivedAt: Date;
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
  /** The parsed body; undefined when it is not a JSON object. */
  event: Record<string, unknown> | undefined;
  /** Why the body is no event, when it is none. */
  malformed: string | undefined;
  eventType: string;
  signature: SignatureVerdict;
  /** What it was answered with. */
  status: number;
};

export type Receiver = {
  url: string;
  /** Everything that came, oldest first. */
  received: readonly ReceivedWebhook[];
  /** Checks signatures with this secret too, from now on. */
  addSecret: (secret: string) => void;
  /** The first webhook that fits, whether it is here already or comes; rejects after `timeoutMs`. */
  waitFor: (
    fits: (webhook: ReceivedWebhook) => boolean,
    timeoutMs: number,
  ) => Promise<ReceivedWebhook>;
  stop: () => Promise<void>;
};

type State = {
  options: ReceiverOptions;
  keys: Buffer[];
  received: ReceivedWebhook[];
  listeners: Set<(webhook: ReceivedWebhook) => void>;
  stopping: AbortController;
  requestCount: number;
};

const defaultPort = 9001;
const bodyLimitBytes = 5 * 1024 * 1024;
// Without IPv6 on the machine, `localhost` leads to IPv4 alone.
const noIpv6 = new Set(["EADDRNOTAVAIL", "EAFNOSUPPORT", "EPROTONOSUPPORT", "EINVAL"]);

/**
 * Listens on 127.0.0.1 and, where there is one, ::1, and answers every POST with
 * `{"status":"ok"}` or as the options say. Throws when the port is taken or a secret malformed.
 */
export async function startReceiver(options: ReceiverOptions = {}): Promise<Receiver> {
  const state: State = {
    options,
    keys: (options.secrets ?? []).map(readSecret),
    received: [],
    listeners: new Set(),
    stopping: new AbortController(),
    requestCount: 0,
  };
  const servers = await listenOnLoopback(state, options.port ?? defaultPort);
  const { received } = state;
  return {
    url: `http://localhost:${portOf(servers)}/webhook`,
    received,
    addSecret: (secret) => void state.keys.push(readSecret(secret)),
    waitFor: (fits, timeoutMs) => waitFor(state, fits, timeoutMs),
    async stop() {
      state.stopping.abort();
      await Promise.all(servers.map(closeServer));
    },
  };
}

async function listenOnLoopback(state: State, port: number): Promise<Server[]> {
  const first = await listen(state, port, "127.0.0.1");
  try {
    return [first, await listen(state, portOf([first]), "::1")];
  } catch (error) {
    if (noIpv6.has(codeOf(error))) return [first];
    await closeServer(first);
    throw error;
  }
}

function listen(state: State, port: number, host: string): Promise<Server> {
  const server = createServer((request, response) => {
    handle(state, request, response).catch(() => response.destroy());
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ port, host }, () => resolve(server));
  });
}

async function handle(
  state: State,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.method !== "POST") {
    request.resume();
    response.setHeader("allow", "POST");
    return answer(response, 405, { status: "error", detail: "Webhooks come by POST." });
  }
  const body = await readBody(request);
  if (body === undefined) {
    request.resume();
    return answer(response, 413, { status: "error", detail: "The body is over 5 MiB." });
  }
  state.requestCount += 1;
  const webhook = judge(state, request, body);
  state.received.push(webhook);
  state.options.onReceived?.(webhook);
  for (const listener of state.listeners) listener(webhook);
  const { delayMs } = state.options;
  if (delayMs) await sleep(delayMs, undefined, { signal: state.stopping.signal });
  answer(response, webhook.status, answerOf(webhook));
}

function judge(state: State, request: IncomingMessage, raw: Buffer): ReceivedWebhook {
  const { headers, url: path = "/" } = request;
  const body = raw.toString();
  const parsed = parseEvent(body);
  const signature = verifySignature(state.keys, headers, raw);
  const type = parsed.event?.event_type ?? headers["x-turbo-event"];
  return {
    receivedAt: new Date(),
    path,
    headers,
    body,
    ...parsed,
    eventType: typeof type === "string" ? type : "(no event_type)",
    signature,
    status: statusFor(state, signature, parsed.malformed),
  };
}

function statusFor(
  { options, requestCount }: State,
  signature: SignatureVerdict,
  malformed: string | undefined,
): number {
  if (requestCount <= (options.failFirst ?? 0)) return 500;
  if (options.status !== undefined) return options.status;
  if (signature.state === "invalid") return 401;
  return malformed === undefined ? 200 : 400;
}

function answerOf({ status, signature, malformed }: ReceivedWebhook): Record<string, string> {
  if (status >= 200 && status < 300) return { status: "ok" };
  if (status === 401 && signature.state === "invalid") {
    return { status: "error", detail: `The signature is invalid: ${signature.reason}.` };
  }
  if (status === 400 && malformed) return { status: "error", detail: malformed };
  return { status: "error", detail: "This receiver was told to fail." };
}

function parseEvent(body: string): Pick<ReceivedWebhook, "event" | "malformed"> {
  try {
    const value: unknown = JSON.parse(body);
    return isRecord(value)
      ? { event: value, malformed: undefined }
      : { event: undefined, malformed: "The body is JSON, but not an object." };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { event: undefined, malformed: `The body is not JSON: ${reason}` };
  }
}

async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    const part: Buffer = Buffer.from(chunk);
    bytes += part.length;
    if (bytes > bodyLimitBytes) return undefined;
    chunks.push(part);
  }
  return Buffer.concat(chunks);
}

function answer(response: ServerResponse, status: number, body: Record<string, string>): void {
  const isBodiless = status === 204 || status === 304;
  response.writeHead(status, isBodiless ? {} : { "content-type": "application/json" });
  response.end(isBodiless ? undefined : JSON.stringify(body));
}

function waitFor(
  { received, listeners }: State,
  fits: (webhook: ReceivedWebhook) => boolean,
  timeoutMs: number,
): Promise<ReceivedWebhook> {
  const present = received.find(fits);
  if (present) return Promise.resolve(present);
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      listeners.delete(listener);
      reject(
        new Error(`No such webhook within ${timeoutMs / 1000} s (${received.length} others came).`),
      );
    }, timeoutMs);
    function listener(webhook: ReceivedWebhook): void {
      if (!fits(webhook)) return;
      clearTimeout(timer);
      listeners.delete(listener);
      resolve(webhook);
    }
    listeners.add(listener);
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

function portOf(servers: readonly Server[]): number {
  const address = servers[0]?.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
