import { Api, ok, type Delivery, type Webhook } from "./support/api";
import { type App, type Settings, startApp } from "./support/app";
import {
  appId,
  callDoor,
  canonical,
  drainLane,
  minuteTick,
  runBody,
  secretKey,
  sign,
  signingKey,
  sweepLanes,
  webhookDue,
} from "./support/inngest-call";
import { startInngestStandIn, type InngestStandIn } from "./support/inngest-stand-in";
import { until } from "@/test/kit/until";
import { embedded, skipUnlessEmbedded } from "./support/engine";
import { rawRequest, type RawAnswer } from "./support/raw-request";
import { announceOnly, breakOff, sendWithoutEnd } from "./support/unfinished-request";
import { startReceiver, type Receiver } from "./support/receiver";
import { expect, quickSettings, test } from "./support/test";

const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
const eventKey = "event-key-of-the-tests";

const keysFor = (server: InngestStandIn): Settings => ({
  TURBO_SECRET_KEY: secretKey,
  INNGEST_BASE_URL: server.url,
  INNGEST_EVENT_KEY: eventKey,
  INNGEST_SIGNING_KEY: signingKey,
});

/** The SDK looks 10 s for a step that is not there. */
const quickMs = 5_000;

/** Refused with this status: quickly, in our words, and without a look inside. */
async function expectRefused(
  status: number,
  call: () => Promise<RawAnswer>,
  what: string,
): Promise<void> {
  const startedAt = performance.now();
  const answer = await call();
  expect(performance.now() - startedAt, `${what}: ms`).toBeLessThan(quickMs);
  expect(answer.status, `${what}: ${answer.text}`).toBe(status);
  expect(answer.headers["content-type"], what).toBe("application/problem+json");
  expect(answer.text, what).not.toMatch(/\n\s*at |node_modules|"stack"/);
}

test.describe("with the embedded engine", () => {
  test("the door is closed, and deliveries flow", async ({ app, api, receiver }) => {
    skipUnlessEmbedded("an Inngest server calls at /api/inngest");
    const webhook = await api.createWebhook(receiver.url);
    const paths = ["/api/inngest", "/api/inngest/", drainLane, sweepLanes];
    for (const method of methods) {
      for (const path of paths) {
        const body = method === "POST" || method === "PUT" ? webhookDue(webhook.id) : "";
        const { status, text } = await callDoor(app.url, { method, path, body });
        expect(status, `${method} ${path}`).toBe(404);
        expect(text, `${method} ${path}`).not.toContain("turbo-");
      }
    }
    await api.createIssue();
    await receiver.waitFor();
    expect(receiver.posts).toHaveLength(1);
  });
});

