import { afterEach, describe, expect, it } from "vitest";
import { cleanUp, listenRaw, openSender, requestTo, until } from "@/lib/delivery/testing";

afterEach(cleanUp);

const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

describe("send, the deadline", () => {
  const expectTimeout = async (receiver: { url: string }, body?: Buffer) => {
    const request = requestTo(receiver.url, { timeoutMs: 300, ...(body && { body }) });
    const result = await openSender().send(request).result;
    expect(result).toMatchObject({ kind: "failure", errorClass: "timeout" });
    expect(result.durationMs).toBeGreaterThanOrEqual(295);
    expect(result.durationMs).toBeLessThan(1_500);
  };

  it("ends a wait for an answer that never comes", async () => {
    await expectTimeout(await listenRaw(() => {}));
  });

  it("ends headers that drip", async () => {
    const receiver = await listenRaw((socket) => {
      socket.write("HTTP/1.1 200 OK\r\n");
      const drip = setInterval(() => socket.write("X-A: b\r\n"), 50);
      socket.on("close", () => clearInterval(drip));
    });
    await expectTimeout(receiver);
  });

  it("ends interim answers that drip", async () => {
    const receiver = await listenRaw((socket) => {
      const drip = setInterval(() => socket.write("HTTP/1.1 103 Early Hints\r\n\r\n"), 20);
      socket.on("close", () => clearInterval(drip));
    });
    await expectTimeout(receiver);
  });

  it("ends a body that the receiver never reads", async () => {
    const receiver = await listenRaw(ok, { onConnection: (socket) => void socket.pause() });
    await expectTimeout(receiver, Buffer.alloc(8 << 20));
  });

  it("is not moved by an answer that comes after it, and the next post is whole", async () => {
    const bodies: string[] = [];
    const receiver = await listenRaw((socket, request) => {
      bodies.push("");
      setTimeout(() => socket.write(ok), request === 1 ? 400 : 0);
    });
    const sender = openSender();
    const request = requestTo(receiver.url, { timeoutMs: 200 });
    expect(await sender.send(request).result).toMatchObject({ errorClass: "timeout" });
    expect(await sender.send(request).result).toMatchObject({ status: 200 });
    expect(receiver.connections()).toBe(2);
  });

  it("does not count time in which this process was busy against an answer that came", async () => {
    const receiver = await listenRaw((socket) => {
      socket.write(ok);
      const busyUntilMs = performance.now() + 200;
      while (performance.now() < busyUntilMs);
    });
    const sending = openSender().send(requestTo(receiver.url, { timeoutMs: 100 }));
    expect(await sending.result).toMatchObject({ status: 200 });
  });
});

