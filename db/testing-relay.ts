import { once } from "node:events";
import { connect as dial, createServer, type AddressInfo, type Socket } from "node:net";

/**
 * A way to a database that a test can disturb without disturbing the server of all tests. Frozen it
 * does as PostgreSQL does under SIGSTOP, in a frozen machine or behind a cut cable: connections stay
 * open, new ones are accepted, and nothing is said.
 */
export type Relay = {
  url: string;
  freeze: () => void;
  thaw: () => void;
  /** How many connections were made through it. */
  accepted: () => number;
  /** Resets the connection on which the server next answers with this text, before it arrives. */
  cutAnswerWith: (text: string) => void;
  close: () => void;
};

export async function openRelay(databaseUrl: string): Promise<Relay> {
  const url = new URL(databaseUrl);
  const serverPort = Number(url.port);
  const sockets = new Set<Socket>();
  let accepted = 0;
  let cutText: string | undefined;
  let frozen: (() => void)[] | null = null;

  const join = (client: Socket) => {
    const upstream = dial(serverPort, "127.0.0.1");
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => {});
    }
    client.on("data", (bytes) => upstream.write(bytes));
    client.on("close", () => upstream.destroy());
    upstream.on("close", () => client.destroy());
    upstream.on("data", (bytes) => {
      if (cutText === undefined || !bytes.includes(cutText)) return void client.write(bytes);
      cutText = undefined;
      client.resetAndDestroy();
    });
    client.resume();
  };

  const server = createServer({ pauseOnConnect: true }, (client) => {
    accepted += 1;
    client.on("error", () => {});
    if (frozen) frozen.push(() => join(client));
    else join(client);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  // It listens on TCP.
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.toString(),
    accepted: () => accepted,
    cutAnswerWith: (text) => (cutText = text),
    freeze: () => {
      frozen = [];
      for (const socket of sockets) socket.pause();
    },
    thaw: () => {
      for (const socket of sockets) socket.resume();
      for (const begin of frozen ?? []) begin();
      frozen = null;
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