test.describe("with an Inngest server", () => {
  let server: InngestStandIn;
  let receiver: Receiver;
  let app: App;
  let api: Api;
  let webhook: Webhook;
  let delivered: string;

  test.beforeAll(async () => {
    server = await startInngestStandIn();
    receiver = await startReceiver();
    app = await startApp({ ...quickSettings, ...keysFor(server) });
    api = new Api(app.url);
    webhook = await api.createWebhook(receiver.url, { event_types: ["issue.created"] });
  });

  test.afterAll(async () => {
    await app?.remove();
    await receiver?.close();
    await server?.close();
  });

  /** Everything there is to see of webhooks and deliveries. */
  async function everything(): Promise<unknown> {
    const deliveries = ok(await api.get<Delivery[]>("/deliveries?limit=100"));
    const details = await Promise.all(deliveries.map(({ id }) => api.getDelivery(id)));
    return { details, webhooks: ok(await api.get<Webhook[]>("/webhooks")) };
  }

  /** What was posted and stored before `hostile` is all there is after it. */
  async function expectNoEffect(hostile: () => Promise<void>): Promise<void> {
    const before = await everything();
    const posted = receiver.posts.length;
    await hostile();
    expect(await everything()).toEqual(before);
    // Whatever a call had set off would have come by the time a genuine one is through.
    await deliverOne();
    expect(receiver.posts).toHaveLength(posted + 1);
  }

  /** An issue is made, and the server calls for its bell. */
  async function deliverOne(): Promise<{ body: string; signature: string }> {
    const issue = await api.createIssue();
    const body = webhookDue(webhook.id);
    const signature = sign(body);
    await until("the call delivers", async () => {
      const answer = await callDoor(app.url, {
        body,
        headers: { "x-inngest-signature": signature },
      });
      expect(answer.status, answer.text).toBe(200);
      return receiver.posts.find((one) => one.body.entity_id === issue.id);
    });
    const told = receiver.posts.at(-1)?.body.event_id ?? "";
    await api.waitForDelivery(webhook, told, ({ status }) => status === "success");
    delivered = told;
    return { body, signature };
  }

  test("the functions are registered under the keys, and changes ring bells", async () => {
    await until("they are registered", () => server.registrations.length > 0);
    const [registration] = server.registrations;
    expect(registration?.authorization).toMatch(/^Bearer signkey-test-[0-9a-f]{64}$/);
    expect(registration?.authorization).not.toContain(signingKey);
    expect(registration?.url).toBe(`${app.url}/api/inngest`);
    expect(registration?.functions).toMatchObject(
      expect.arrayContaining([
        expect.objectContaining({
          id: `${appId}-drain-lane`,
          triggers: [{ event: "turbo/webhook.due" }],
        }),
        expect.objectContaining({ id: `${appId}-sweep-lanes`, triggers: [{ cron: "* * * * *" }] }),
      ]),
    );
    await api.createIssue();
    const bell = await server.waitForBell(webhook.id);
    expect(bell).toMatchObject({
      name: "turbo/webhook.due",
      id: expect.stringMatching(new RegExp(`^lane:${webhook.id}:\\d+$`)),
      data: { webhookId: webhook.id },
    });
    await deliverOne();
    expect(receiver.posts).toHaveLength(2);
  });

  test("a captured call posted again, and many at once, have no effect", async () => {
    const { body, signature } = await deliverOne();
    const headers = { "x-inngest-signature": signature };
    await expectNoEffect(async () => {
      for (let n = 1; n <= 3; n += 1) {
        expect((await callDoor(app.url, { body, headers })).status).toBe(200);
      }
      const together = Array.from({ length: 20 }, () => callDoor(app.url, { body, headers }));
      for (const { status } of await Promise.all(together)) expect(status).toBe(200);
    });
  });

  test("a captured call cannot be turned on another function or step", async () => {
    const bodies = { drain: webhookDue(webhook.id), sweep: minuteTick() };
    const swapped: [string, string, string][] = [
      ["the bell to the sweep", bodies.drain, sweepLanes],
      ["the tick to the drain", bodies.sweep, drainLane],
      ["the bell to no function", bodies.drain, "/api/inngest?stepId=step"],
      ["the bell to an unknown one", bodies.drain, `/api/inngest?fnId=${appId}-x&stepId=step`],
      ["the bell to __proto__", bodies.drain, "/api/inngest?fnId=__proto__&stepId=step"],
      ["the bell to constructor", bodies.drain, "/api/inngest?fnId=constructor&stepId=step"],
      ["the bell without a step", bodies.drain, `/api/inngest?fnId=${appId}-drain-lane`],
      ["the bell to another step", bodies.drain, drainLane.replace("=step", "=deadbeef")],
      ["the bell to an unknown probe", bodies.drain, "/api/inngest?probe=x"],
      ["two functions", bodies.drain, `${sweepLanes}&fnId=${appId}-drain-lane`],
    ];
    await expectNoEffect(async () => {
      for (const [what, body, path] of swapped)
        await expectRefused(400, () => callDoor(app.url, { body, path }), what);
      const invoked = runBody({ name: "inngest/function.invoked", data: {} });
      for (const path of [drainLane, sweepLanes])
        await expectRefused(400, () => callDoor(app.url, { body: invoked, path }), "an invocation");
    });
  });

  test("a call without a good signature is refused before its body is read", async () => {
    const body = webhookDue(webhook.id);
    const foreign = sign(body, { key: "cd".repeat(32) });
    const good = sign(body);
    const bad: Record<string, string> = {
      none: "",
      words: "trust me",
      "no time": good.replace(/^t=\d+&/, ""),
      "no mac": good.replace(/&s=.*/, ""),
      "another key": foreign,
      "another body": sign(webhookDue("01a209d6-0000-7000-a3fd-f1689d8b54f2")),
      "no body": sign(""),
      "another time": good.replace(/t=(\d+)/, (_, t) => `t=${Number(t) - 1}`),
      "over 5 minutes old": sign(body, { ageSeconds: 305 }),
      "over 5 minutes ahead": sign(body, { ageSeconds: -305 }),
      "in capitals": good.replace(/s=.*/, (mac) => `s=${mac.slice(2).toUpperCase()}`),
      twice: `${good}, ${good}`,
      "not a number": good.replace(/t=\d+/, "t=NaN"),
      "a time without end": good.replace(/t=\d+/, "t=Infinity"),
    };
    await expectNoEffect(async () => {
      for (const [what, signature] of Object.entries(bad)) {
        const headers = { "x-inngest-signature": signature };
        for (const method of ["GET", "POST", "PUT"]) {
          const sent = method === "GET" ? "" : body;
          if (what === "no body" && method === "GET") continue;
          const call = () => callDoor(app.url, { method, body: sent, headers });
          await expectRefused(401, call, `${method}, signed with ${what}`);
        }
      }
      const unsigned = { "x-inngest-signature": "" };
      const garbage = () => callDoor(app.url, { body: "", headers: unsigned });
      await expectRefused(401, garbage, "nothing at all");
      await expectRefused(
        401,
        () => announceOnly(app.url, { path: drainLane, headers: {} }),
        "a terabyte announced",
      );
    });
  });

  test("a body that no server sends is refused by its form", async () => {
    const fresh = { "x-inngest-signature": sign('{"not":"this"}') };
    const endless = { path: drainLane, headers: fresh };
    const large = JSON.stringify({ text: "x".repeat(64 * 1024) });
    const raw = (body: string, headers: Record<string, string> = {}, isChunked = false) =>
      rawRequest(app.url, {
        method: "POST",
        path: drainLane,
        body,
        isChunked,
        headers: { "content-type": "application/json", ...fresh, ...headers },
      });
    await expectNoEffect(async () => {
      await expectRefused(413, () => raw(large), "too large");
      await expectRefused(413, () => raw(large, {}, true), "too large, of unknown length");
      await expectRefused(413, () => announceOnly(app.url, endless), "a terabyte announced");
      await expectRefused(413, () => sendWithoutEnd(app.url, endless), "without an end");
      await breakOff(app.url, endless);
      await breakOff(app.url, { path: "/api/v1/issues", headers: {} });
      await expectRefused(400, () => raw('{"event":'), "half a JSON text");
      await expectRefused(400, () => raw("\u0000"), "no JSON text");
      await expectRefused(401, () => raw("[".repeat(32_000) + "]".repeat(32_000)), "deep");
      for (const type of ["text/plain", "application/x-www-form-urlencoded", ""])
        await expectRefused(415, () => raw("{}", { "content-type": type }), `as "${type}"`);
    });
  });

  test("a signed body that is no run of ours is refused by its contents", async () => {
    const event = { name: "turbo/webhook.due", data: { webhookId: webhook.id } };
    const bodies: Record<string, string> = {
      null: "null",
      "a number": "0",
      "a list": "[]",
      nothing: "{}",
      "no context": runBody(event, { ctx: null }),
      "no event": runBody(event, { event: null }),
      "an event that is a list": runBody(event, { event: [] }),
      "no events": runBody(event, { events: [] }),
      "events of another function": runBody(event, {
        events: [{ name: "inngest/scheduled.timer" }],
      }),
      "an event that is not among the events": runBody(event, {
        event: { ...event, data: { webhookId: "none" } },
      }),
      "two events": runBody(event, { events: [event, event] }),
      "20,000 events": runBody(event, { events: Array.from({ length: 20_000 }, () => 1) }),
      "steps it never had": runBody(event, { steps: { deadbeef: { data: 1 } } }),
      "another __proto__": `{"__proto__":${runBody(event)}}`,
    };
    const canonicalBell = canonical(JSON.parse(runBody(event)));
    await expectNoEffect(async () => {
      for (const [what, body] of Object.entries(bodies))
        await expectRefused(400, () => callDoor(app.url, { body }), what);
      const many = runBody(event, { events: Array.from({ length: 100_000 }, () => 1) });
      await expectRefused(413, () => callDoor(app.url, { body: many }), "100,000 events");
      await expectRefused(400, () => callDoor(app.url, { body: "" }), "a signed void");
      const quoted = { "x-inngest-signature": sign(canonicalBell) };
      const body = JSON.stringify(canonicalBell);
      await expectRefused(400, () => callDoor(app.url, { body, headers: quoted }), "a quoted bell");
    });
  });

  test("a signed bell for no webhook of ours, or with more in it, does no harm", async () => {
    const stranger = "01a209d6-0000-7000-a3fd-f1689d8b54f2";
    const odd = (data: unknown) => runBody({ name: "turbo/webhook.due", data });
    const deep = `${'{"a":'.repeat(1_000)}1${"}".repeat(1_000)}`;
    const calls: [string, string, number][] = [
      ["of no webhook", webhookDue(stranger), 200],
      ["of no id", odd({ webhookId: "' or 1=1 --" }), 400],
      ["without data", odd(null), 400],
      ["with a list", odd([webhook.id]), 400],
    ];
    await expectNoEffect(async () => {
      for (const [what, body, status] of calls)
        expect((await callDoor(app.url, { body })).status, what).toBe(status);
      const polluting = odd(JSON.parse(`{"__proto__":{"isAdmin":true},"deep":${deep}}`));
      expect((await callDoor(app.url, { body: polluting })).status).toBe(400);
    });
  });

  test("the server may ask what there is, and for a registration; nobody else may", async () => {
    const asked = await callDoor(app.url, { method: "GET", path: "/api/inngest" });
    expect(asked.status).toBe(200);
    expect(JSON.parse(asked.text)).toMatchObject({ authentication_succeeded: true, mode: "cloud" });
    const count = server.registrations.length;
    const sync = { method: "PUT", path: "/api/inngest/" };
    const body = JSON.stringify({ url: "https://elsewhere.example/api/inngest" });
    expect((await callDoor(app.url, { ...sync, body })).status).toBe(200);
    expect(server.registrations).toHaveLength(count + 1);
    expect(server.registrations.at(-1)?.url).toBe(`${app.url}/api/inngest`);

    for (const text of ['{"url":"x"}', "{}", ""]) {
      const inBand = { "x-inngest-sync-kind": "in_band" };
      for (const headers of [{}, inBand])
        await expectRefused(400, () => callDoor(app.url, { ...sync, body: text, headers }), text);
    }
    const unsigned = { "x-inngest-signature": "" };
    const inBand: Record<string, string> = { "x-inngest-sync-kind": "in_band" };
    for (const more of [{}, inBand]) {
      const call = () => callDoor(app.url, { ...sync, body, headers: { ...unsigned, ...more } });
      await expectRefused(401, call, "a stranger's registration");
    }
    expect(server.registrations).toHaveLength(count + 1);
  });

  test("other methods are refused, and so is what a browser or a proxy brings", async () => {
    for (const method of ["HEAD", "PATCH", "DELETE", "OPTIONS"]) {
      for (const path of ["/api/inngest", "/api/inngest/", drainLane]) {
        const { status, headers } = await callDoor(app.url, { method, path });
        expect(status, `${method} ${path}`).toBe(405);
        expect(headers.allow).toBe("GET, POST, PUT");
      }
    }
    const body = webhookDue(webhook.id);
    const strange: [number, Record<string, string>][] = [
      [403, { origin: "https://evil.example" }],
      [403, { "sec-fetch-site": "cross-site" }],
      [403, { "x-forwarded-for": "203.0.113.1" }],
      [421, { host: "evil.example" }],
    ];
    await expectNoEffect(async () => {
      for (const [status, headers] of strange)
        await expectRefused(status, () => callDoor(app.url, { body, headers }), String(status));
    });
  });

  test("after all of it the app is well, and has logged no failure of its own", async () => {
    expect((await fetch(`${app.url}/api/health`)).status).toBe(200);
    expect(app.log).not.toContain('"level":"error"');
    expect(delivered).not.toBe("");
  });
});