describe("send, connections that end", () => {
  it.each([
    ["closed", (socket: { end: () => unknown }) => socket.end()],
    ["reset", (socket: { resetAndDestroy: () => unknown }) => socket.resetAndDestroy()],
  ])("names a connection that is %s without an answer", async (_what, end) => {
    const receiver = await listenRaw((socket) => void end(socket));
    const result = await openSender().send(requestTo(receiver.url)).result;
    expect(result).toMatchObject({ errorClass: "connection_reset", address: "127.0.0.1" });
    expect(receiver.requests()).toBe(1);
  });

  it.each(["end", "resetAndDestroy"] as const)(
    "names a connection that is left at once by %s",
    async (how) => {
      const receiver = await listenRaw(ok, { onConnection: (socket) => void socket[how]() });
      const result = await openSender().send(requestTo(receiver.url)).result;
      expect(["connection_reset", "connect_error"]).toContain(
        result.kind === "failure" && result.errorClass,
      );
    },
  );

  it("sees a 413 that is answered and closed while the body is still being sent", async () => {
    const receiver = await listenRaw(ok, {
      onConnection: (socket) => {
        socket.once("data", () => {
          socket.pause();
          socket.end("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
          setTimeout(() => socket.destroy(), 20);
        });
      },
    });
    const sender = openSender();
    for (let i = 0; i < 20; i++) {
      const request = requestTo(receiver.url, { body: Buffer.alloc(256 << 10, "a") });
      expect(await sender.send(request).result).toMatchObject({ kind: "response", status: 413 });
    }
  });

  it("fails none of 500 posts to a receiver that closes idle connections at random", async () => {
    const receiver = await listenRaw((socket) => {
      socket.write(ok);
      const afterMs = Math.random() * 4;
      if (afterMs < 2) setTimeout(() => socket.end(), afterMs);
      else if (afterMs < 3) setTimeout(() => socket.destroy(), afterMs - 2);
    });
    const sender = openSender();
    for (let i = 0; i < 500; i++) {
      const result = await sender.send(requestTo(receiver.url)).result;
      expect(result).toMatchObject({ kind: "response", status: 200, body: "ok" });
    }
    expect(receiver.connections()).toBeGreaterThan(10);
  });

  it("posts once more when a kept connection ends without a byte, and asks again before", async () => {
    const receiver = await listenRaw((socket, request) =>
      request === 2 ? socket.destroy() : socket.write(ok),
    );
    const sender = openSender();
    let asked = 0;
    let begun = 0;
    const request = requestTo(receiver.url, {
      mayBegin: () => (asked += 1) > 0,
      onBegin: () => (begun += 1),
    });
    await sender.send(request).result;
    expect(await sender.send(request).result).toMatchObject({ status: 200 });
    expect([receiver.requests(), asked, begun]).toEqual([3, 3, 2]);
  });

  it("posts once more only once, and not when it may no longer begin", async () => {
    const receiver = await listenRaw((socket, request) =>
      request === 1 || request === 4 ? socket.write(ok) : socket.destroy(),
    );
    const sender = openSender();
    const request = requestTo(receiver.url);
    await sender.send(request).result;
    expect(await sender.send(request).result).toMatchObject({ errorClass: "connection_reset" });
    expect(receiver.requests()).toBe(3);
    await sender.send(request).result;
    const answers = [true, false];
    const fenced = { ...request, mayBegin: () => answers.shift() ?? false };
    expect(await sender.send(fenced).result).toMatchObject({ errorClass: "connection_reset" });
    expect(receiver.requests()).toBe(5);
  });

  it("does not post once more when part of an answer came", async () => {
    const receiver = await listenRaw((socket, request) =>
      request === 1 ? socket.write(ok) : socket.end("HTTP/1.1 2"),
    );
    const sender = openSender();
    await sender.send(requestTo(receiver.url)).result;
    const result = await sender.send(requestTo(receiver.url)).result;
    expect(result).toMatchObject({ errorClass: "connection_reset" });
    expect(receiver.requests()).toBe(2);
  });
});

describe("send, stopped", () => {
  it("sends nothing when it may not begin, on a new connection or a kept one", async () => {
    const receiver = await listenRaw(ok);
    const sender = openSender();
    const refused = requestTo(receiver.url, { mayBegin: () => false });
    const first = sender.send(refused);
    expect(await first.result).toMatchObject({ errorClass: "aborted" });
    expect(first.hasBegun).toBe(false);
    expect(receiver.bytes()).toBe("");
    await sender.send(requestTo(receiver.url)).result;
    expect(await sender.send(refused).result).toMatchObject({ errorClass: "aborted" });
    expect(receiver.requests()).toBe(1);
  });

  it("sends nothing when it is aborted before it begins", async () => {
    const receiver = await listenRaw(ok);
    const sender = openSender();
    const connecting = sender.send(requestTo(receiver.url));
    expect(connecting.abort()).toBe(true);
    expect(await connecting.result).toMatchObject({ errorClass: "aborted" });
    await sender.send(requestTo(receiver.url)).result;
    const kept = sender.send(requestTo(receiver.url));
    expect([kept.hasBegun, kept.abort()]).toEqual([false, true]);
    expect(await kept.result).toMatchObject({ errorClass: "aborted" });
    await sender.send(requestTo(receiver.url)).result;
    expect(receiver.requests()).toBe(2);
  });

  it("is not aborted once it has begun, unless by force", async () => {
    let isClosed = false;
    const receiver = await listenRaw((socket) => socket.on("close", () => (isClosed = true)));
    const sending = openSender().send(requestTo(receiver.url));
    await until(() => receiver.requests() === 1);
    expect([sending.hasBegun, sending.abort()]).toEqual([true, false]);
    sending.abortHard();
    expect(await sending.result).toMatchObject({ errorClass: "aborted", address: "127.0.0.1" });
    await until(() => isClosed);
  });

  it("keeps a status that was seen when it is stopped by force", async () => {
    const receiver = await listenRaw("HTTP/1.1 202 OK\r\nContent-Length: 9\r\n\r\nabc");
    const sending = openSender().send(requestTo(receiver.url, { timeoutMs: 5_000 }));
    const stop = setTimeout(() => sending.abortHard(), 150);
    expect(await sending.result).toMatchObject({ status: 202, body: "abc", isCut: true });
    clearTimeout(stop);
  });

  it("closes after what is under way, and sends nothing afterwards", async () => {
    let closed = 0;
    const receiver = await listenRaw((socket) => {
      setTimeout(() => socket.write(ok), 100);
      socket.on("close", () => (closed += 1));
    });
    const sender = openSender();
    const sending = sender.send(requestTo(receiver.url));
    await Promise.all([sender.close(), sender.close()]);
    expect(await sending.result).toMatchObject({ status: 200 });
    await until(() => closed === 1);
    const late = await sender.send(requestTo(receiver.url)).result;
    expect(late).toMatchObject({ errorClass: "aborted" });
    expect(receiver.requests()).toBe(1);
  });

  it("answers a header that HTTP cannot carry as a failure, and sends nothing", async () => {
    let isClosed = false;
    const receiver = await listenRaw(ok, {
      onConnection: (socket) => void socket.on("close", () => (isClosed = true)),
    });
    const request = requestTo(receiver.url, { headers: { "X-A": "a\r\nX-B: b" } });
    expect(await openSender().send(request).result).toMatchObject({ errorClass: "connect_error" });
    await until(() => isClosed);
    expect(receiver.bytes()).toBe("");
  });
});
