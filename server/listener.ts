import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { errorResponse } from "@/app/_http/error-response";
import { checkHost, checkNoProxy } from "@/lib/admission";
import { env } from "@/lib/env";
import { AppError } from "@/lib/errors";
import { newId } from "@/lib/id";

type Handle = (request: IncomingMessage, response: ServerResponse) => unknown;

const patienceMs = 2_000;
const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/** The listening server. It holds the port from the first moment and answers 503 until it serves. */
export class Door {
  readonly server: Server;
  #handle: Handle | undefined;

  private constructor() {
    this.server = createServer((request, response) => this.#admit(request, response));
    // Longer than proxies keep theirs, so that none finds its connection closed under it.
    this.server.keepAliveTimeout = 65_000;
    this.server.headersTimeout = 66_000;
  }

  /** Rejects with one sentence when the address cannot be had. */
  static async open(host: string, port: number): Promise<Door> {
    const door = new Door();
    await new Promise<void>((resolve, reject) => {
      door.server.once("error", (error: NodeJS.ErrnoException) =>
        reject(refusal(error, host, port)),
      );
      door.server.listen(port, host, resolve);
    });
    return door;
  }

  serve(handle: Handle): void {
    this.#handle = handle;
  }

  /** Takes no new connection; open requests have a moment to end. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    this.server.closeIdleConnections();
    const cutOff = setTimeout(() => this.server.closeAllConnections(), patienceMs);
    await closed;
    clearTimeout(cutOff);
  }

  #admit(request: IncomingMessage, response: ServerResponse): void {
    const read = (name: string) => [request.headers[name]].flat()[0];
    try {
      checkHost(read, env());
      checkNoProxy(read, env());
      checkReadable(request);
      if (!this.#handle) {
        throw new AppError("unavailable", "Starting; try again shortly.", { retryAfterSeconds: 2 });
      }
    } catch (error) {
      void refuse(response, error);
      return;
    }
    this.#handle(request, response);
  }
}

/** Refuses what Next itself fails on: a method it does not know, a path it cannot decode. */
function checkReadable({ method = "", url = "" }: IncomingMessage): void {
  if (!methods.includes(method)) {
    throw new AppError("method_not_allowed", `${method} is not possible here.`);
  }
  try {
    decodeURIComponent(url.split("?")[0] ?? "");
  } catch {
    throw new AppError("not_found", "There is nothing here: the path cannot be decoded.");
  }
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