test("exposed, the server is known by its signature, at the public address and on loopback", async ({
  startOwnApp,
}) => {
  const server = await startInngestStandIn();
  const publicHost = "turbo.example";
  const app = await startOwnApp({
    ...keysFor(server),
    TURBO_AUTH: "required",
    TURBO_API_KEY: "an-api-key-of-30-characters-it-is",
    TURBO_PUBLIC_URL: `https://${publicHost}`,
  });
  await until("it is registered", () => server.registrations.length > 0);
  expect(server.registrations[0]?.url).toBe(`https://${publicHost}/api/inngest`);
  const body = minuteTick();
  const call = (headers: Record<string, string>) =>
    callDoor(app.url, { path: sweepLanes, body, headers });
  const behindProxy: Record<string, string> = {
    host: publicHost,
    "x-forwarded-for": "203.0.113.1",
    via: "1.1 proxy",
  };
  const addresses: Record<string, string>[] = [{}, { host: publicHost }, behindProxy];
  for (const headers of addresses)
    expect((await call(headers)).status, JSON.stringify(headers)).toBe(200);
  await expectRefused(421, () => call({ host: "evil.example" }), "another host");
  const key = { authorization: "Bearer an-api-key-of-30-characters-it-is" };
  const unsigned = { ...key, "x-inngest-signature": "" };
  await expectRefused(401, () => call(unsigned), "the API key instead");
  await server.close();
});

