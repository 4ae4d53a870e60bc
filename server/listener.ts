import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { errorResponse } from "@/app/_http/error-response";
import { checkHost, checkNoProxy } from "@/lib/admission";
import { env } from "@/lib/env";
import { AppError } from "@/lib/errors";
import { newId } from "@/lib/id";
import { log, reasonOf } from "@/lib/log";
import { checkHead, methods } from "./request-limits";

type Handle = (request: IncomingMessage, response: ServerResponse) => unknown;

const patienceMs = 2_000;

/** The listening server. It holds the port from the first moment and answers 503 until it serves. */
export class Listener {
  /**
   * What Next may hang its own handlers on. It would answer no upgrade of a path it does not know
   * and never close its socket, so upgrades reach it in development only, for its own reloading;
   * without a handler for them Node answers them as the plain requests they also are.
   */
  readonly upgrades: Server = createServer();
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #handle: Handle | undefined;

  private constructor({ isDev }: { isDev: boolean }) {
    this.#server = createServer((request, response) => this.#admit(request, response));
    // Longer than proxies keep theirs, so that none finds its connection closed under it.
    this.#server.keepAliveTimeout = 65_000;
    this.#server.headersTimeout = 66_000;
    this.#server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
    if (isDev) this.#server.on("upgrade", (...upgrade) => this.#admitUpgrade(...upgrade));
  }

  /** Rejects with one sentence when the address cannot be had. */
  static async open(
    { host, port }: { host: string; port: number },
    { isDev }: { isDev: boolean },
  ): Promise<Listener> {
    const listener = new Listener({ isDev });
    const server = listener.#server;
    await new Promise<void>((resolve, reject) => {
      server.once("error", (error: NodeJS.ErrnoException) => reject(refusal(error, host, port)));
      server.listen(port, host, resolve);
    });
    return listener;
  }

  serve(handle: Handle): void {
    this.#handle = handle;
  }

  /** Takes no new connection; open requests have a moment to end. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeIdleConnections();
    const cutOff = setTimeout(() => {
      for (const socket of this.#sockets) socket.destroy();
    }, patienceMs);
    await closed;
    clearTimeout(cutOff);
  }

  #admit(request: IncomingMessage, response: ServerResponse): void {
    try {
      checkAdmission(request);
      if (!this.#handle) {
        throw new AppError("unavailable", "Starting; try again shortly.", { retryAfterSeconds: 2 });
      }
    } catch (error) {
      void refuse(response, error);
      return;
    }
    void this.#answer(this.#handle, request, response);
  }

  async #answer(handle: Handle, request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await handle(request, response);
    } catch (error) {
      if (response.headersSent) response.destroy();
      else await refuse(response, error);
    }
  }

  #admitUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    try {
      checkAdmission(request);
      if (!request.url?.startsWith("/_next/")) throw new AppError("not_found", "No upgrade here.");
      this.upgrades.emit("upgrade", request, socket, head);
    } catch (error) {
      log.warn("upgrade refused", { reason: reasonOf(error) });
      socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
    }
  }
}

function checkAdmission(request: IncomingMessage): void {
  checkHead(request);
  checkHost((name) => [request.headers[name]].flat()[0], env());
  checkNoProxy(request, env());
}

async function refuse(response: ServerResponse, error: unknown): Promise<void> {
  const answer = errorResponse(error, newId());
  if (answer.status === 405) answer.headers.set("allow", methods.join(", "));
  response.writeHead(answer.status, Object.fromEntries(answer.headers));
  response.end(await answer.text());
}

function refusal(error: NodeJS.ErrnoException, host: string, port: number): Error {
  if (error.code === "EADDRINUSE")
    return new Error(`PORT: ${host}:${port} is in use; set another PORT`);
  if (error.code === "EACCES")
    return new Error(`PORT: ${port} may not be opened by this user; set another PORT`);
  return new Error(`HOST: cannot listen on ${host}:${port} (${error.code ?? error.message})`);
}
