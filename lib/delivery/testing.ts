import type { Settlement } from "./settle";
import { createServer as createHttpServer, type RequestListener } from "node:http";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";
import type { TargetPolicy } from "@/lib/outbound/address";
import type { SendRequest } from "@/lib/outbound/post";
import { createSender, type Sender, type SenderOptions } from "@/lib/outbound/send";

export { until } from "@/test/kit/until";

/** Ends everything that was opened; call it after each test. */
export const cleanUps: (() => unknown)[] = [];

export async function cleanUp(): Promise<void> {
  for (const end of cleanUps.splice(0).toReversed()) await end();
}

export const localPolicy: TargetPolicy = {
  isExposed: false,
  allowNetworks: [],
  own: { host: "127.0.0.1", port: 3000 },
};

/** Exposed, as on a public server, with these networks allowed beside the public ones. */
export function exposedPolicy(...allowNetworks: string[]): TargetPolicy {
  return { ...localPolicy, isExposed: true, allowNetworks };
}

/** A receiver that is written by hand, byte for byte, and what reached it. */
export type RawReceiver = {
  port: number;
  url: string;
  connections: () => number;
  /** How many requests have come in whole. */
  requests: () => number;
  /** All bytes of all connections, in the order in which they came. */
  bytes: () => string;
};

type Reply = string | Buffer | ((socket: Socket, request: number) => void);

/** Listens on loopback; answers each request with `reply`, or lets `reply` do what it will. */
export async function listenRaw(
  reply: Reply,
  options: { tls?: TlsOptions; host?: string; onConnection?: (socket: Socket) => void } = {},
): Promise<RawReceiver> {
  let connections = 0;
  let requests = 0;
  const chunks: Buffer[] = [];
  const onSocket = (socket: Socket) => {
    let pending = "";
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      chunks.push(chunk);
      pending += chunk.toString("latin1");
      for (let end = requestEnd(pending); end > 0; end = requestEnd(pending)) {
        pending = pending.slice(end);
        requests += 1;
        if (typeof reply === "function") reply(socket, requests);
        else socket.write(reply);
      }
    });
    options.onConnection?.(socket);
  };
  const server = options.tls ? createTlsServer(options.tls, onSocket) : createServer(onSocket);
  server.on("connection", () => (connections += 1));
  const port = await listen(server, options.host);
  return {
    port,
    url: `${options.tls ? "https" : "http"}://127.0.0.1:${port}/webhook`,
    connections: () => connections,
    requests: () => requests,
    bytes: () => Buffer.concat(chunks).toString("latin1"),
  };
}

/** An ordinary HTTP receiver on loopback; answers its URL. */
export async function listenHttp(onRequest: RequestListener): Promise<string> {
  return `http://127.0.0.1:${await listen(createHttpServer(onRequest))}/webhook`;
}

async function listen(server: Server, host = "127.0.0.1"): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    socket.on("error", () => {});
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  server.on("tlsClientError", () => {});
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  cleanUps.push(async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  });
  // An address, for it listens on TCP.
  return (server.address() as AddressInfo).port;
}

function requestEnd(text: string): number {
  const head = text.indexOf("\r\n\r\n");
  if (head < 0) return 0;
  const length = Number(/\r\ncontent-length: (\d+)/i.exec(text.slice(0, head))?.[1] ?? 0);
  const end = head + 4 + length;
  return text.length >= end ? end : 0;
}

/** A sender that is closed after the test. */
export function openSender(policy = localPolicy, options: SenderOptions = {}): Sender {
  const sender = createSender(policy, options);
  cleanUps.push(() => sender.close());
  return sender;
}

/** A request of a small JSON body, with a short deadline. */
export function requestTo(url: string, changes: Partial<SendRequest> = {}): SendRequest {
  return {
    url,
    headers: { "Content-Type": "application/json", "X-Turbo-Delivery-ID": "delivery-1" },
    body: Buffer.from('{"hello":"wörld"}'),
    timeoutMs: 2_000,
    ...changes,
  };
}

/** What is written down of an attempt that was answered with 200; `changes` make it another. */
export function settlementOf(delivery_id: string, changes: Partial<Settlement> = {}): Settlement {
  return {
    delivery_id,
    number: 1,
    trigger: "automatic",
    outcome: "success",
    status: "success",
    delay_ms: 0,
    steps_used: 0,
    started_at: new Date().toISOString(),
    duration_ms: 12,
    url: "http://127.0.0.1:9/webhook",
    address: "127.0.0.1",
    request_headers: { "X-Turbo-Attempt": "1" },
    response_code: 200,
    response_headers: { "content-type": "text/plain" },
    response_body: "fine",
    is_response_cut: false,
    error_class: null,
    error_message: null,
    ...changes,
  };
}
