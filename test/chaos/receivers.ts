import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { Webhook } from "standardwebhooks";
import type { Answer, Behaviour } from "./behaviours";
import type { Journal, Post } from "./journal";

const tickMs = 10;
/** What piled up while this process stood still is worked off within this time. */
const lagLastsMs = 200;

/** Real HTTP servers that note every POST: when it began and ended, its bytes, its signature. */
export class Receivers {
  readonly #journal: Journal;
  readonly #servers: Server[] = [];
  readonly #verifiers = new Map<string, Webhook>();
  #lastTickMs = performance.now();
  #worstLag = { ms: 0, untilMs: 0 };
  readonly #ticking: NodeJS.Timeout;

  constructor(journal: Journal) {
    this.#journal = journal;
    this.#ticking = setInterval(() => {
      this.#measureLag();
      this.#lastTickMs = performance.now();
    }, tickMs);
  }

  /** How late something that is seen now may be, in milliseconds. */
  #measureLag(): number {
    const nowMs = performance.now();
    const ms = Math.max(0, nowMs - this.#lastTickMs - tickMs);
    const { untilMs, ms: worstMs } = this.#worstLag;
    if (ms >= worstMs || nowMs > untilMs) this.#worstLag = { ms, untilMs: nowMs + lagLastsMs };
    return this.#worstLag.ms;
  }

  /** A receiver that answers in one way; the path of a POST names its webhook. */
  async listen(port: number, behaviour: Behaviour): Promise<void> {
    const server = createServer((request, response) => {
      void this.#take(request, response, behaviour);
    });
    this.#servers.push(server);
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
  }

  /** POSTs to `/<subscription>` must be signed with this secret. */
  expect(subscription: string, secret: string): void {
    this.#verifiers.set(subscription, new Webhook(secret));
  }

  async close(): Promise<void> {
    clearInterval(this.#ticking);
    for (const server of this.#servers) {
      server.close();
      server.closeAllConnections();
    }
  }

  async #take(
    request: IncomingMessage,
    response: ServerResponse,
    behaviour: Behaviour,
  ): Promise<void> {
    const post = this.#note(request);
    response.once("close", () => (post.endedMs ??= performance.now()));
    const body = await readWhole(request);
    if (!body) return;
    post.hash = createHash("sha256").update(body).digest("base64url");
    post.isSigned = this.#isSigned(post.subscription, body, request);
    await give(request, response, { post, answer: behaviour(post) });
  }

  #note({ url = "", headers }: IncomingMessage): Post {
    const post: Post = {
      subscription: url.slice(1),
      eventId: String(headers["webhook-id"]),
      deliveryId: String(headers["x-turbo-delivery-id"]),
      attempt: Number(headers["x-turbo-attempt"]),
      beganMs: performance.now(),
      endedMs: null,
      lagMs: this.#measureLag(),
      status: null,
      retryAfterMs: 0,
      hash: null,
      isSigned: false,
    };
    this.#journal.posts.push(post);
    return post;
  }

  #isSigned(subscription: string, body: Buffer, { headers }: IncomingMessage): boolean {
    try {
      const names = ["webhook-id", "webhook-timestamp", "webhook-signature"];
      const given = Object.fromEntries(names.map((name) => [name, String(headers[name])]));
      this.#verifiers.get(subscription)?.verify(body, given);
      return this.#verifiers.has(subscription);
    } catch {
      return false;
    }
  }
}

/** Null: the connection ended before all of it had come. */
async function readWhole(request: IncomingMessage): Promise<Buffer | null> {
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer); // a socket gives Buffers
    return Buffer.concat(chunks);
  } catch {
    return null;
  }
}

async function give(
  request: IncomingMessage,
  response: ServerResponse,
  { post, answer }: { post: Post; answer: Answer },
): Promise<void> {
  if (answer === "hang") return;
  if (answer === "reset") {
    request.socket.resetAndDestroy();
    return;
  }
  const { status, delayMs = 0, retryAfterSeconds } = answer;
  if (delayMs > 0) await sleep(delayMs);
  if (response.destroyed || request.socket.destroyed) return;
  response.once("finish", () => {
    post.status = status;
    post.endedMs ??= performance.now();
  });
  post.retryAfterMs = (retryAfterSeconds ?? 0) * 1000;
  const headers = retryAfterSeconds === undefined ? {} : { "retry-after": `${retryAfterSeconds}` };
  response.writeHead(status, headers).end(status === 204 ? undefined : "noted");
}
