import { createHmac } from "node:crypto";
import { eventType, Inngest } from "inngest";
import { z } from "zod";
import { env } from "@/lib/env";
import { log, reasonOf } from "@/lib/log";
import { startedEngine } from "./process";

/**
 * Our name to the engine. An Inngest server knows apps by name, and the last one of a name gets all
 * its calls: there each installation has one of its own, the same in all its processes.
 */
export function appId(): string {
  const { inngest, secretKey } = env();
  if (inngest.engine === "embedded" || !secretKey) return "turbo";
  const mac = createHmac("sha256", secretKey).update("app of an Inngest server").digest("hex");
  return `turbo-${mac.slice(0, 8)}`;
}

/** The bell: this lane has work. Ids only; what there is to do lies in the rows. */
export const webhookDue = eventType("turbo/webhook.due", {
  schema: z.object({ webhookId: z.uuid() }),
});

/** This recovery may have a step to make. */
export const webhookRecover = eventType("turbo/webhook.recover", {
  schema: z.object({ recoveryId: z.uuid() }),
});

const answerWithinMs = 10_000;

/** Asks an Inngest server; one that does not answer in time counts as away. */
async function ask(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  try {
    return await fetch(input, { ...init, signal: AbortSignal.timeout(answerWithinMs) });
  } catch (error) {
    const cause = error instanceof Error ? (error.cause ?? error) : error;
    // oxlint-disable-next-line preserve-caught-error -- The SDK tells the message on, never a cause.
    throw new Error(`fetch failed: ${reasonOf(cause)}`);
  }
}

/** Gives the embedded engine of this process what the SDK has for its server. */
async function callEmbedded(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const engine = startedEngine();
  if (!engine) throw new Error("The embedded engine runs only under npm start or npm run dev.");
  return engine.fetch(input, init);
}

/** The SDK's complaints come either as a text or as an object with the error, then a text. */
const complain = (...said: unknown[]) =>
  log.warn("the Inngest SDK complains", { reason: said.map(reasonOfPart).join(": ") });

function reasonOfPart(part: unknown): string {
  const inner = typeof part === "object" && part !== null && "err" in part ? part.err : part;
  return typeof inner === "string" || inner instanceof Error
    ? reasonOf(inner)
    : JSON.stringify(inner);
}

// Without a flush of its own the SDK waits for a timer after each call.
const sdkLog = { debug() {}, info() {}, warn: complain, error: complain, flush: async () => {} };
const silence = { ...sdkLog, warn() {}, error() {} };

/** A client of the engine this process uses: the embedded one, or the Inngest server it is told of. */
export function makeClient(): Inngest {
  const { inngest } = env();
  const common = { id: appId(), checkpointing: false, aiMetadata: false, logger: sdkLog } as const;
  if (inngest.engine === "embedded") {
    return new Inngest({
      ...common,
      isDev: true,
      baseUrl: "http://embedded.invalid",
      fetch: callEmbedded,
    });
  }
  return new Inngest({
    ...common,
    isDev: inngest.isDev,
    baseUrl: inngest.baseUrl,
    eventKey: inngest.eventKey,
    signingKey: inngest.signingKey,
    fetch: ask,
    // Whoever asked the server hears from us what went wrong, once.
    internalLogger: silence,
  });
}

let client: Inngest | undefined;

/** The client of this process. */
export function inngestClient(): Inngest {
  return (client ??= makeClient());
}
