import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { findFreePort } from "./port";

/** One POST as its receiver saw it. */
export type Post<Body = string> = {
  /** Which one it is, from 1, in the order in which the bodies were whole. */
  number: number;
  path: string;
  headers: IncomingHttpHeaders;
  deliveryId: string;
  attempt: number;
  /** When its head came: epoch milliseconds, and those of `performance.now()`. */
  at: number;
  beganAtMs: number;
  /** When it was answered whole or its connection ended; Infinity: it is open. */
  endedAtMs: number;
  /** The status of the answer that was given whole; null: none was. */
  answered: number | null;
  raw: Buffer;
  body: Body;
};

/** A POST of which no more than the head may be here: then `body` is null and `raw` empty. */
export type PostHead<Body = string> = Omit<Post<Body>, "body"> & { body: Body | null };

/** `hang`: nothing, ever. `reset`: the connection is reset; `drop`: it ends. */
export type Answer =
  | number
  | "hang"
  | "reset"
  | "drop"
  | { status: number; headers?: Record<string, string>; body?: string; delayMs?: number };

export type Respond<Body = string> = (post: Post<Body>, number: number) => Answer | Promise<Answer>;

type Options<Body> = {
  /** A free one that stays its own when left out; 0: any. */
  port?: number;
  /** "127.0.0.1" alone when left out; on each of these that the machine has. */
  hosts?: readonly string[];
  /** What becomes of the bytes: their text, unless it is given. */
  readBody?: (raw: Buffer) => Body;
  answer?: Answer | Respond<Body>;
  /** Told of a POST as soon as its head is here; it is in `posts` when all of it is. */
  onHead?: (post: PostHead<Body>) => void;
};

type Fits<Body> = (post: Post<Body>) => boolean;

const bodyLimitBytes = 5 * 1024 * 1024;
// Without IPv6 on the machine, `localhost` leads to IPv4 alone.
const noSuchHost = new Set(["EADDRNOTAVAIL", "EAFNOSUPPORT", "EPROTONOSUPPORT", "EINVAL"]);
const json = { "content-type": "application/json" };

/** A real HTTP receiver of webhooks on loopback that keeps what comes, byte by byte. */
export class Receiver<Body = string> {
  /** Those that have come whole, oldest first. */
  readonly posts: Post<Body>[] = [];
  /** POSTs without an answer at present, and the most there ever were. */
  open = 0;
  mostOpen = 0;
  /** How often a POST of a delivery came while another of it was open. */
  overlaps = 0;
  #port: number | undefined;
  readonly #hosts: readonly string[];
  readonly #readBody: (raw: Buffer) => Body;
  readonly #onHead: (post: PostHead<Body>) => void;
  #respond: Respond<Body> = () => 200;
  #servers: Server[] = [];
  readonly #listeners = new Set<() => void>();
  readonly #openDeliveries = new Map<string, number>();

  constructor({ port, hosts = ["127.0.0.1"], ...given }: Options<Body> = {}) {
    this.#port = port;
    this.#hosts = hosts;
    // Text is what is left out.
    this.#readBody = given.readBody ?? ((raw) => raw.toString() as Body);
    this.#onHead = given.onHead ?? (() => {});
    this.respondWith(given.answer ?? 200);
  }

  /** Where it listens, once it does. */
  get port(): number {
    return this.#port ?? 0;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/webhook`;
  }

  /** What it answers from now on; a function is given the POST and which one it is, from 1. */
  respondWith(answer: Answer | Respond<Body>): void {
    this.#respond = typeof answer === "function" ? answer : () => answer;
  }

  /** Listens, and after `close` again, on the same port. Throws when it is taken. */
  async listen(): Promise<this> {
    this.#port ??= await findFreePort();
    for (const host of this.#hosts) {
      const server = createServer(this.handle);
      try {
        server.listen(this.#port, host);
        await once(server, "listening");
      } catch (error) {
        const code = error instanceof Error && "code" in error ? String(error.code) : "";
        if (this.#servers.length > 0 && noSuchHost.has(code)) continue;
        await this.close();
        throw error;
      }
      this.#servers.push(server);
      // It listens on TCP.
      this.#port = (server.address() as AddressInfo).port;
    }
    return this;
  }

  /** Refuses connections, and drops those there are, until it listens again. */
  readonly close = async (): Promise<void> => {
    const closed = this.#servers.splice(0).map(async (server) => {
      const ended = once(server, "close");
      server.close();
      server.closeAllConnections();
      await ended;
    });
    await Promise.all(closed);
  };

  /** Takes one request; for a server of one's own as well. */
  readonly handle = (request: IncomingMessage, response: ServerResponse): void => {
    this.#take(request, response).catch(() => response.destroy());
  };

