import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { findFreePort } from "./port";

type Waiting = { chunk: Buffer; dueMs: number };

/** Where a relay leads, and how it is known in reports. */
type Options = {
  name?: string;
  /** The URL of a server of this machine, of any protocol on TCP. */
  target: string;
  /** Told of what a client has said, before it is passed on. */
  onAsked?: (text: string, client: Socket) => void;
};

/**
 * A TCP path between two parties that can be cut, slowed down, stalled and frozen, without
 * disturbing the server of all tests.
 */
export class Relay {
  readonly name: string;
  readonly #target: URL;
  readonly #onAsked: (text: string, client: Socket) => void;
  readonly #links = new Set<Link>();
  readonly #server: Server;
  #accepted = 0;
  #delayMs = 0;
  #isHolding = false;
  #isRefusing = false;
  #cutText: string | undefined;

  constructor({ name = "relay", target, onAsked = () => {} }: Options) {
    this.name = name;
    this.#target = new URL(target);
    this.#onAsked = onAsked;
    this.#server = createServer((client) => this.#open(client));
  }

  get delayMs(): number {
    return this.#delayMs;
  }

  get isHolding(): boolean {
    return this.#isHolding;
  }

  get port(): number {
    // An address, for it listens on TCP.
    return (this.#server.address() as AddressInfo).port;
  }

  /** The target's URL, by this way. */
  get url(): string {
    const url = new URL(this.#target);
    url.port = String(this.port);
    return url.href;
  }

  /** How many connections were made through it. */
  accepted(): number {
    return this.#accepted;
  }

  async listen(): Promise<this> {
    this.#server.listen(await findFreePort(), "127.0.0.1");
    await once(this.#server, "listening");
    return this;
  }

  /**
   * Ends every connection: at once, or half-way through the next bytes that come; new ones are
   * refused for `refuseMs`.
   */
  async cut({ isHalfway, refuseMs }: { isHalfway: boolean; refuseMs: number }): Promise<void> {
    this.#isRefusing = refuseMs > 0;
    for (const link of this.#links) link.cut(isHalfway);
    await sleep(refuseMs);
    this.#isRefusing = false;
  }

  /** Each byte takes `delayMs` longer, for `forMs`. */
  async slow({ delayMs, forMs }: { delayMs: number; forMs: number }): Promise<void> {
    this.#delayMs = delayMs;
    await sleep(forMs);
    this.#delayMs = 0;
    this.#flush();
  }

  /** Nothing gets through for `forMs`; then what was held does, or the connections are cut. */
  async hold({ forMs, thenCut }: { forMs: number; thenCut: boolean }): Promise<void> {
    this.freeze();
    await sleep(forMs);
    if (thenCut) for (const link of this.#links) link.cut(false);
    this.thaw();
  }

  /**
   * Until `thaw` it does as PostgreSQL does under SIGSTOP, in a frozen machine or behind a cut cable:
   * connections stay open, new ones are accepted, and nothing is said.
   */
  freeze(): void {
    this.#isHolding = true;
  }

  thaw(): void {
    this.#isHolding = false;
    this.#flush();
  }

  /** Resets every connection. */
  reset(): void {
    for (const link of this.#links) link.cut(false);
  }

  /** Resets the connection on which the target next answers with this text, before it arrives. */
  cutAnswerWith(text: string): void {
    this.#cutText = text;
  }

  /** Whether these bytes of an answer end their connection. */
  endsWith(bytes: Buffer): boolean {
    if (this.#cutText === undefined || !bytes.includes(this.#cutText)) return false;
    this.#cutText = undefined;
    return true;
  }

  async close(): Promise<void> {
    this.reset();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, "close");
  }

  #flush(): void {
    for (const link of this.#links) link.flush();
  }

  #open(client: Socket): void {
    this.#accepted += 1;
    if (this.#isRefusing) {
      client.on("error", () => {});
      client.resetAndDestroy();
      return;
    }
    client.on("data", (bytes) => this.#onAsked(bytes.toString("latin1"), client));
    const link = new Link(this, client, connect(Number(this.#target.port || 80), "127.0.0.1"));
    this.#links.add(link);
    link.onClose(() => this.#links.delete(link));
  }
}

/** One connection through the relay. When one side ends, the other does at once, stalled or not. */
class Link {
  readonly #sides: [Socket, Socket];
  readonly #flows: [Flow, Flow];

  constructor(relay: Relay, client: Socket, upstream: Socket) {
    this.#sides = [client, upstream];
    this.#flows = [new Flow(relay, this, upstream), new Flow(relay, this, client)];
    const [asking, answering] = this.#flows;
    client.on("data", (chunk) => asking.take(chunk));
    upstream.on("data", (chunk) =>
      relay.endsWith(chunk) ? this.cut(false) : answering.take(chunk),
    );
    for (const side of this.#sides) {
      side.setNoDelay(true);
      side.on("error", () => this.cut(false));
      side.on("close", () => this.cut(false));
    }
    // Left half open, a side would be kept by what is still held for it.
    client.on("end", () => this.#end(upstream));
    upstream.on("end", () => this.#end(client));
  }

  onClose(done: () => void): void {
    this.#sides[0].on("close", done);
  }

  flush(): void {
    for (const flow of this.#flows) flow.flush();
  }

  cut(isHalfway: boolean): void {
    if (isHalfway) {
      for (const flow of this.#flows) flow.cutHalfway();
      return;
    }
    for (const flow of this.#flows) flow.stop();
    for (const side of this.#sides) if (!side.destroyed) side.resetAndDestroy();
  }

  /** The other side has said all: what is not held still arrives. */
  #end(side: Socket): void {
    for (const flow of this.#flows) flow.stop();
    side.end(() => this.cut(false));
  }
}

/** The bytes of one direction, in order. */
class Flow {
  readonly #relay: Relay;
  readonly #link: Link;
  readonly #to: Socket;
  #waiting: Waiting[] = [];
  #timer: NodeJS.Timeout | undefined;
  #isCutNext = false;
  #isOver = false;

  constructor(relay: Relay, link: Link, to: Socket) {
    this.#relay = relay;
    this.#link = link;
    this.#to = to;
  }

  take(chunk: Buffer): void {
    if (this.#isOver) return;
    this.#waiting.push({ chunk, dueMs: performance.now() + this.#relay.delayMs });
    this.flush();
  }

  flush(): void {
    clearTimeout(this.#timer);
    while (!this.#isOver && !this.#relay.isHolding) {
      const [first] = this.#waiting;
      if (!first) return;
      const leftMs = this.#relay.delayMs > 0 ? first.dueMs - performance.now() : 0;
      if (leftMs > 0) {
        this.#timer = setTimeout(() => this.flush(), leftMs);
        return;
      }
      this.#waiting.shift();
      this.#write(first.chunk);
    }
  }

  /** Half of the next bytes still arrive; or none, when nothing comes soon. */
  cutHalfway(): void {
    this.#isCutNext = true;
    setTimeout(() => this.#link.cut(false), 1_000).unref();
  }

  stop(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#waiting = [];
  }

  #write(chunk: Buffer): void {
    if (this.#to.writableEnded) return;
    if (!this.#isCutNext) {
      this.#to.write(chunk);
      return;
    }
    this.#isOver = true;
    this.#to.write(chunk.subarray(0, Math.floor(chunk.length / 2)), () => this.#link.cut(false));
  }
}

/** A relay to the server of this URL, that listens. */
export function openRelay(target: string, onAsked?: Options["onAsked"]): Promise<Relay> {
  return new Relay({ target, onAsked }).listen();
}
