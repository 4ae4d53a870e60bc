import { afterEach, describe, expect, it, vi } from "vitest";
import {
  cleanUp,
  listenHttp,
  listenRaw,
  openSender,
  requestTo,
  until,
} from "@/lib/delivery/testing";

afterEach(async () => {
  vi.restoreAllMocks();
  await cleanUp();
});

const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

describe("send, what arrives", () => {
  it("posts path, headers and bytes as given, and asks for no encoding", async () => {
    const receiver = await listenRaw(ok);
    const request = requestTo(`${receiver.url}?a=1&b=%20#frag`);
    const result = await openSender().send(request).result;
    expect(result).toMatchObject({ kind: "response", status: 200, body: "ok", isCut: false });
    const [head = "", body = ""] = receiver.bytes().split("\r\n\r\n");
    expect(head.split("\r\n").toSorted()).toEqual(
      [
        "POST /webhook?a=1&b=%20 HTTP/1.1",
        `host: 127.0.0.1:${receiver.port}`,
        "connection: keep-alive",
        "Content-Type: application/json",
        "X-Turbo-Delivery-ID: delivery-1",
        "Accept-Encoding: identity",
        "content-length: 18",
      ].toSorted(),
    );
    expect(Buffer.from(body, "latin1")).toEqual(request.body);
  });

  it("tells the peer's address and the time it took", async () => {
    const receiver = await listenRaw((socket) => setTimeout(() => socket.write(ok), 50));
    const result = await openSender().send(requestTo(receiver.url)).result;
    expect(result.address).toBe("127.0.0.1");
    expect(result.durationMs).toBeGreaterThanOrEqual(45);
    expect(result.durationMs).toBeLessThan(1_500);
  });

  it("uses a connection again, and several at a time", async () => {
    const receiver = await listenRaw(ok);
    const sender = openSender();
    for (let i = 0; i < 5; i++) await sender.send(requestTo(receiver.url)).result;
    expect(receiver.connections()).toBe(1);
    await Promise.all(Array.from({ length: 8 }, () => sender.send(requestTo(receiver.url)).result));
    expect(receiver.connections()).toBe(8);
    expect(receiver.requests()).toBe(13);
  });

  it("opens a new connection when the one it has is a minute old", async () => {
    const receiver = await listenRaw(ok);
    const sender = openSender();
    const realNow = performance.now.bind(performance);
    const now = vi.spyOn(performance, "now");
    for (const laterMs of [0, 59_000, 61_000]) {
      now.mockImplementation(() => realNow() + laterMs);
      await sender.send(requestTo(receiver.url)).result;
      expect(receiver.connections()).toBe(laterMs > 60_000 ? 2 : 1);
    }
  });

  it("posts an empty body", async () => {
    const receiver = await listenRaw(ok);
    const request = requestTo(receiver.url, { body: Buffer.alloc(0) });
    expect(await openSender().send(request).result).toMatchObject({ status: 200 });
    expect(receiver.bytes()).toContain("content-length: 0");
  });
});

