import { connect, type Socket } from "node:net";
import { until } from "@/test/kit/until";
import { embedded } from "./support/engine";
import { rawRequest } from "./support/raw-request";
import { expect, test } from "./support/test";

const handshake = [
  "Connection: Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
];

/** Writes these bytes and resolves to the first line of the answer; `keep` leaves the socket open. */
function exchange(appUrl: string, lines: string[], keep: Socket[] | null = null): Promise<string> {
  const { hostname, port } = new URL(appUrl);
  const socket = connect(Number(port), hostname);
  return new Promise((resolve, reject) => {
    socket.setTimeout(20_000, () => reject(new Error("No answer within 20 s.")));
    socket.once("error", reject);
    socket.once("data", (bytes) => {
      resolve(bytes.toString("latin1").split("\r\n")[0] ?? "");
      if (keep) keep.push(socket);
      else socket.destroy();
    });
    socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  });
}

const hostOf = (appUrl: string) => `Host: ${new URL(appUrl).host}`;

test("a head that is too large or ambiguous is refused before anything reads it", async ({
  appUrl,
}) => {
  const host = hostOf(appUrl);
  const many = (count: number, text: string) => Array.from({ length: count }, () => text);
  const wrong: [string, string[], number][] = [
    [
      "a query of 7,000 equal keys",
      [`GET /api/health?${many(7_000, "a").join("&")} HTTP/1.1`],
      414,
    ],
    ["a query of 101 keys", [`GET /api/health?${many(101, "a").join("&")} HTTP/1.1`], 414],
    ["a target of 9 KB", [`GET /${"a".repeat(9_000)} HTTP/1.1`], 414],
    ["a path of 40 steps", [`GET ${"/a".repeat(40)} HTTP/1.1`], 404],
    ["101 headers", ["GET / HTTP/1.1", ...many(101, "X-A: b")], 431],
    ["101 cookies", ["GET / HTTP/1.1", `Cookie: ${many(101, "a=b").join("; ")}`], 431],
    ["OPTIONS *", ["OPTIONS * HTTP/1.1"], 400],
    ["an absolute target", [`GET ${appUrl}/api/health HTTP/1.1`], 400],
    ["two hosts", ["GET /api/health HTTP/1.1", "Host: evil.example"], 400],
    ["two authorizations", ["GET / HTTP/1.1", "Authorization: a", "Authorization: b"], 400],
    ["TRACE", ["TRACE / HTTP/1.1"], 405],
    ["HTTP/1.0, as a proxy speaks", ["GET /api/health HTTP/1.0"], 403],
    ["a header of a proxy", ["GET /api/health HTTP/1.1", "X-Real-IP: 1.2.3.4"], 403],
  ];
  for (const [what, [request = "", ...headers], status] of wrong) {
    const answer = await exchange(appUrl, [request, host, ...headers]);
    expect(answer, what).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  }
  expect((await rawRequest(appUrl, { path: "/api/health?a=1&a=2" })).status).toBe(200);
});

test("an upgrade is answered as the plain request it also is, and holds no stop up", async ({
  startOwnApp,
}) => {
  const app = await startOwnApp(embedded);
  const open: Socket[] = [];
  for (const path of ["/nothing", "/api/v1/webhooks", "/settings/webhooks", "/_next/webpack-hmr"]) {
    const lines = [`GET ${path} HTTP/1.1`, hostOf(app.url), ...handshake];
    const status = path === "/nothing" || path.startsWith("/_next") ? 404 : 200;
    expect(await exchange(app.url, lines, open), path).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  }
  for (const socket of open) socket.on("error", () => {});
  const { durationMs } = await app.stop();
  expect(durationMs).toBeLessThan(10_000);
  for (const socket of open) socket.destroy();
});

test("whoever reads the log may go away", async ({ startOwnApp }) => {
  const app = await startOwnApp(embedded);
  app.closeLog();
  for (let round = 0; round < 5; round++) {
    const answer = await rawRequest(app.url, {
      method: "POST",
      path: "/api/v1/issues",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ title: `Issue ${round}` }),
    });
    expect(answer.status).toBe(201);
  }
  await app.stop();
});

test("an exception that nothing caught ends the process in order", async ({ startOwnApp }) => {
  const fault =
    "process.on('SIGUSR2', () => setTimeout(() => { throw new Error('injected fault'); }))";
  const app = await startOwnApp({
    ...embedded,
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(fault)}`,
  });
  app.signal("SIGUSR2");
  await until("the app has ended", () => !app.isRunning, 30_000);
  expect(app.log).toContain("injected fault");
  expect(app.end).toBe("exit code 1");
  await until("its database has ended", () => app.postgres.pids.length === 0, 10_000);
});

test("a request id is taken over when it is one, else made", async ({ api }) => {
  const idOf = async (given: string) => {
    const { headers } = await api.get("/issues", { headers: { "x-request-id": given } });
    return headers.get("x-request-id");
  };
  expect(await idOf("my-request.1")).toBe("my-request.1");
  expect(await idOf("not one id")).toMatch(/^[0-9a-f-]{36}$/);
  expect(await idOf("x".repeat(200))).toMatch(/^[0-9a-f-]{36}$/);
});
