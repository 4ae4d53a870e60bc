import type { IncomingHttpHeaders } from "node:http";
import type { Dispatcher } from "undici";
import { Capture } from "./capture";
import type { Connection, Connections } from "./connections";
import {
  abortedFailure,
  exchangeFailure,
  floodFailure,
  isReset,
  resetFailure,
  type ErrorClass,
  type Failure,
} from "./failure";
import type { Target } from "./find-target";
import { openSocket, type OpenedSocket, type OpenSocketOptions } from "./open-socket";

export type SendRequest = {
  url: string;
  headers: Record<string, string>;
  body: Buffer;
  /** For all of it: resolving, connecting, TLS, and the whole answer. */
  timeoutMs: number;
  /** Asked right before bytes are written; false: nothing is sent, the result is `aborted`. */
  mayBegin?: () => boolean;
  /** Called once, right before the first byte is written. */
  onBegin?: () => void;
};

export type SendResult =
  | {
      kind: "response";
      status: number;
      /** Names in lower case; what came several times is joined by commas. */
      headers: Record<string, string>;
      body: string;
      /** The body is longer than what is kept, or broke off. */
      isCut: boolean;
      address: string;
      durationMs: number;
    }
  | {
      kind: "failure";
      errorClass: ErrorClass;
      message: string;
      address: string | null;
      durationMs: number;
    };

/** What the POSTs of one sender share. */
export type PostTools = {
  connections: Connections;
  opening: OpenSocketOptions;
  findTarget: (url: string) => Target | Failure;
  /** Counted only: a set of them would let the dead survive many collections. */
  inFlight: number;
  isClosed: boolean;
  onNoneInFlight: () => void;
};

const mostInformational = 100;

/** One POST, from its URL to its result. */
export class Post implements Dispatcher.DispatchHandler {
  /** Never rejects. */
  readonly result: Promise<SendResult>;
  /** Was a byte written? */
  hasBegun = false;
  readonly #tools: PostTools;
  readonly #request: SendRequest;
  readonly #startedAtMs = performance.now();
  readonly #deadline: NodeJS.Timeout;
  readonly #capture = new Capture();
  #resolve: (result: SendResult) => void = () => {};
  #isOver = false;
  #target: Target | undefined;
  #opening: AbortController | undefined;
  #connection: Connection | undefined;
  /** Set while bytes of this POST are, or may be, on the present connection. */
  #controller: Dispatcher.DispatchController | undefined;
  #bytesReadBefore = 0;
  #informational = 0;

  constructor(tools: PostTools, request: SendRequest) {
    this.#tools = tools;
    this.#request = request;
    this.result = new Promise((resolve) => (this.#resolve = resolve));
    this.#deadline = setTimeout(callTime, request.timeoutMs, this);
    tools.inFlight += 1;
  }

  start(): void {
    if (this.#tools.isClosed) return this.#fail(abortedFailure);
    const target = this.#tools.findTarget(this.#request.url);
    if ("errorClass" in target) return this.#fail(target);
    this.#target = target;
    const kept = this.#tools.connections.take(target.origin);
    if (kept) this.#dispatch(target, kept);
    else this.#open(target);
  }

  /** Ends it as `aborted` if no byte was written yet; did it? */
  abort(): boolean {
    if (this.#isOver || this.hasBegun) return false;
    this.#stop(abortedFailure);
    return true;
  }

  /** Ends it at any point: as `aborted`, or with the status if one was seen. */
  abortHard(): void {
    this.#stop(abortedFailure);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#isOver) return controller.abort(stopped);
    if (this.#request.mayBegin?.() === false) {
      this.#fail(this.hasBegun ? resetFailure : abortedFailure);
      return controller.abort(stopped);
    }
    this.#controller = controller;
    if (this.hasBegun) return;
    this.hasBegun = true;
    this.#request.onBegin?.();
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    if (status >= 200) return this.#capture.start(status, headers);
    this.#informational += 1;
    if (this.#informational <= mostInformational) return;
    this.#fail(floodFailure);
    controller.abort(stopped);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#isOver || this.#capture.add(chunk)) return;
    this.#answer(true);
    controller.abort(stopped);
  }

  onResponseEnd(): void {
    const connection = this.#connection;
    // Only after the parser is done does the socket tell whether it can be used again.
    if (connection) queueMicrotask(() => this.#tools.connections.giveBack(connection));
    this.#answer(false);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    const connection = this.#connection;
    if (connection) queueMicrotask(() => this.#tools.connections.end(connection));
    if (this.#isOver) return;
    if (this.#capture.status > 0) return this.#answer(true);
    const isWritten = this.#controller !== undefined;
    this.#controller = undefined;
    if (!connection?.isReused || !this.#target) return this.#fail(exchangeFailure(error));
    const isUnanswered = isReset(error) && connection.socket.bytesRead === this.#bytesReadBefore;
    if (isWritten && !isUnanswered) return this.#fail(exchangeFailure(error));
    this.#open(this.#target);
  }

  #open(target: Target): void {
    const opening = new AbortController();
    this.#opening = opening;
    void this.#useOpened(target, openSocket(target.place, this.#tools.opening, opening.signal));
  }

  async #useOpened(target: Target, opening: Promise<OpenedSocket>): Promise<void> {
    const opened = await opening;
    if (this.#isOver) {
      if (opened.ok) opened.socket.destroy();
    } else if (opened.ok) {
      const { connections } = this.#tools;
      this.#dispatch(target, connections.add(target.origin, opened.socket, opened.address));
    } else {
      this.#fail(opened.failure, opened.address);
    }
  }

  #dispatch(target: Target, connection: Connection): void {
    this.#connection = connection;
    this.#bytesReadBefore = connection.socket.bytesRead;
    const { headers, body } = this.#request;
    connection.client.dispatch(
      {
        path: target.path,
        method: "POST",
        headers: { ...headers, "Accept-Encoding": "identity" },
        body,
      },
      this,
    );
  }

  expire(): void {
    const seconds = Math.round(this.#request.timeoutMs / 100) / 10;
    const what = this.hasBegun ? "complete answer" : "connection";
    this.#stop({ errorClass: "timeout", message: `There was no ${what} within ${seconds} s.` });
  }

  /** Ends it now: with the status if one was seen, else as this failure. */
  #stop(failure: Failure): void {
    if (this.#isOver) return;
    if (this.#capture.status > 0) this.#answer(true);
    else this.#fail(failure);
    this.#opening?.abort();
    if (this.#controller) this.#controller.abort(stopped);
    else if (this.#connection) this.#tools.connections.end(this.#connection);
  }

  #answer(isCut: boolean): void {
    const { status, headers } = this.#capture;
    const address = this.#connection?.address ?? "";
    const body = this.#capture.text(isCut);
    const durationMs = performance.now() - this.#startedAtMs;
    this.#end({ kind: "response", status, headers, body, isCut, address, durationMs });
  }

  #fail({ errorClass, message }: Failure, address = this.#connection?.address ?? null): void {
    const durationMs = performance.now() - this.#startedAtMs;
    this.#end({ kind: "failure", errorClass, message, address, durationMs });
  }

  #end(result: SendResult): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#deadline);
    this.#resolve(result);
    this.#tools.inFlight -= 1;
    if (this.#tools.inFlight === 0) this.#tools.onNoneInFlight();
  }
}

/** Answers that came while this process was busy are read first. */
function callTime(post: Post): void {
  setImmediate(() => post.expire());
}

const stopped = new Error("stopped");
