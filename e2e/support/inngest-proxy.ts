import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { SentEvent } from "./inngest-stand-in";
import { findFreePort } from "@/test/kit/port";

/** Stands before a real Inngest server, and knows which events it has acknowledged. */
export class InngestProxy {
  readonly url: string;
  readonly acknowledged: SentEvent[] = [];
  /** Called with each acknowledgement, before the app learns of it. */
  onAcknowledged: () => void = () => {};
  readonly #server: Server;

  constructor(port: number, target: string) {
    this.url = `http://127.0.0.1:${port}`;
    this.#server = createServer(async (request, response) => {
      let body = "";
      for await (const chunk of request.setEncoding("utf8")) body += chunk;
      const { method = "GET", url = "/", headers } = request;
      const { host: _, connection: __, "content-length": ___, ...passed } = headers;
      try {
        const answer = await fetch(`${target}${url}`, {
          method,
          headers: passed as Record<string, string>,
          ...(body === "" ? {} : { body }),
        });
        const text = await answer.text();
        if (answer.ok && url.startsWith("/e/")) {
          this.acknowledged.push(...[JSON.parse(body)].flat());
          this.onAcknowledged();
        }
        response.writeHead(answer.status, { "content-type": "application/json" }).end(text);
      } catch {
        response.destroy();
      }
    });
    this.#server.listen(port, "127.0.0.1");
  }

  async close(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}

export async function startInngestProxy(target: string): Promise<InngestProxy> {
  return new InngestProxy(await findFreePort(), target);
}