test("with a development server calls bear no signature, and must still be runs of ours", async ({
  startOwnApp,
  receiver,
}) => {
  const server = await startInngestStandIn();
  const app = await startOwnApp({ INNGEST_DEV: server.url, TURBO_SECRET_KEY: secretKey });
  const api = new Api(app.url);
  const webhook = await api.createWebhook(receiver.url);
  const unsigned = { "x-inngest-signature": "" };
  const body = webhookDue(webhook.id);
  const call = (path: string, text: string, headers: Record<string, string> = {}) =>
    callDoor(app.url, { path, body: text, headers: { ...unsigned, ...headers } });
  await expectRefused(400, () => call(sweepLanes, body), "the bell to the sweep");
  await expectRefused(400, () => call(drainLane.replace("=step", "=x"), body), "another step");
  await expectRefused(415, () => call(drainLane, body, { "content-type": "text/plain" }), "a form");
  await expectRefused(
    403,
    () => call(drainLane, body, { origin: "https://evil.example" }),
    "a page",
  );
  const deep = `${"[".repeat(30_000)}${"]".repeat(30_000)}`;
  await expectRefused(400, () => call(drainLane, deep), "deep");
  await api.createIssue();
  await server.waitForBell(webhook.id);
  const answer = await call(drainLane, body);
  expect(answer.status, answer.text).toBe(200);
  await receiver.waitFor();
  await server.close();
});

