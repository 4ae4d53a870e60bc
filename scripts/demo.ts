import { spawn } from "node:child_process";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { App } from "@/test/kit/app";
import { findAppPort, findFreePort } from "@/test/kit/port";
import { PostgresServer } from "@/test/kit/postgres-server";
import { isSoWithin } from "@/test/kit/until";
import { startReceiver, type Receiver } from "./receiver-server";

const cli = fileURLToPath(new URL("../cli/turbo.mjs", import.meta.url));
const eventTypes = [
  "project.created",
  "issue.created",
  "issue.updated",
  "issue.status_changed",
  "issue.closed",
];
const arrivalMs = 15_000;
const settledMs = 15_000;
const readyTimeoutMs = 180_000;
const stopTimeoutMs = 12_000;
const tellEveryMs = 10_000;
const tailLines = 40;

async function main(): Promise<number> {
  const dataDir = await realpath(await mkdtemp(join(tmpdir(), "turbo-demo-")));
  const receiver = await startReceiver({ port: await findFreePort() });
  const app = new App({ port: await findAppPort(), dataDir });
  const failures: unknown[] = [];
  try {
    await Promise.race([runDemo(app, receiver), interruption()]);
  } catch (error) {
    failures.push(error);
  }
  say("Stopping");
  const ends = [receiver.stop(), ...(app.isRunning ? [app.stop(stopTimeoutMs)] : [])];
  const stopped = await Promise.allSettled<unknown>(ends);
  failures.push(...stopped.flatMap((end) => (end.status === "rejected" ? [end.reason] : [])));
  await removeData(dataDir).catch((error) => failures.push(error));
  if (failures.length === 0) {
    print("\n✓ Every event arrived signed and is in the delivery log. The demo's data is removed.");
    return 0;
  }
  for (const failure of failures) complain(`✗ ${messageOf(failure)}`);
  complain(`The end of the app's log:\n${lastLines(app.log, tailLines)}`);
  return 1;
}

async function runDemo(app: App, receiver: Receiver): Promise<void> {
  say(`Starting the app on ${app.url} with a fresh database (a first start builds it)`);
  await startApp(app);
  print("  The app is healthy.");

  say(`Registering a webhook for the test receiver on ${receiver.url}`);
  const webhook = await registerWebhook(app, receiver.url);
  receiver.addSecret(webhook.secret);
  print(`  Webhook ${webhook.id}; its secret now checks every signature.`);

  say("Creating a project");
  const project = await runCli(app, ["projects", "create", "--name", "Demo project"]);
  await showArrivals(receiver, ["project.created"]);

  say("Creating an issue");
  const texts = ["--title", "Test Issue", "--description", "Testing webhooks"];
  const choices = ["--project-id", idIn(project), "--type", "task", "--priority", "medium"];
  const issue = await runCli(app, ["issues", "create", ...texts, ...choices]);
  await showArrivals(receiver, ["issue.created"]);

  say("Closing the issue");
  await runCli(app, ["issues", "update", idIn(issue), "--status", "closed"]);
  await showArrivals(receiver, ["issue.updated", "issue.status_changed", "issue.closed"]);

  say("The delivery log");
  await waitUntilRecorded(app, webhook.id);
  await runCli(app, ["deliveries", "list", "--webhook-id", webhook.id]);
}

/** A first start builds, which takes a while: what the app printed last tells how far it is. */
async function startApp(app: App): Promise<void> {
  const startedAtMs = performance.now();
  const telling = setInterval(() => {
    const seconds = Math.round((performance.now() - startedAtMs) / 1000);
    print(`  ${seconds} s: ${lastLines(app.log, 1).slice(0, 100) || "nothing printed yet"}`);
  }, tellEveryMs);
  await app.start(readyTimeoutMs).finally(() => clearInterval(telling));
}

