import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Webhook } from "standardwebhooks";
import { afterEach, describe, expect, it } from "vitest";
import { startReceiver } from "./receiver-server";

const program = fileURLToPath(new URL("receiver.ts", import.meta.url));
const secret = `whsec_${Buffer.from("0123456789abcdef0123456789abcdef").toString("base64")}`;
const body = JSON.stringify({ event_type: "issue.created", data: { title: "\u009b2J" } });
const longTimeoutMs = 60_000;

type Run = { child: ChildProcess; stdout: string; stderr: string; ended: Promise<number | null> };

let run: Run | undefined;

afterEach(() => run?.child.kill("SIGKILL"));

function receive(...args: string[]): Run {
  const child = spawn(process.execPath, ["--import", "tsx", program, ...args]);
  const ended = once(child, "close").then(() => child.exitCode);
  const started: Run = { child, stdout: "", stderr: "", ended };
  child.stdout.on("data", (chunk) => (started.stdout += String(chunk)));
  child.stderr.on("data", (chunk) => (started.stderr += String(chunk)));
  run = started;
  return started;
}

async function urlOf(started: Run): Promise<string> {
  const url = () => /http:\S+/.exec(started.stdout)?.[0];
  await expect.poll(url, { timeout: 20_000 }).toBeDefined();
  return url() ?? "";
}

async function post(url: string, headers: Record<string, string> = {}): Promise<number> {
  const response = await fetch(url, { method: "POST", body, headers });
  await response.text();
  return response.status;
}

describe("npm run receiver", { timeout: longTimeoutMs }, () => {
  it("prints each webhook as the guide shows it, and a summary when it is stopped", async () => {
    const started = receive("--port", "0", "--secret", secret);
    const url = await urlOf(started);
    const at = new Date();
    const signed = {
      "webhook-id": "evt-1",
      "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
      "webhook-signature": new Webhook(secret).sign("evt-1", at, body),
      "x-turbo-attempt": "1",
      "x-turbo-delivery-id": "del-1",
    };
    expect(await post(url, signed)).toBe(200);
    expect(await post(url, { ...signed, "webhook-id": "evt-2" })).toBe(401);
    started.child.kill("SIGINT");
    expect(await started.ended).toBe(0);
    const line = "=".repeat(60);
    expect(started.stdout).toContain(
      `\n${line}\nReceived webhook: issue.created\nwebhook-id: evt-1\nX-Turbo-Attempt: 1\n` +
        `X-Turbo-Delivery-ID: del-1\nsignature: valid\n${line}\n` +
        `{\n  "event_type": "issue.created",\n  "data": {\n    "title": "\\u009b2J"\n  }\n}\n${line}\n`,
    );
    expect(started.stdout).toContain("signature: INVALID (no signature matches");
    expect(started.stdout).toMatch(/Received 2 webhooks\.\nTypes: issue\.created × 2\n/);
    expect(started.stdout).toMatch(
      /Answers: 200 × 1, 401 × 1\nSignatures: valid × 1, invalid × 1\n$/,
    );
  });

  it("prints one line for each with --quiet, and fails as told", async () => {
    const started = receive("--port", "0", "--quiet", "--fail", "1", "--status", "202");
    const url = await urlOf(started);
    expect([await post(url), await post(url)]).toEqual([500, 202]);
    started.child.kill("SIGTERM");
    expect(await started.ended).toBe(0);
    const lines = started.stdout.split("\n").filter((text) => text.includes("attempt"));
    expect(lines).toEqual([
      expect.stringMatching(/^\S+Z  500  issue\.created  -  attempt -$/),
      expect.stringMatching(/^\S+Z  202  issue\.created  -  attempt -$/),
    ]);
  });

  it("exits 1 with one line when the port is taken", async () => {
    const first = await startReceiver({ port: 0 });
    const { port } = new URL(first.url);
    const started = receive("--port", port);
    expect(await started.ended).toBe(1);
    await first.stop();
    expect(started.stderr).toBe(
      `Port ${port} is taken. Stop what listens there, or choose another with --port.\n`,
    );
  });

  it.each([
    [["--porr", "1"], "Unknown option '--porr'"],
    [["--status", "100"], '--status must be a whole number from 200 to 599, not "100".'],
  ])("exits 2 and shows its options for %j", async (args, message) => {
    const started = receive(...args);
    expect(await started.ended).toBe(2);
    expect(started.stderr).toContain(message);
    expect(started.stderr).toContain("Usage: npm run receiver");
  });
});
