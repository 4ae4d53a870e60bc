import { Socket } from "node:net";
import { networkInterfaces } from "node:os";
import { afterEach, describe, expect, it, vi } from "vitest";
import { blockedMessage } from "./open-socket";
import {
  cleanUp,
  exposedPolicy,
  listenRaw,
  localPolicy,
  openSender,
  requestTo,
} from "@/lib/delivery/testing";
import { makeCertificate } from "./testing-certificate";

afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  await cleanUp();
});

const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const blocked = {
  kind: "failure",
  errorClass: "blocked_address",
  message: blockedMessage,
  address: null,
};

const hasIpv6 = Object.values(networkInterfaces())
  .flatMap((list) => list ?? [])
  .some(({ address }) => address === "::1");

function resolving(...addresses: string[]) {
  return { resolve: async () => addresses };
}

function failing(code: string) {
  return { resolve: () => Promise.reject(Object.assign(new Error(code), { code })) };
}

describe("send, addresses", () => {
  it.each(["127.0.0.1", "127.1", "[::ffff:127.0.0.1]", "localhost", "a.localhost"])(
    "does not connect to %s when exposed",
    async (host) => {
      const receiver = await listenRaw(ok);
      const request = requestTo(`https://${host}:${receiver.port}/webhook`);
      expect(await openSender(exposedPolicy()).send(request).result).toMatchObject(blocked);
      expect(receiver.connections()).toBe(0);
    },
  );

  it.each(["http://10.0.0.5/", "http://169.254.169.254/", "http://127.0.0.1:3000/"])(
    "does not connect to %s when local either, and says no more of one than of another",
    async (url) => {
      expect(await openSender().send(requestTo(url)).result).toMatchObject(blocked);
    },
  );

  it("reaches localhost by whichever loopback address is allowed", async () => {
    const receiver = await listenRaw(ok);
    const request = requestTo(`http://localhost:${receiver.port}/webhook`);
    for (const policy of [localPolicy, exposedPolicy("127.0.0.1/32")]) {
      const result = await openSender(policy).send(request).result;
      expect(result).toMatchObject({ status: 200, address: "127.0.0.1" });
    }
  });

  it("reaches an IPv6 literal", async (test) => {
    if (!hasIpv6) process.stderr.write("skipped: this machine has no IPv6 address\n");
    test.skip(!hasIpv6, "this machine has no IPv6 address");
    const receiver = await listenRaw(ok, { host: "::1" });
    const result = await openSender().send(requestTo(`http://[::1]:${receiver.port}/`)).result;
    expect(result).toMatchObject({ status: 200, address: "::1" });
  });

  it("does not use the proxies of the environment", async () => {
    const proxy = await listenRaw(ok);
    const receiver = await listenRaw(ok);
    for (const name of ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"]) {
      vi.stubEnv(name, `http://127.0.0.1:${proxy.port}`);
    }
    vi.stubEnv("NODE_USE_ENV_PROXY", "1");
    expect(await openSender().send(requestTo(receiver.url)).result).toMatchObject({ status: 200 });
    expect(proxy.connections()).toBe(0);
  });

  it("writes nothing to a peer that is not the address that was checked", async () => {
    const receiver = await listenRaw(ok);
    const detour = vi.spyOn(Socket.prototype, "connect");
    detour.mockImplementationOnce(function (this: Socket) {
      detour.mockRestore();
      return this.connect(receiver.port, "127.0.0.1");
    });
    const sender = openSender(localPolicy, resolving("127.0.0.5"));
    const request = requestTo(`http://receiver.test:${receiver.port}/`);
    expect(await sender.send(request).result).toMatchObject(blocked);
    expect(receiver.connections()).toBe(1);
    expect(receiver.bytes()).toBe("");
  });
});

