import {
  createServer,
  type IncomingHttpHeaders,
  type Server,
  type ServerResponse,
} from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { findFreePort } from "./free-port";

/** The body of a delivery, as the contract describes it. */
export type EventBody = {
  event_id: string;
  event_type: string;
  timestamp: string;
  entity_type: string;
  entity_id: string;
  action: string;
  actor: { type: string; name: string; metadata: Record<string, unknown> };
  data: {
    current: Record<string, unknown>;
    previous: Record<string, unknown> | null;
    changes: string[];
  };
  context: Record<string, string | null>;
  entity_version: number;
};

export type Received = {
  /** Which request to this receiver it is, from 1. */
  number: number;
  headers: IncomingHttpHeaders;
  path: string;
  raw: Buffer;
  body: EventBody;
  at: number;
};

export type Answer =
  | number
  | {
      status: number;
      headers?: Record<string, string>;
      body?: string;
      delayMs?: number;
      /** Never answers; the request stays open until somebody closes it. */
      hang?: boolean;
    };

type Respond = (request: Received, n: number) => Answer | Promise<Answer>;

/** A receiver of webhooks on 127.0.0.1 that keeps what comes, byte by byte. */
export class Receiver {
  readonly received: Received[] = [];
  readonly port: number;
  readonly url: string;
  #respond: Respond = () => 200;
  #server: Server | undefined;
  readonly #listeners = new Set<() => void>();

  constructor(port: number) {
    this.port = port;
    this.url = `http://127.0.0.1:${port}/webhook`;
  }

  /** What it answers from now on; a function is given the request and which one it is, from 1. */
  respondWith(answer: Answer | Respond): void {
    this.#respond = typeof answer === "function" ? answer : () => answer;
  }

  /** The first request that fits, whether it has come or comes; rejects after `timeoutMs`. */
  async waitFor(
    fits: (request: Received) => boolean = () => true,
    timeoutMs = 20_000,
  ): Promise<Received> {
    const [found] = await this.#when((received) => received.filter(fits), 1, timeoutMs);
    if (!found) throw new Error("The receiver lost what it found.");
    return found;
  }

  /** The first `count` requests that fit, in the order they came. */
  waitForAll(
    count: number,
    fits: (request: Received) => boolean = () => true,
    timeoutMs = 30_000,
  ): Promise<Received[]> {
    return this.#when((received) => received.filter(fits), count, timeoutMs);
  }

  #when(
    pick: (received: Received[]) => Received[],
    count: number,
    timeoutMs: number,
  ): Promise<Received[]> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = pick(this.received);
        if (found.length < count) return;
        end();
        resolve(found.slice(0, count));
      };
      const timer = setTimeout(() => {
        end();
        const came = this.received.map(
          ({ headers, at }) =>
            `${String(headers["x-turbo-event"])} at ${new Date(at).toISOString()}`,
        );
        const found = pick(this.received).length;
        reject(
          new Error(
            `Within ${timeoutMs / 1000} s only ${found} of ${count} came; all: ${came.join()}`,
          ),
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

  /** Listens again, on the same port. */
  async up(): Promise<void> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("error", () => {});
      request.on("end", () => {
        const raw = Buffer.concat(chunks);
        const number = this.received.length + 1;
        const { headers, url: path = "/" } = request;
        const body: EventBody = JSON.parse(raw.toString("utf8"));
        void this.#take({ number, headers, path, raw, body, at: Date.now() }, response);
      });
    });
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(this.port, "127.0.0.1", resolve);
    });
  }

  async #take(received: Received, response: ServerResponse): Promise<void> {
    this.received.push(received);
    // Decided before the tests hear of it, which may change what comes next.
    const deciding = this.#respond(received, received.number);
    for (const listener of this.#listeners) listener();
    const given = await deciding;
    const answer = typeof given === "number" ? { status: given } : given;
    if (answer.hang) return;
    if (answer.delayMs) await sleep(answer.delayMs);
    if (response.destroyed) return;
    response.writeHead(answer.status, { "content-type": "application/json", ...answer.headers });
    response.end(answer.body ?? '{"status":"ok"}');
  }

  /** Refuses connections, and drops those there are, until it is up again. */
  async down(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = undefined;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }
}

export async function startReceiver(): Promise<Receiver> {
  const receiver = new Receiver(await findFreePort());
  await receiver.up();
  return receiver;
}
