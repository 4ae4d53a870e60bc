import { createServer, connect, type Server, type Socket } from "node:net";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";

type Waiting = { chunk: Buffer; dueMs: number };

/** A TCP path between two parties that can be cut, slowed down and stalled. */
export class FaultProxy {
  readonly name: string;
  readonly #targetPort: number;
  readonly #links = new Set<Link>();
  readonly #server: Server;
  #delayMs = 0;
  #isHolding = false;
  #isRefusing = false;

  constructor(name: string, targetPort: number) {
    this.name = name;
    this.#targetPort = targetPort;
    this.#server = createServer((client) => this.#open(client));
  }

  get delayMs(): number {
    return this.#delayMs;
  }

  get isHolding(): boolean {
    return this.#isHolding;
  }

  async listen(port: number): Promise<void> {
    this.#server.listen(port, "127.0.0.1");
    await once(this.#server, "listening");
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
    this.#isHolding = true;
    await sleep(forMs);
    this.#isHolding = false;
    if (thenCut) for (const link of this.#links) link.cut(false);
    this.#flush();
  }

  async close(): Promise<void> {
    for (const link of this.#links) link.cut(false);
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, "close");
  }

  #flush(): void {
    for (const link of this.#links) link.flush();
  }

  #open(client: Socket): void {
    if (this.#isRefusing) {
      client.on("error", () => {});
      client.resetAndDestroy();
      return;
    }
    const link = new Link(this, client, connect(this.#targetPort, "127.0.0.1"));
    this.#links.add(link);
    link.onClose(() => this.#links.delete(link));
  }
}

/** One connection through the proxy. When one side ends, the other does at once, stalled or not. */
class Link {
  readonly #sides: [Socket, Socket];
  readonly #flows: [Flow, Flow];

  constructor(proxy: FaultProxy, client: Socket, upstream: Socket) {
    this.#sides = [client, upstream];
    this.#flows = [new Flow(proxy, this, upstream), new Flow(proxy, this, client)];
    for (const [index, side] of this.#sides.entries()) {
      side.setNoDelay(true);
      side.on("data", (chunk) => this.#flows[index]?.take(chunk));
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
  readonly #proxy: FaultProxy;
  readonly #link: Link;
  readonly #to: Socket;
  #waiting: Waiting[] = [];
  #timer: NodeJS.Timeout | undefined;
  #isCutNext = false;
  #isOver = false;

  constructor(proxy: FaultProxy, link: Link, to: Socket) {
    this.#proxy = proxy;
    this.#link = link;
    this.#to = to;
  }

  take(chunk: Buffer): void {
    if (this.#isOver) return;
    this.#waiting.push({ chunk, dueMs: performance.now() + this.#proxy.delayMs });
    this.flush();
  }

  flush(): void {
    clearTimeout(this.#timer);
    while (!this.#isOver && !this.#proxy.isHolding) {
      const [first] = this.#waiting;
      if (!first) return;
      const leftMs = this.#proxy.delayMs > 0 ? first.dueMs - performance.now() : 0;
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
    if (!this.#isCutNext) {
      this.#to.write(chunk);
      return;
    }
    this.#isOver = true;
    this.#to.write(chunk.subarray(0, Math.floor(chunk.length / 2)), () => this.#link.cut(false));
  }
}