test("a server that refuses the signing key is told of once, by the name of the setting", async ({
  startOwnApp,
}) => {
  const server = await startInngestStandIn();
  server.answer = { status: 401, body: "Authentication failed" };
  const app = await startOwnApp(keysFor(server));
  await until("it has tried again", () => server.registrations.length >= 2, 30_000);
  expect(app.log.split("INNGEST_SIGNING_KEY: not the signing key")).toHaveLength(2);
  server.answer = { status: 200, body: '{"ok":true,"modified":true}' };
  await until("it is registered", () => app.log.includes("functions registered"), 30_000);
  await server.close();
});

test("an installation that changes its engine takes along what is pending, there and back", async ({
  startOwnApp,
  receiver,
}) => {
  test.setTimeout(180_000);
  const server = await startInngestStandIn();
  const settings = { TURBO_SECRET_KEY: secretKey, WEBHOOK_RETRY_SCHEDULE: "1s,1s,1s" };
  const first = await startOwnApp({ ...settings, ...embedded });
  const same = { PORT: String(first.port), DATA_DIR: first.dataDir };
  const api = new Api(first.url);
  const webhook = await api.createWebhook(receiver.url);
  const isSuccess = ({ status }: { status: string }) => status === "success";

  receiver.respondWith(503);
  await api.createIssue({ title: "there" });
  const there = await receiver.waitFor();
  await first.stop();
  receiver.respondWith(200);
  const second = await startOwnApp({ ...settings, ...keysFor(server), ...same });
  await server.waitForBell(webhook.id);
  await until("a bell after its time delivers it", async () => {
    expect((await callDoor(second.url, { body: webhookDue(webhook.id) })).status).toBe(200);
    return receiver.posts.length === 2;
  });
  await api.waitForDelivery(webhook, there.body.event_id, isSuccess);

  // Its bell goes to a server that will never call.
  await api.createIssue({ title: "and back" });
  await until("its bell is rung", () => server.events.length > 1);
  await second.stop();
  await first.start();
  const back = await receiver.waitFor(({ number }) => number === 3, 60_000);
  expect(back.body.data.current.title).toBe("and back");
  await first.stop();
  await server.close();
});
