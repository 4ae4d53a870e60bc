import { get } from "node:http";
import { createServer as createTlsServer, type Server as TlsServer } from "node:https";
import { createServer as createDoor, type AddressInfo, type Socket } from "node:net";
import { once } from "node:events";
import { Receiver, type Answer, type Post as KitPost, type PostHead } from "@/test/kit/receiver";

/** How long an attempt may take, by the settings of the processes. */
export const timeoutMs = 2_000;

/**
 * What a receiver does with a POST. `slow`: 200 after a while. `busy`: 429 with a Retry-After.
 * `hang`: no answer. `drop`: the connection ends without one. `gone`: 410.
 */
export const moods = ["ok", "slow", "broken", "busy", "hang", "drop", "gone"] as const;
export type Mood = (typeof moods)[number];

/**
 * One POST as its receiver saw it: its path is the `/name/number` of its webhook's URL, `lateMs` how
 * long before that its attempt began, at most: it bears the second.
 */
export type Post = PostHead & { lateMs: number };

const answers: Record<Exclude<Mood, "slow">, Answer> = {
  ok: 200,
  broken: 500,
  busy: { status: 429, headers: { "retry-after": "1" } },
  gone: 410,
  hang: "hang",
  drop: "drop",
};

/**
 * The receivers of one world, over http and https, each known by the first part of its path. Those
 * over https have a slow door: the handshake waits, so that attempts linger that have sent nothing.
 */
export class Receivers {
  readonly posts: Post[] = [];
  readonly #moods = new Map<string, Mood>();
  readonly #onGone: (name: string, time: number) => void;
  readonly #receiver: Receiver;
  readonly #tlsServer: TlsServer;
  readonly #door = createDoor({ pauseOnConnect: true }, (socket) => this.#admit(socket));
  readonly #sockets = new Set<Socket>();
  #isHealed = false;

  constructor(
    certificate: { cert: string; key: string },
    onGone: (name: string, time: number) => void,
  ) {
    this.#onGone = onGone;
    this.#receiver = new Receiver({
      port: 0,
      answer: (post) => this.#answer(post),
      onHead: (post) => {
        const lateMs = post.at - 1000 * Number(post.headers["webhook-timestamp"]);
        this.posts.push(Object.assign(post, { lateMs }));
      },
    });
    // A door of its own stands before it, hence it listens nowhere.
    this.#tlsServer = createTlsServer(certificate, this.#receiver.handle);
  }

  async open(): Promise<this> {
    await this.#receiver.listen();
    this.#door.listen(0, "127.0.0.1");
    await once(this.#door, "listening");
    this.#tlsServer.on("tlsClientError", () => {});
    return this;
  }

  urlOf(path: string, hasSlowDoor: boolean): string {
    if (!hasSlowDoor) return `http://127.0.0.1:${this.#receiver.port}${path}`;
    // An address, for it listens on TCP.
    return `https://localhost:${(this.#door.address() as AddressInfo).port}${path}`;
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
    const { port } = this.#receiver;
    const [response] = await once(get({ host: "127.0.0.1", port, agent: false }), "response");
    response.resume();
    return performance.now();
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all([this.#receiver.close(), new Promise((done) => this.#door.close(done))]);
  }

  #admit(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => this.#sockets.delete(socket));
    const waitMs = this.#isHealed ? 0 : Math.random() * 80;
    setTimeout(() => this.#tlsServer.emit("connection", socket), waitMs);
  }

  #answer({ path }: KitPost): Answer {
    const name = nameOf(path);
    const mood = this.#isHealed ? "ok" : (this.#moods.get(name) ?? "ok");
    if (mood === "gone") this.#onGone(name, performance.now());
    return mood === "slow" ? { status: 200, delayMs: 20 + Math.random() * 200 } : answers[mood];
  }
}

/** The webhook's name in a path. */
export function nameOf(path: string): string {
  return path.split("/")[1] ?? "";
}
