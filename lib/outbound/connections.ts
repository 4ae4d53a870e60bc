import type { Socket } from "node:net";
import { Client } from "undici";

/** One open socket to a receiver, and the HTTP client that speaks on it; it never reconnects. */
export type Connection = {
  readonly origin: string;
  readonly client: Client;
  readonly socket: Socket;
  readonly address: string;
  readonly openedAtMs: number;
  /** It has carried a POST before the present one. */
  isReused: boolean;
};

const mostHeaderBytes = 16 * 1024;
/** Below the 5 s after which many servers close an idle connection. */
const idleMs = 4_000;
/** So that a name that moved is followed: no connection is used longer than this. */
const oldestMs = 60_000;
const mostIdle = 512;

/** The keep-alive connections of a sender: each is lent to one POST at a time. */
export class Connections {
  readonly #idle = new Map<string, Connection[]>();
  #idleCount = 0;

  /** Makes a connection of a socket that was just opened, and lends it. */
  add(origin: string, socket: Socket, address: string): Connection {
    let isTaken = false;
    const client = new Client(origin, {
      connect: (_options, callback) => {
        const isFirst = !isTaken;
        isTaken = true;
        queueMicrotask(() =>
          isFirst ? callback(null, socket) : callback(new Error("the connection is gone"), null),
        );
      },
      pipelining: 1,
      maxHeaderSize: mostHeaderBytes,
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: idleMs,
      keepAliveMaxTimeout: idleMs,
    });
    const connection: Connection = {
      origin,
      client,
      socket,
      address,
      openedAtMs: performance.now(),
      isReused: false,
    };
    const onGone = () => this.#drop(connection);
    client.on("disconnect", onGone);
    client.on("connectionError", onGone);
    return connection;
  }

  /** Lends the connection to this origin that was used last, if one is left. */
  take(origin: string): Connection | undefined {
    const list = this.#idle.get(origin);
    while (list && list.length > 0) {
      const connection = list.pop();
      this.#idleCount -= 1;
      if (!connection) break;
      if (isUsable(connection)) {
        connection.isReused = true;
        return connection;
      }
      this.end(connection);
    }
    return undefined;
  }

  /** Takes a connection back after a whole exchange, and keeps it for the next if that is possible. */
  giveBack(connection: Connection): void {
    if (this.#idleCount >= mostIdle || !isUsable(connection)) {
      this.end(connection);
      return;
    }
    const list = this.#idle.get(connection.origin);
    if (list) list.push(connection);
    else this.#idle.set(connection.origin, [connection]);
    this.#idleCount += 1;
  }

  /** Ends a connection and whatever it carries. */
  end(connection: Connection): void {
    if (!connection.client.destroyed) void connection.client.destroy();
    connection.socket.destroy();
  }

  /** Ends the connections that are not lent. */
  close(): void {
    for (const connection of [...this.#idle.values()].flat()) this.end(connection);
  }

  #drop(connection: Connection): void {
    this.end(connection);
    const list = this.#idle.get(connection.origin);
    if (!list) return;
    const place = list.indexOf(connection);
    if (place >= 0) {
      list.splice(place, 1);
      this.#idleCount -= 1;
    }
    if (list.length === 0) this.#idle.delete(connection.origin);
  }
}

/** Not when closed, too old, or still busy with a body that was answered before it was read. */
function isUsable({ socket, openedAtMs }: Connection): boolean {
  const isYoung = performance.now() - openedAtMs < oldestMs;
  return isYoung && !socket.destroyed && socket.writableLength === 0;
}
