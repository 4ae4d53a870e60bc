import type { IncomingHttpHeaders } from "node:http";
import { Receiver as HttpReceiver, type Answer, type Post } from "@/test/kit/receiver";
import { readSecret, verifySignature, type SignatureVerdict } from "./verify-signature";

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

const defaultPort = 9001;

/**
 * Listens on 127.0.0.1 and, where there is one, ::1, and answers every POST with
 * `{"status":"ok"}` or as the options say. Throws when the port is taken or a secret malformed.
 */
export async function startReceiver(options: ReceiverOptions = {}): Promise<Receiver> {
  const keys = (options.secrets ?? []).map(readSecret);
  const judged = new Map<Post, ReceivedWebhook>();
  const received: ReceivedWebhook[] = [];
  const receiver = new HttpReceiver({
    port: options.port ?? defaultPort,
    hosts: ["127.0.0.1", "::1"],
    answer: (post, number) => {
      const webhook = judge(options, keys, post);
      if (number <= (options.failFirst ?? 0)) webhook.status = 500;
      judged.set(post, webhook);
      received.push(webhook);
      options.onReceived?.(webhook);
      return answerOf(webhook, options.delayMs);
    },
  });
  await receiver.listen();
  const find = (post: Post): ReceivedWebhook => {
    const webhook = judged.get(post);
    if (!webhook) throw new Error("A webhook was seen before it was judged.");
    return webhook;
  };
  return {
    url: `http://localhost:${receiver.port}/webhook`,
    received,
    addSecret: (secret) => void keys.push(readSecret(secret)),
    waitFor: async (fits, timeoutMs) =>
      find(await receiver.waitFor((post) => fits(find(post)), timeoutMs)),
    stop: () => receiver.close(),
  };
}

function judge(options: ReceiverOptions, keys: Buffer[], post: Post): ReceivedWebhook {
  const { headers, path, body, raw, at } = post;
  const parsed = parseEvent(body);
  const signature = verifySignature(keys, headers, raw);
  const type = parsed.event?.event_type ?? headers["x-turbo-event"];
  return {
    receivedAt: new Date(at),
    path,
    headers,
    body,
    ...parsed,
    eventType: typeof type === "string" ? type : "(no event_type)",
    signature,
    status: options.status ?? statusFor(signature, parsed.malformed),
  };
}

function statusFor(signature: SignatureVerdict, malformed: string | undefined): number {
  if (signature.state === "invalid") return 401;
  return malformed === undefined ? 200 : 400;
}

function answerOf(webhook: ReceivedWebhook, delayMs: number | undefined): Answer {
  return { status: webhook.status, body: JSON.stringify(bodyFor(webhook)), delayMs };
}

function bodyFor({ status, signature, malformed }: ReceivedWebhook): Record<string, string> {
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

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
