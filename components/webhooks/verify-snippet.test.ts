import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { Webhook } from "standardwebhooks";
import { afterEach, describe, expect, it } from "vitest";
import { verifySnippet } from "./verify-snippet";

const body = '{"event_type":"issue.created"}';
let receiver: ChildProcess | undefined;

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  if (!address || typeof address === "string") throw new Error("no port");
  return address.port;
}

/** Runs the snippet as its reader would, on a port of its own. */
async function startReceiver(snippet: string, secret: string): Promise<string> {
  const port = await findFreePort();
  receiver = spawn(
    process.execPath,
    ["--input-type=module", "--eval", snippet.replace("listen(9001)", `listen(${port})`)],
    { env: { ...process.env, WEBHOOK_SECRET: secret }, stdio: ["ignore", "pipe", "inherit"] },
  );
  return `http://127.0.0.1:${port}/`;
}

async function post(url: string, signer: Webhook, sent: string): Promise<number> {
  const at = new Date();
  const headers = {
    "webhook-id": "msg_1",
    "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
    "webhook-signature": signer.sign("msg_1", at, body),
  };
  const deadline = Date.now() + 10_000;
  for (;;) {
    try {
      return (await fetch(url, { method: "POST", headers, body: sent })).status;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

afterEach(() => receiver?.kill());

describe("the receiver that the page shows", () => {
  const encoded = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
  const plain = "a-secret-of-the-users-own-choice";

  it.each([
    ["an encoded secret", encoded, new Webhook(encoded)],
    ["a plain secret", plain, new Webhook(plain, { format: "raw" })],
  ])("takes a body signed with %s and refuses a changed one", async (_kind, secret, signer) => {
    const url = await startReceiver(verifySnippet(secret.startsWith("whsec_")), secret);
    expect(await post(url, signer, body)).toBe(204);
    expect(await post(url, signer, body.replace("created", "deleted"))).toBe(401);
  });
});
