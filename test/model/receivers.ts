import {
  createServer,
  get,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import { createServer as createTlsServer } from "node:https";
import { createServer as createDoor, type AddressInfo, type Socket } from "node:net";
import { once } from "node:events";

/** How long an attempt may take, by the settings of the processes. */
export const timeoutMs = 2_000;

/**
 * What a receiver does with a POST. `slow`: 200 after a while. `busy`: 429 with a Retry-After.
 * `hang`: no answer. `drop`: the connection ends without one. `gone`: 410.
 */
export const moods = ["ok", "slow", "broken", "busy", "hang", "drop", "gone"] as const;
export type Mood = (typeof moods)[number];

/** One POST as its receiver saw it; times in milliseconds of `performance.now()`. */
export type Post = {
  /** `/name/number` of the webhook's URL it came to. */
  path: string;
  beganAtMs: number;
  /** How long before that its attempt began, at most: it bears the second. */
  lateMs: number;
  /** When its connection was done with it; Infinity: it is still open. */
  endedAtMs: number;
  headers: IncomingHttpHeaders;
  /** Null until it is read whole, for ever if it broke off. */
  body: string | null;
  /** The status of the answer that was given whole; null: none was. */
  answered: number | null;
};

const statuses: Record<Mood, number> = {
  ok: 200,
  slow: 200,
  broken: 500,
  busy: 429,
  gone: 410,
  hang: 0,
  drop: 0,
};

/**
 * The receivers of one world, over http and https, each known by the first part of its path. Those
 * over https have a slow door: the handshake waits, so that attempts linger that have sent nothing.
 */
export class Receivers {
  readonly posts: Post[] = [];
  readonly #moods = new Map<string, Mood>();
  readonly #onGone: (name: string, time: number) => void;
  readonly #server: Server;
  readonly #tlsServer: Server;
  readonly #door = createDoor({ pauseOnConnect: true }, (socket) => this.#admit(socket));
  readonly #sockets = new Set<Socket>();
  #isHealed = false;

  constructor(
    certificate: { cert: string; key: string },
    onGone: (name: string, time: number) => void,
  ) {
    const hear = (request: IncomingMessage, response: ServerResponse) =>
      void this.#hear(request, response);
    this.#onGone = onGone;
    this.#server = createServer(hear);
    // A door of its own stands before it, hence it listens nowhere.
    this.#tlsServer = createTlsServer(certificate, hear);
  }

  async open(): Promise<this> {
    for (const server of [this.#server, this.#door]) {
      server.on("connection", (socket: Socket) => this.#keep(socket));
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
    }
    this.#tlsServer.on("tlsClientError", () => {});
    return this;
  }

  urlOf(path: string, hasSlowDoor: boolean): string {
    // Addresses, for both listen on TCP.
    const { port } = (hasSlowDoor ? this.#door : this.#server).address() as AddressInfo;
    return hasSlowDoor ? `https://localhost:${port}${path}` : `http://127.0.0.1:${port}${path}`;
  }

  setMood(name: string, mood: Mood): void {
    this.#moods.set(name, mood);
  }

  /** From now on everyone answers 200 at once. */
  heal(): void {
    this.#isHealed = true;
  }

  /** A time by which everything has been seen that was written to these receivers before the call. */
  async sentinel(): Promise<number> {
    const { port } = this.#server.address() as AddressInfo;
    const [response] = await once(get({ host: "127.0.0.1", port, agent: false }), "response");
    response.resume();
    return performance.now();
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(
      [this.#server, this.#door].map((server) => new Promise((done) => server.close(done))),
    );
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => this.#sockets.delete(socket));
  }

  #admit(socket: Socket): void {
    const waitMs = this.#isHealed ? 0 : Math.random() * 80;
    setTimeout(() => this.#tlsServer.emit("connection", socket), waitMs);
  }

  async #hear(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method === "GET") return void response.writeHead(204).end();
    const { headers, url: path = "" } = request;
    const beganAtMs = performance.now();
    const lateMs = Date.now() - 1000 * Number(headers["webhook-timestamp"]);
    const post: Post = {
      path,
      beganAtMs,
      lateMs,
      endedAtMs: Infinity,
      headers,
      body: null,
      answered: null,
    };
    this.posts.push(post);
    response.on("close", () => (post.endedAtMs = performance.now()));
    try {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer); // a socket gives Buffers
      post.body = Buffer.concat(chunks).toString();
    } catch {
      return;
    }
    this.#answer(post, response);
  }

  #answer(post: Post, response: ServerResponse): void {
    const name = nameOf(post.path);
    const mood = this.#isHealed ? "ok" : (this.#moods.get(name) ?? "ok");
    const status = statuses[mood];
    if (mood === "hang") return;
    if (mood === "drop") return void response.destroy();
    if (mood === "gone") this.#onGone(name, performance.now());
    const give = () => {
      response.on("finish", () => (post.answered = status));
      response.writeHead(status, mood === "busy" ? { "retry-after": "1" } : {}).end();
    };
    if (mood === "slow") setTimeout(give, 20 + Math.random() * 200);
    else give();
  }
}

/** The webhook's name in a path. */
export function nameOf(path: string): string {
  return path.split("/")[1] ?? "";
}
