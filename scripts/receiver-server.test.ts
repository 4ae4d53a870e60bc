import { Webhook } from "standardwebhooks";
import { afterEach, describe, expect, it } from "vitest";
import { startReceiver, type Receiver, type ReceiverOptions } from "./receiver-server";

const secret = `whsec_${Buffer.from("0123456789abcdef0123456789abcdef").toString("base64")}`;
const body = JSON.stringify({ event_type: "issue.created", title: "Grüße 🚀" });
const id = "0199b3f0-6a51-7c70-9d1f-3c5e7a9b1d11";

let receiver: Receiver | undefined;

afterEach(() => receiver?.stop());

async function open(options: ReceiverOptions = {}): Promise<Receiver> {
  receiver = await startReceiver({ port: 0, ...options });
  return receiver;
}

async function post(url: string, content: string, headers: Record<string, string> = {}) {
  const response = await fetch(url, { method: "POST", body: content, headers });
  const text = await response.text();
  const answer: unknown = text === "" ? undefined : JSON.parse(text);
  return { status: response.status, answer };
}

function sign(content: string, signer = new Webhook(secret), at = new Date()) {
  return {
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
    "webhook-signature": signer.sign(id, at, content),
  };
}

describe("the receiver's answers", () => {
  it("answers ok at any path, by 127.0.0.1 as by localhost, and keeps what came", async () => {
    const { url, received } = await open();
    const elsewhere = url.replace("localhost", "127.0.0.1").replace("/webhook", "/else?where=1");
    expect(await post(url, body)).toEqual({ status: 200, answer: { status: "ok" } });
    expect((await post(elsewhere, body)).status).toBe(200);
    expect(received.map(({ path }) => path)).toEqual(["/webhook", "/else?where=1"]);
    expect(received[0]).toMatchObject({
      eventType: "issue.created",
      body,
      signature: { state: "unchecked" },
      status: 200,
    });
  });

  it.each([
    ["not json", "The body is not JSON"],
    ["", "The body is not JSON"],
    ["[1]", "The body is JSON, but not an object."],
  ])("answers 400 with a reason for %j and still keeps it", async (content, reason) => {
    const { url, received } = await open();
    const { status, answer } = await post(url, content);
    expect(status).toBe(400);
    expect(answer).toMatchObject({ detail: expect.stringContaining(reason) });
    expect(received[0]).toMatchObject({ body: content, event: undefined });
  });

  it("fails as many requests as it is told, then answers ok", async () => {
    const { url } = await open({ failFirst: 2 });
    const statuses = [];
    for (let n = 0; n < 3; n += 1) statuses.push((await post(url, body)).status);
    expect(statuses).toEqual([500, 500, 200]);
  });

  it.each([204, 410, 503])("answers %i always when told so", async (status) => {
    const { url } = await open({ status });
    expect((await post(url, body)).status).toBe(status);
    expect((await post(url, "not json")).status).toBe(status);
  });

  it("waits before it answers", async () => {
    const { url } = await open({ delayMs: 150 });
    const begunAt = performance.now();
    await post(url, body);
    expect(performance.now() - begunAt).toBeGreaterThan(145);
  });

  it("refuses what is no POST, and a body over 5 MiB, without counting them", async () => {
    const { url, received } = await open();
    const get = await fetch(url);
    expect([get.status, get.headers.get("allow")]).toEqual([405, "POST"]);
    const big = await post(url, "x".repeat(6 * 1024 * 1024));
    expect(big.status).toBe(413);
    expect(received).toEqual([]);
  });

  it("stops while an answer is still being delayed", async () => {
    const { url, waitFor, stop } = await open({ delayMs: 3_600_000 });
    const request = post(url, body).then(
      () => "answered",
      () => "cut off",
    );
    await waitFor(() => true, 5_000);
    await stop();
    expect(await request).toBe("cut off");
  });

  it("says that the port is taken", async () => {
    const { url } = await open();
    const port = Number(new URL(url).port);
    await expect(startReceiver({ port })).rejects.toMatchObject({ code: "EADDRINUSE" });
  });
});