async function registerWebhook(app: App, url: string): Promise<{ id: string; secret: string }> {
  const response = await fetch(`${app.url}/api/v1/webhooks/`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: "Demo", url, event_types: eventTypes, active: true }),
  });
  const text = await response.text();
  if (response.status !== 201) {
    throw new Error(`The webhook was refused with ${response.status}: ${text}`);
  }
  const webhook: { id?: unknown; secret_token?: unknown } = JSON.parse(text);
  const { id, secret_token: secret } = webhook;
  if (typeof id === "string" && typeof secret === "string") return { id, secret };
  throw new Error(`The answer lacks the webhook's id or secret: ${text}`);
}

async function showArrivals(receiver: Receiver, types: readonly string[]): Promise<void> {
  for (const type of types) {
    const webhook = await receiver
      .waitFor(({ eventType }) => eventType === type, arrivalMs)
      .catch((error) => {
        throw new Error(`${type} did not arrive: ${messageOf(error)}`);
      });
    const { headers, signature } = webhook;
    if (signature.state !== "valid") {
      const reason = signature.state === "invalid" ? signature.reason : "it was not checked";
      throw new Error(`The signature of ${type} is not valid: ${reason}`);
    }
    const attempt = String(headers["x-turbo-attempt"]);
    const id = String(headers["webhook-id"]);
    print(`  ✓ ${type} arrived: signature valid, attempt ${attempt}, webhook-id ${id}`);
  }
}

/** An answered POST is written down a moment after the receiver saw it. */
async function waitUntilRecorded(app: App, webhookId: string): Promise<void> {
  let log = "";
  const isRecorded = async () => {
    const response = await fetch(`${app.url}/api/v1/webhooks/${webhookId}/deliveries?limit=100`);
    log = await response.text();
    if (!response.ok) throw new Error(`The delivery log was refused: ${log}`);
    const deliveries: { status?: unknown; event_type?: unknown }[] = JSON.parse(log);
    const delivered = deliveries.filter(({ status }) => status === "success");
    const types = new Set(delivered.map(({ event_type }) => event_type));
    return delivered.length === deliveries.length && eventTypes.every((type) => types.has(type));
  };
  if (await isSoWithin(settledMs, isRecorded)) return;
  throw new Error(`The log does not show every delivery as a success: ${log}`);
}

/** Runs the command line program, shows what it prints, and resolves to its stdout. */
async function runCli(app: App, args: readonly string[]): Promise<string> {
  print(`  $ turbo ${args.map(quote).join(" ")}`);
  const child = spawn(process.execPath, [cli, ...args], {
    env: { ...process.env, TURBO_API_URL: app.url, TURBO_API_KEY: "" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (chunk) => (stdout += String(chunk)));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject).once("close", resolve);
  });
  print(stdout.trimEnd().replace(/^/gm, "  "));
  if (code !== 0)
    throw new Error(`turbo ${args[0]} ${args[1]} ended with exit code ${String(code)}`);
  return stdout;
}

function idIn(output: string): string {
  const id = /^ID: +(\S+)$/m.exec(output)?.[1];
  if (id === undefined) throw new Error(`No ID in what turbo printed: ${output}`);
  return id;
}

function interruption(): Promise<never> {
  return new Promise((_, reject) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      process.once(signal, () => reject(new Error(`The demo was interrupted by ${signal}.`)));
    }
  });
}

/** A killed app leaves its server running, which as root lies outside the folder. */
async function removeData(dataDir: string): Promise<void> {
  await new PostgresServer(dataDir).remove();
  await rm(dataDir, { recursive: true, force: true });
}

function lastLines(text: string, count: number): string {
  return text.trimEnd().split("\n").slice(-count).join("\n");
}

function quote(text: string): string {
  return /^[\w.:/-]+$/.test(text) ? text : `"${text}"`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function say(step: string): void {
  print(`\n▸ ${step}`);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function complain(text: string): void {
  process.stderr.write(`${text}\n`);
}

// What an interrupted step still waits for must not hold the end up.
process.exit(await main());
