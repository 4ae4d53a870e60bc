import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findFreePort } from "./port";
import { Relay } from "./relay";

/** A server that notes what it gets, and answers each message with the same. */
let server: Server;
let relay: Relay;
let port: number;
let got: Buffer[];
let peers: Socket[];

beforeEach(async () => {
  got = [];
  peers = [];
  server = createServer((socket) => {
    peers.push(socket);
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      got.push(chunk);
      socket.write(chunk);
    });
  });
  const targetPort = await findFreePort();
  server.listen(targetPort, "127.0.0.1");
  await once(server, "listening");
  relay = new Relay({ target: `http://127.0.0.1:${targetPort}` });
  await relay.listen();
  port = relay.port;
});

afterEach(async () => {
  await relay.close();
  server.close();
});

async function open(): Promise<Socket> {
  const socket = dial();
  await once(socket, "connect");
  return socket;
}

function dial(): Socket {
  return connect(port, "127.0.0.1").on("error", () => {});
}

/** Whether by an end or a reset. */
function closing(socket: Socket | undefined): Promise<unknown> {
  return new Promise((resolve) => socket?.once("close", resolve));
}

async function echo(socket: Socket, text: string): Promise<string> {
  socket.write(text);
  const [chunk] = await once(socket, "data");
  return String(chunk);
}

const all = () => Buffer.concat(got).toString();

describe("Relay", () => {
  it("passes bytes both ways until it is cut", async () => {
    const socket = await open();
    expect(await echo(socket, "hello")).toBe("hello");
    const ends = Promise.all([closing(socket), closing(peers[0])]);
    await relay.cut({ isHalfway: false, refuseMs: 0 });
    await ends;
    expect(await echo(await open(), "again")).toBe("again");
  });

  it("cuts half-way through the next bytes", async () => {
    const socket = await open();
    await echo(socket, "hello");
    await relay.cut({ isHalfway: true, refuseMs: 0 });
    const ends = closing(socket);
    socket.write("12345678");
    await ends;
    // A reset may take with it what was not yet read.
    expect(["hello", "hello1234"]).toContain(all());
  });

  it("refuses while it is told to", async () => {
    const refusing = relay.cut({ isHalfway: false, refuseMs: 200 });
    await closing(dial());
    await refusing;
    expect(await echo(await open(), "back")).toBe("back");
  });

  it("holds bytes back and lets them go, in order", async () => {
    const socket = await open();
    await echo(socket, "hello");
    const held = relay.hold({ forMs: 150, thenCut: false });
    const answer = once(socket, "data");
    socket.write("1");
    socket.write("2");
    const sentinel = connect(server.address() as never);
    await echo(sentinel, "-");
    sentinel.destroy();
    expect(all()).toBe("hello-");
    await Promise.all([held, answer]);
    expect(all()).toBe("hello-12");
  });

  it("slows bytes down", async () => {
    const socket = await open();
    const slowed = relay.slow({ delayMs: 50, forMs: 300 });
    const beganMs = performance.now();
    await echo(socket, "hello");
    expect(performance.now() - beganMs).toBeGreaterThanOrEqual(99);
    await slowed;
  });

  it("ends the other side at once when one ends, even while it holds", async () => {
    const socket = await open();
    await echo(socket, "hello");
    let isHolding = true;
    const held = relay.hold({ forMs: 1_500, thenCut: false }).then(() => (isHolding = false));
    socket.write("never");
    const peerEnds = closing(peers[0]);
    socket.destroy();
    await peerEnds;
    expect(isHolding).toBe(true);
    await held;
    expect(all()).toBe("hello");
  });
});