describe("waitFor", () => {
  it("finds what is here already and what is still to come", async () => {
    const { url, waitFor } = await open();
    const awaited = waitFor(({ eventType }) => eventType === "issue.created", 5_000);
    await post(url, body);
    const arrived = await awaited;
    expect(await waitFor(({ eventType }) => eventType === "issue.created", 0)).toBe(arrived);
  });

  it("rejects when nothing fits in time", async () => {
    const { url, waitFor } = await open();
    await post(url, body);
    await expect(waitFor(() => false, 10)).rejects.toThrow("Within 0.01 s only 0 of 1 came");
  });
});

describe("signatures made by the official library", () => {
  it("are valid when nothing was changed", async () => {
    const { url, received } = await open({ secrets: [secret] });
    expect((await post(url, body, sign(body))).status).toBe(200);
    expect(received[0]?.signature).toEqual({ state: "valid" });
  });

  it("are valid for a secret that is plain text, with letters beyond ASCII", async () => {
    const plain = "a plain secret: größer als 24";
    const signer = new Webhook(new TextEncoder().encode(plain), { format: "raw" });
    const { url } = await open({ secrets: [plain] });
    expect((await post(url, body, sign(body, signer))).status).toBe(200);
  });

  it("are valid beside a signature of another secret, and for a secret added later", async () => {
    const other = new Webhook(Buffer.from("another secret of 24 bytes").toString("base64"));
    const { url, addSecret } = await open({ secrets: ["some other secret, not it"] });
    const headers = sign(body);
    headers["webhook-signature"] =
      `${sign(body, other)["webhook-signature"]} v1a,x ${headers["webhook-signature"]}`;
    expect((await post(url, body, headers)).status).toBe(401);
    addSecret(secret);
    expect((await post(url, body, headers)).status).toBe(200);
  });

  const now = () => Math.floor(Date.now() / 1000);
  it.each([
    ["a changed body", () => sign(`${body} `), "no signature matches"],
    ["another secret", () => sign(body, new Webhook("d3Jvbmcgc2VjcmV0")), "no signature matches"],
    ["another id", () => ({ ...sign(body), "webhook-id": "x" }), "no signature matches"],
    [
      "another timestamp",
      () => ({ ...sign(body), "webhook-timestamp": String(now() - 1) }),
      "no signature matches",
    ],
    [
      "an old timestamp",
      () => sign(body, undefined, new Date(Date.now() - 310_000)),
      "s old, more than 300 s",
    ],
    [
      "a timestamp of the future",
      () => sign(body, undefined, new Date(Date.now() + 310_000)),
      "s in the future, more than 300 s",
    ],
    [
      "a timestamp that is no number",
      () => ({ ...sign(body), "webhook-timestamp": "1e9" }),
      "not a number of seconds",
    ],
    [
      "a cut signature",
      () => ({ ...sign(body), "webhook-signature": sign(body)["webhook-signature"].slice(0, -1) }),
      "no signature matches",
    ],
    [
      "another version",
      () => ({ ...sign(body), "webhook-signature": "v2,abc" }),
      "no v1 signature",
    ],
    ["no headers", () => ({}), "no webhook-id header"],
  ])("are refused with 401 after %s", async (_, headers, reason) => {
    const { url, received } = await open({ secrets: [secret] });
    const { status, answer } = await post(url, body, headers());
    expect(status).toBe(401);
    expect(answer).toMatchObject({ detail: expect.stringContaining(reason) });
    expect(received[0]?.signature).toMatchObject({ state: "invalid" });
  });

  it("need a secret that can be one", async () => {
    await expect(open({ secrets: ["whsec_not base64!"] })).rejects.toThrow("is not base64");
    await expect(open({ secrets: [""] })).rejects.toThrow("The secret is empty.");
  });
});