  /** The first POST that fits, whether it has come or comes; rejects after `timeoutMs`. */
  async waitFor(fits: Fits<Body> = () => true, timeoutMs = 20_000): Promise<Post<Body>> {
    const [found] = await this.waitForAll(1, fits, timeoutMs);
    if (!found) throw new Error("The receiver lost what it found.");
    return found;
  }

  /** The first `count` POSTs that fit, in the order they came. */
  waitForAll(
    count: number,
    fits: Fits<Body> = () => true,
    timeoutMs = 30_000,
  ): Promise<Post<Body>[]> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = this.posts.filter(fits);
        if (found.length < count) return;
        end();
        resolve(found.slice(0, count));
      };
      const timer = setTimeout(() => {
        end();
        const found = this.posts.filter(fits).length;
        const came = this.posts.map(describe).join();
        reject(
          new Error(`Within ${timeoutMs / 1000} s only ${found} of ${count} came; all: ${came}`),
        );
      }, timeoutMs);
      const end = () => {
        clearTimeout(timer);
        this.#listeners.delete(look);
      };
      this.#listeners.add(look);
      look();
    });
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== "POST") {
      request.resume();
      const refusal = { status: "error", detail: "Webhooks come by POST." };
      response.writeHead(405, { ...json, allow: "POST" }).end(JSON.stringify(refusal));
      return;
    }
    const head = this.#note(request, response);
    const raw = await readAll(request);
    if (raw === "too long") {
      request.resume();
      const refusal = { status: "error", detail: "The body is over 5 MiB." };
      response.writeHead(413, json).end(JSON.stringify(refusal));
      return;
    }
    if (raw === "broken off") return;
    const whole = { raw, body: this.#readBody(raw), number: this.posts.length + 1 };
    const post: Post<Body> = Object.assign(head, whole);
    this.posts.push(post);
    this.#count(post, response);
    // Decided before the tests hear of it, which may change what comes next.
    const deciding = this.#respond(post, post.number);
    for (const look of this.#listeners) look();
    await give(post, response, await deciding);
  }

  #note({ headers, url: path = "/" }: IncomingMessage, response: ServerResponse): PostHead<Body> {
    const post: PostHead<Body> = {
      number: 0,
      path,
      headers,
      deliveryId: String(headers["x-turbo-delivery-id"]),
      attempt: Number(headers["x-turbo-attempt"]),
      at: Date.now(),
      beganAtMs: performance.now(),
      endedAtMs: Infinity,
      answered: null,
      raw: Buffer.alloc(0),
      body: null,
    };
    this.#onHead(post);
    response.once("close", () => (post.endedAtMs = Math.min(post.endedAtMs, performance.now())));
    return post;
  }

  #count({ deliveryId }: Post<Body>, response: ServerResponse): void {
    this.open += 1;
    this.mostOpen = Math.max(this.mostOpen, this.open);
    const already = this.#openDeliveries.get(deliveryId) ?? 0;
    if (already > 0) this.overlaps += 1;
    this.#openDeliveries.set(deliveryId, already + 1);
    response.once("close", () => {
      this.open -= 1;
      this.#openDeliveries.set(deliveryId, (this.#openDeliveries.get(deliveryId) ?? 1) - 1);
    });
  }
}

/** Listens on any free port. */
export function startReceiver<Body = string>(options?: Options<Body>): Promise<Receiver<Body>> {
  return new Receiver(options).listen();
}

async function give<Body>(
  post: Post<Body>,
  response: ServerResponse,
  given: Answer,
): Promise<void> {
  if (given === "hang") return;
  if (given === "reset") return void response.socket?.resetAndDestroy();
  if (given === "drop") return void response.destroy();
  const answer = typeof given === "number" ? { status: given } : given;
  const { status, headers, body = '{"status":"ok"}', delayMs = 0 } = answer;
  if (delayMs > 0) await sleep(delayMs, undefined, { ref: false });
  if (response.destroyed) return;
  response.once("finish", () => {
    post.answered = status;
    post.endedAtMs = performance.now();
  });
  const isBodiless = status === 204 || status === 304;
  response.writeHead(status, isBodiless ? headers : { ...json, ...headers });
  response.end(isBodiless ? undefined : body);
}

async function readAll(request: IncomingMessage): Promise<Buffer | "too long" | "broken off"> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      const part = chunk as Buffer; // no encoding is set
      bytes += part.length;
      if (bytes > bodyLimitBytes) return "too long";
      chunks.push(part);
    }
  } catch {
    return "broken off";
  }
  return Buffer.concat(chunks);
}

function describe({ headers, at }: Post<unknown>): string {
  return `${String(headers["x-turbo-event"])} at ${new Date(at).toISOString()}`;
}