describe("send, answers", () => {
  it.each([200, 201, 202, 204, 299, 301, 302, 307, 308, 400, 404, 410, 500, 503])(
    "answers status %i after one request, following nothing",
    async (status) => {
      const elsewhere = await listenRaw(ok);
      let requests = 0;
      const url = await listenHttp((_request, response) => {
        requests += 1;
        response.writeHead(status, { location: elsewhere.url }).end();
      });
      const result = await openSender().send(requestTo(url)).result;
      expect(result).toMatchObject({ kind: "response", status, body: "", isCut: false });
      expect(requests).toBe(1);
      expect(elsewhere.connections()).toBe(0);
    },
  );

  it("answers headers in lower case, and joins those that come twice", async () => {
    const receiver = await listenRaw(
      "HTTP/1.1 200 OK\r\nRetry-After: 5\r\nX-A: 1\r\nx-a: 2\r\n__proto__: x\r\nContent-Length: 0\r\n\r\n",
    );
    const result = await openSender().send(requestTo(receiver.url)).result;
    expect(result).toMatchObject({ headers: { "retry-after": "5", "x-a": "1, 2" } });
  });

  it.each([
    ["of HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\nhi", { status: 200, body: "hi", isCut: false }],
    ["without reason", "HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nhi", { status: 200, body: "hi" }],
    [
      "in chunks",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nh\r\n1\r\ni\r\n0\r\n\r\n",
      { status: 200, body: "hi", isCut: false },
    ],
    [
      "after interim ones",
      `HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n${ok}`,
      { status: 200, body: "ok" },
    ],
    [
      "204 with a body",
      "HTTP/1.1 204 No\r\nContent-Length: 2\r\n\r\nhi",
      { status: 204, body: "" },
    ],
  ])("takes an answer %s", async (_what, bytes, expected) => {
    const receiver = await listenRaw((socket) => socket.end(bytes));
    const result = await openSender().send(requestTo(receiver.url)).result;
    expect(result).toMatchObject({ kind: "response", ...expected });
  });

  it.each([
    ["another protocol", "SSH-2.0-x\r\n"],
    ["no status line", "hello, world\r\n\r\n"],
    ["bare line feeds", "HTTP/1.1 200 OK\nContent-Length: 0\n\n"],
    ["two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc"],
    [
      "length and chunks",
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
    ["a NUL in a header", "HTTP/1.1 200 OK\r\nX-A: a\u0000b\r\nContent-Length: 0\r\n\r\n"],
    [
      "a switch of protocols",
      "HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    ],
    ["a header of 1 MB", `HTTP/1.1 200 OK\r\nX-A: ${"a".repeat(1 << 20)}\r\n\r\n`],
    ["interim ones without end", "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(1000)],
  ])("refuses an answer with %s", async (_what, bytes) => {
    const receiver = await listenRaw(bytes);
    const result = await openSender().send(requestTo(receiver.url)).result;
    expect(result).toMatchObject({ errorClass: "invalid_response", address: "127.0.0.1" });
    expect(receiver.requests()).toBe(1);
  });

  it("refuses a greeting that comes before the request", async () => {
    const receiver = await listenRaw(ok, { onConnection: (s) => void s.write("220 hello\r\n") });
    const result = await openSender().send(requestTo(receiver.url)).result;
    expect(result).toMatchObject({ errorClass: "invalid_response" });
  });
});

describe("send, bodies", () => {
  const bodyOf = async (body: Buffer, headers = "") => {
    const head = `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n${headers}\r\n`;
    const receiver = await listenRaw(Buffer.concat([Buffer.from(head), body]));
    const result = await openSender().send(requestTo(receiver.url)).result;
    if (result.kind !== "response") throw new Error(result.message);
    return result;
  };

  it("keeps 16 KiB, and says when there was more", async () => {
    const whole = await bodyOf(Buffer.alloc(16_384, "a"));
    expect([whole.body.length, whole.isCut]).toEqual([16_384, false]);
    const cut = await bodyOf(Buffer.alloc(16_385, "a"));
    expect([cut.body.length, cut.isCut]).toEqual([16_384, true]);
  });

  it("cuts no character in half", async () => {
    const { body } = await bodyOf(Buffer.from("é".repeat(8_191) + "x🚀"));
    expect(body).toBe(`${"é".repeat(8_191)}x`);
  });

  it("replaces what is not UTF-8, and NUL", async () => {
    const { body } = await bodyOf(Buffer.from([0x61, 0xff, 0xfe, 0x00, 0x62]));
    expect(body).toBe("a\uFFFD\uFFFD\uFFFDb");
  });

  it("does not inflate what is compressed", async () => {
    const { headers, body } = await bodyOf(Buffer.alloc(1000, "z"), "Content-Encoding: gzip\r\n");
    expect(headers["content-encoding"]).toBe("gzip");
    expect(body).toBe("z".repeat(1000));
  });

  it("leaves an endless body after 16 KiB, and closes the connection", async () => {
    let written = 0;
    let isClosed = false;
    const receiver = await listenRaw((socket) => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      const chunk = Buffer.alloc(65_536, "a");
      const flood = () => {
        while (!socket.destroyed && socket.write(chunk));
        written = socket.bytesWritten;
      };
      socket.on("drain", flood).on("close", () => (isClosed = true));
      flood();
    });
    const result = await openSender().send(requestTo(receiver.url)).result;
    expect(result).toMatchObject({ status: 200, isCut: true });
    await until(() => isClosed);
    expect(written).toBeLessThan(20 << 20);
  });

  it("counts a status that was seen, though the body breaks off", async () => {
    const receiver = await listenRaw((socket) => {
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc");
      setTimeout(() => socket.resetAndDestroy(), 20);
    });
    const result = await openSender().send(requestTo(receiver.url)).result;
    expect(result).toMatchObject({ kind: "response", status: 200, body: "abc", isCut: true });
  });

  it("counts a status that was seen, though the body drips past the deadline", async () => {
    let isClosed = false;
    const receiver = await listenRaw((socket) => {
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n");
      const drip = setInterval(() => socket.write("a"), 40);
      socket.on("close", () => {
        clearInterval(drip);
        isClosed = true;
      });
    });
    const result = await openSender().send(requestTo(receiver.url, { timeoutMs: 400 })).result;
    expect(result).toMatchObject({ kind: "response", status: 200, isCut: true });
    expect(result.durationMs).toBeGreaterThanOrEqual(395);
    expect(result.durationMs).toBeLessThan(1_500);
    await until(() => isClosed);
  });
});
