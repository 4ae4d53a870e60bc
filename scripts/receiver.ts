import { parseArgs } from "node:util";
import {
  startReceiver,
  type ReceivedWebhook,
  type Receiver,
  type ReceiverOptions,
} from "./receiver-server";
import type { SignatureVerdict } from "./verify-signature";

const help = `Prints every webhook it receives, and answers 200 {"status":"ok"}.

Usage: npm run receiver -- [options]

  --port N        Where to listen (9001)
  --secret TEXT   Check signatures with this secret; repeatable; a bad one is answered 401
  --fail N        Answer the first N requests 500
  --status CODE   Answer every request with this status, 200 to 599
  --delay MS      Wait this long before each answer
  --quiet         One line for each webhook
  --help          Show this help`;

const line = "=".repeat(60);
const shownCharacters = 2_000;

type Settings = ReceiverOptions & { isQuiet: boolean };

async function main(): Promise<void> {
  const settings = readSettings(process.argv.slice(2));
  if (settings === undefined) return;
  const show = settings.isQuiet ? showBriefly : showFully;
  const receiver = await start({ ...settings, onReceived: (webhook) => print(show(webhook)) });
  if (!receiver) return;
  print(`Test webhook receiver listening on ${receiver.url} (Ctrl-C stops it)`);
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      void receiver.stop().then(() => print(summarise(receiver.received)));
    });
  }
}

async function start(options: ReceiverOptions): Promise<Receiver | undefined> {
  try {
    return await startReceiver(options);
  } catch (error) {
    const isTaken = error instanceof Error && "code" in error && error.code === "EADDRINUSE";
    fail(
      isTaken
        ? `Port ${options.port} is taken. Stop what listens there, or choose another with --port.`
        : `The receiver cannot start: ${error instanceof Error ? error.message : String(error)}`,
      1,
    );
    return undefined;
  }
}

function readSettings(args: readonly string[]): Settings | undefined {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        port: { type: "string", default: "9001" },
        secret: { type: "string", multiple: true, default: [] },
        fail: { type: "string", default: "0" },
        status: { type: "string" },
        delay: { type: "string", default: "0" },
        quiet: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    if (values.help) {
      print(help);
      return undefined;
    }
    return {
      port: readNumber("--port", values.port, { least: 0, most: 65_535 }),
      secrets: values.secret,
      failFirst: readNumber("--fail", values.fail, { least: 0, most: 1_000_000_000 }),
      status:
        values.status === undefined
          ? undefined
          : readNumber("--status", values.status, { least: 200, most: 599 }),
      delayMs: readNumber("--delay", values.delay, { least: 0, most: 3_600_000 }),
      isQuiet: values.quiet,
    };
  } catch (error) {
    fail(`${error instanceof Error ? error.message : String(error)}\n\n${help}`, 2);
    return undefined;
  }
}

function readNumber(name: string, text: string, range: { least: number; most: number }): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= range.least && value <= range.most) return value;
  throw new Error(
    `${name} must be a whole number from ${range.least} to ${range.most}, not "${text}".`,
  );
}

function showFully(webhook: ReceivedWebhook): string {
  const { headers, event, malformed } = webhook;
  return [
    "",
    line,
    `Received webhook: ${escapeControls(webhook.eventType)}`,
    `webhook-id: ${String(headers["webhook-id"] ?? "(none)")}`,
    `X-Turbo-Attempt: ${String(headers["x-turbo-attempt"] ?? "(none)")}`,
    `X-Turbo-Delivery-ID: ${String(headers["x-turbo-delivery-id"] ?? "(none)")}`,
    ...(webhook.signature.state === "unchecked" ? [] : [describe(webhook.signature)]),
    ...(webhook.status === 200 ? [] : [`answered: ${webhook.status}`]),
    ...(malformed === undefined ? [] : [escapeControls(malformed)]),
    line,
    escapeControls(event ? JSON.stringify(event, null, 2) : webhook.body.slice(0, shownCharacters)),
    line,
  ].join("\n");
}

function showBriefly(webhook: ReceivedWebhook): string {
  const { headers } = webhook;
  return [
    webhook.receivedAt.toISOString(),
    String(webhook.status),
    escapeControls(webhook.eventType),
    String(headers["webhook-id"] ?? "-"),
    `attempt ${String(headers["x-turbo-attempt"] ?? "-")}`,
    ...(webhook.signature.state === "unchecked" ? [] : [describe(webhook.signature)]),
    ...(webhook.malformed === undefined ? [] : [escapeControls(webhook.malformed)]),
  ].join("  ");
}

function describe(signature: SignatureVerdict): string {
  return signature.state === "invalid"
    ? `signature: INVALID (${signature.reason})`
    : `signature: ${signature.state}`;
}

function summarise(received: readonly ReceivedWebhook[]): string {
  const plural = received.length === 1 ? "" : "s";
  if (received.length === 0) return "\nReceived no webhooks.";
  const checked = received.filter(({ signature }) => signature.state !== "unchecked");
  return [
    `\nReceived ${received.length} webhook${plural}.`,
    `Types: ${count(received.map(({ eventType }) => escapeControls(eventType)))}`,
    `Answers: ${count(received.map(({ status }) => String(status)))}`,
    ...(checked.length > 0
      ? [`Signatures: ${count(checked.map(({ signature }) => signature.state))}`]
      : []),
  ].join("\n");
}

function count(names: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([name, times]) => `${name} × ${times}`).join(", ");
}

// A terminal would obey control characters that a sender put in.
function escapeControls(text: string): string {
  return text.replace(
    // eslint-disable-next-line no-control-regex
    /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function fail(message: string, code: number): void {
  process.stderr.write(`${message}\n`);
  process.exitCode = code;
}

await main();
