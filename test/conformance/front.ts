import { once } from "node:events";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export type Front = { origin: string; close(): Promise<void> };

/** The one address of several processes: each request goes to the next of `livingPorts`. */
export async function openFront(livingPorts: () => number[]): Promise<Front> {
  let turn = 0;
  const server = createServer((incoming, outgoing) => {
    const ports = livingPorts();
    const port = ports[(turn += 1) % ports.length];
    if (port === undefined) outgoing.destroy();
    else pass(incoming, outgoing, port);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    close: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Passes one request on; an end of the process behind is an end of the connection before. */
function pass(incoming: IncomingMessage, outgoing: ServerResponse, port: number): void {
  const { method, url, headers } = incoming;
  const passed = request({ host: "127.0.0.1", port, method, path: url, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.on("error", () => outgoing.destroy());
    answer.pipe(outgoing);
  });
  passed.on("error", () => outgoing.destroy());
  incoming.on("error", () => passed.destroy());
  incoming.pipe(passed);
}
