/* A process that serves the functions of the suite. Its argument is its role, as JSON. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { serve } from "inngest/node";
import type { FromApp, Role, ToApp } from "./app-process";
import { defineFunctions, toEvents } from "./functions";
import { makeServerClient } from "./server-client";

const { hangs, target }: Role = JSON.parse(process.argv[2] ?? "");
const tell = (message: FromApp) => process.send?.(message);
const client = makeServerClient(target);
const functions = defineFunctions(client, { onCall: (call) => tell({ call }), hangs });
const server = createServer(serve({ client, functions, serveOrigin: target.origin }));

process.on("SIGTERM", () => {
  server.close();
  server.closeAllConnections();
  process.exit(0);
});
process.on("disconnect", () => process.exit(1));
process.on("message", ({ nr, works }: ToApp) => {
  client.send(toEvents(client, works)).then(
    () => tell({ sent: nr }),
    (error: unknown) => tell({ sent: nr, error: String(error) }),
  );
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
const { port } = server.address() as AddressInfo;
tell({ port });