describe("send, names", () => {
  it("connects to the address a name has now, and sends the name", async () => {
    const receiver = await listenRaw(ok);
    const sender = openSender(localPolicy, resolving("127.0.0.1"));
    const request = requestTo(`http://receiver.test:${receiver.port}/`);
    expect(await sender.send(request).result).toMatchObject({ status: 200, address: "127.0.0.1" });
    expect(receiver.bytes()).toContain(`host: receiver.test:${receiver.port}\r\n`);
  });

  it("refuses all addresses of a name when one is not allowed", async () => {
    const receiver = await listenRaw(ok);
    const request = requestTo(`http://receiver.test:${receiver.port}/`);
    for (const other of ["10.0.0.5", "169.254.169.254", "::ffff:10.0.0.5", "64:ff9b::a00:5"]) {
      const sender = openSender(localPolicy, resolving("127.0.0.1", other));
      expect(await sender.send(request).result).toMatchObject(blocked);
    }
    expect(receiver.connections()).toBe(0);
  });

  it("judges a name anew for each connection", async () => {
    const receiver = await listenRaw(
      "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    );
    const answers = [["127.0.0.1"], ["169.254.169.254"]];
    const sender = openSender(localPolicy, { resolve: async () => answers.shift() ?? [] });
    const request = requestTo(`http://receiver.test:${receiver.port}/`);
    expect(await sender.send(request).result).toMatchObject({ status: 200 });
    expect(await sender.send(request).result).toMatchObject(blocked);
    expect(receiver.connections()).toBe(1);
  });

  it("refuses a name that leads to this service itself", async () => {
    const receiver = await listenRaw(ok);
    const policy = { ...localPolicy, own: { host: "0.0.0.0", port: receiver.port } };
    const sender = openSender(policy, resolving("127.0.0.1"));
    const request = requestTo(`http://receiver.test:${receiver.port}/`);
    expect(await sender.send(request).result).toMatchObject(blocked);
    expect(receiver.connections()).toBe(0);
  });

  it("allows plain http when exposed only if every address is in the allowed networks", async () => {
    const receiver = await listenRaw(ok);
    const policy = exposedPolicy("127.0.0.0/8");
    const request = requestTo(`http://receiver.test:${receiver.port}/`);
    const listed = openSender(policy, resolving("127.0.0.1"));
    expect(await listed.send(request).result).toMatchObject({ status: 200 });
    const mixed = openSender(policy, resolving("127.0.0.1", "93.184.216.34"));
    expect(await mixed.send(request).result).toMatchObject({ errorClass: "blocked_address" });
    expect(receiver.connections()).toBe(1);
  });

  it.each([
    ["ENOTFOUND", failing("ENOTFOUND"), "no address"],
    ["ESERVFAIL", failing("ESERVFAIL"), "ESERVFAIL"],
    ["an empty answer", resolving(), "no address"],
  ])("names a name that is not resolved: %s", async (_what, options, reason) => {
    const sender = openSender(localPolicy, options);
    const result = await sender.send(requestTo("http://receiver.test/")).result;
    expect(result).toMatchObject({ errorClass: "dns_error", address: null });
    expect(result).toHaveProperty("message", expect.stringContaining(reason));
  });

  it("ends a lookup that hangs at the deadline, and connects to nothing afterwards", async () => {
    const receiver = await listenRaw(ok);
    let answer: (addresses: string[]) => void = () => {};
    const sender = openSender(localPolicy, {
      resolve: () => new Promise((resolve) => (answer = resolve)),
    });
    const request = requestTo(`http://receiver.test:${receiver.port}/`, { timeoutMs: 300 });
    const result = await sender.send(request).result;
    expect(result).toMatchObject({ errorClass: "timeout", address: null });
    expect(result.durationMs).toBeLessThan(1_500);
    answer(["127.0.0.1"]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(receiver.connections()).toBe(0);
  });

  it("tries the next address when one refuses, and at most four", async () => {
    const receiver = await listenRaw(ok);
    const request = requestTo(`http://receiver.test:${receiver.port}/`);
    const second = openSender(localPolicy, resolving("127.0.0.9", "::1", "127.0.0.1"));
    expect(await second.send(request).result).toMatchObject({ status: 200, address: "127.0.0.1" });
    const many = Array.from({ length: 1000 }, (_, i) => `127.0.${1 + (i >> 8)}.${i & 255}`);
    const tried = vi.spyOn(Socket.prototype, "connect");
    const both = [...many, ...many.map((address) => `::ffff:${address}`)];
    const none = await openSender(localPolicy, resolving(...both)).send(request).result;
    expect(none).toMatchObject({ errorClass: "connect_error", address: null });
    expect(tried).toHaveBeenCalledTimes(4);
    expect(receiver.connections()).toBe(1);
  });

  it("names a port on which nothing listens", async () => {
    const receiver = await listenRaw(ok);
    await cleanUp();
    const result = await openSender().send(requestTo(receiver.url)).result;
    expect(result).toMatchObject({
      errorClass: "connect_error",
      message: "The connection failed: nothing listens on that port.",
    });
  });
});

describe("send, TLS", () => {
  const send = (port: number, ca?: string) => {
    const sender = openSender(localPolicy, { ...resolving("127.0.0.1"), ca });
    return sender.send(requestTo(`https://receiver.test:${port}/`, { timeoutMs: 500 })).result;
  };

  it("posts to a receiver whose certificate is trusted, and uses the connection again", async () => {
    const tls = makeCertificate("receiver.test");
    const names: string[] = [];
    const receiver = await listenRaw(ok, {
      tls: { ...tls, SNICallback: (name, done) => (names.push(name), done(null)) },
    });
    const sender = openSender(localPolicy, { ...resolving("127.0.0.1"), ca: tls.cert });
    const request = requestTo(`https://receiver.test:${receiver.port}/`);
    for (let i = 0; i < 3; i++) {
      const result = await sender.send(request).result;
      expect(result).toMatchObject({ status: 200, body: "ok", address: "127.0.0.1" });
    }
    expect([receiver.connections(), names]).toEqual([1, ["receiver.test"]]);
  });

  it.each([
    { what: "self-signed", tls: makeCertificate("receiver.test"), isTrusted: false },
    { what: "for another host", tls: makeCertificate("other.test"), isTrusted: true },
    {
      what: "expired",
      tls: makeCertificate("receiver.test", { isExpired: true }),
      isTrusted: true,
    },
  ])("sends nothing when the certificate is $what", async ({ what, tls, isTrusted }) => {
    const receiver = await listenRaw(ok, { tls });
    const result = await send(receiver.port, isTrusted ? tls.cert : undefined);
    expect(result).toMatchObject({ errorClass: "tls_error", address: "127.0.0.1" });
    expect(result).toHaveProperty("message", expect.stringContaining(what));
    expect(receiver.bytes()).toBe("");
  });

  it("does not heed NODE_TLS_REJECT_UNAUTHORIZED", async () => {
    vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
    const receiver = await listenRaw(ok, { tls: makeCertificate("receiver.test") });
    expect(await send(receiver.port)).toMatchObject({ errorClass: "tls_error" });
    expect(receiver.bytes()).toBe("");
  });

  it("sends nothing to a receiver without TLS 1.2", async () => {
    const tls = makeCertificate("receiver.test");
    const old = { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "ALL@SECLEVEL=0" } as const;
    const receiver = await listenRaw(ok, { tls: { ...tls, ...old } });
    expect(await send(receiver.port, tls.cert)).toMatchObject({ errorClass: "tls_error" });
    expect(receiver.bytes()).toBe("");
  });

  it("sends nothing to a port that speaks plain HTTP, or closes", async () => {
    const plain = await listenRaw(ok, {
      onConnection: (socket) => void socket.write("HTTP/1.1 400 Bad Request\r\n\r\n"),
    });
    expect(await send(plain.port)).toMatchObject({ errorClass: "tls_error" });
    expect(plain.bytes()).not.toContain("POST");
    const closing = await listenRaw(ok, { onConnection: (socket) => void socket.end() });
    expect(await send(closing.port)).toMatchObject({ errorClass: "tls_error" });
  });

  it("ends a handshake that stalls at the deadline", async () => {
    const receiver = await listenRaw(() => {});
    const result = await send(receiver.port);
    expect(result).toMatchObject({ errorClass: "timeout" });
    expect(result.durationMs).toBeLessThan(1_500);
  });
});
