/* A process that serves the functions of the suite. Its argument is its role, as JSON. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Inngest } from "inngest";
import { serve } from "inngest/node";
import { connect } from "@/db/client";
import { createApp } from "@/inngest/engine/testing";
import type { FromApp, Role, ToApp } from "./app-process";
import { defineFunctions, toEvents } from "./functions";
import { makeServerClient } from "./server-client";

type Started = { client: Inngest; port: number; stop: () => Promise<void> };

const role: Role = JSON.parse(process.argv[2] ?? "");
const tell = (message: FromApp) => process.send?.(message);
const define = (client: Inngest) =>
  defineFunctions(client, { onCall: (call) => tell({ call }), hangs: role.hangs });

async function startEmbedded({ databaseUrl, options }: NonNullable<Role["embedded"]>) {
  const { sql, close } = connect(databaseUrl, { max: 5 });
  const { client, engine } = createApp(sql, define, options);
  await engine.start();
  return { client, port: 0, stop: () => engine.stop(2_000).then(close) };
}

async function startServed(target: NonNullable<Role["server"]>): Promise<Started> {
  const client = makeServerClient(target);
  const functions = define(client);
  const handler = serve({ client, functions, serveOrigin: target.origin });
  const server = createServer(handler);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const stop = async () => {
    server.close();
    server.closeAllConnections();
  };
  return { client, port, stop };
}

async function start(): Promise<Started> {
  if (role.embedded) return startEmbedded(role.embedded);
  if (role.server) return startServed(role.server);
  throw new Error("The role names no engine.");
}

const { client, port, stop } = await start();
process.on("SIGTERM", () => void stop().then(() => process.exit(0)));
process.on("disconnect", () => process.exit(1));
process.on("message", ({ nr, works }: ToApp) => {
  client.send(toEvents(client, works)).then(
    () => tell({ sent: nr }),
    (error: unknown) => tell({ sent: nr, error: String(error) }),
  );
});
tell({ port });
