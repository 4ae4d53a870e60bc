import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { until } from "@/test/kit/until";
import { findFreePort } from "@/test/kit/port";

export type SentEvent = { id: string; name: string; data: Record<string, unknown>; ts?: number };
export type Registration = {
  authorization: string | undefined;
  url: string;
  functions: { id: string; triggers: Record<string, string>[] }[];
};

/** Takes events and registrations as an Inngest server does, and calls nobody. */
export class InngestStandIn {
  readonly url: string;
  readonly events: SentEvent[] = [];
  readonly registrations: Registration[] = [];
  /** What a registration is answered with. */
  answer = { status: 200, body: '{"ok":true,"modified":true}' };
  readonly #server: Server;

  constructor(port: number) {
    this.url = `http://127.0.0.1:${port}`;
    this.#server = createServer((request, response) => void this.#answer(request, response));
    this.#server.listen(port, "127.0.0.1");
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const text = await readText(request);
    const isRegistration = request.url?.startsWith("/fn/register");
    const { status, body } = isRegistration
      ? this.#register(request, text)
      : this.#take(JSON.parse(text));
    response.writeHead(status, { "content-type": "application/json" }).end(body);
  }

  #register(request: IncomingMessage, text: string) {
    const { authorization } = request.headers;
    this.registrations.push({ authorization, ...JSON.parse(text) });
    return this.answer;
  }

  #take(given: SentEvent | SentEvent[]) {
    const events = [given].flat();
    this.events.push(...events);
    return { status: 200, body: JSON.stringify({ ids: events.map(({ id }) => id), status: 200 }) };
  }

  /** The first bell that was rung for this webhook. */
  waitForBell(webhookId: string): Promise<SentEvent> {
    return until("the bell is rung", () =>
      this.events.find(({ data }) => data.webhookId === webhookId),
    );
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }
}

async function readText(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) text += chunk;
  return text;
}

export async function startInngestStandIn(): Promise<InngestStandIn> {
  return new InngestStandIn(await findFreePort());
}
