import { Cron } from "croner";
import { z } from "zod";
import { reasonOf } from "@/lib/log";

/** A private serve handler of the Inngest SDK. */
export type Handler = (request: Request) => Promise<Response>;

/** One function as the SDK publishes it, with only what the engine has. */
export type EngineFunction = {
  id: string;
  /** Where the SDK wants to be called for it; only path and query matter. */
  url: string;
  events: string[];
  crons: Cron[];
  maxAttempts: number;
};

// A name that is never looked up: the handler is called in process.
const serveUrl = "http://engine.internal/api/inngest";
const defaultRetries = 4;

const triggerSchema = z.looseObject({ event: z.string().optional(), cron: z.string().optional() });
const stepSchema = z.object({
  runtime: z.object({ url: z.url() }),
  retries: z.object({ attempts: z.number().int().nonnegative().optional() }).optional(),
});
const functionSchema = z.looseObject({
  id: z.string().min(1),
  triggers: z.array(triggerSchema),
  steps: z.object({ step: stepSchema }),
});
const syncSchema = z.object({ functions: z.array(functionSchema) });

const known = new Set(["id", "name", "triggers", "steps"]);
const knownInTrigger = new Set(["event", "cron"]);
/** What the SDK calls in its configuration other than in `createFunction`. */
const optionNames: Record<string, string> = { cancel: "cancelOn", expression: "if" };

/**
 * Asks the handler for its functions (the protocol's in-band sync).
 * Throws one Error that names each function with each of its options the engine does not have.
 */
export async function learnFunctions(handler: Handler): Promise<EngineFunction[]> {
  const response = await handler(
    new Request(serveUrl, {
      method: "PUT",
      headers: {
        host: new URL(serveUrl).host,
        "content-type": "application/json",
        "x-inngest-sync-kind": "in_band",
      },
      body: JSON.stringify({ url: serveUrl }),
    }),
  );
  const text = await response.text();
  const parsed = response.ok ? syncSchema.safeParse(JSON.parse(text)) : undefined;
  if (!parsed?.success) {
    const reason = parsed?.error.message ?? text.slice(0, 500);
    throw new Error(`The engine could not learn the functions (${response.status}): ${reason}`);
  }
  const configs = parsed.data.functions;
  const refusals = configs.flatMap(refusalsOf);
  if (refusals.length > 0)
    throw new Error(`The embedded engine does not have: ${refusals.join("; ")}`);
  return configs.map((config) => ({
    id: config.id,
    url: config.steps.step.runtime.url,
    events: [...new Set(config.triggers.flatMap(({ event }) => event ?? []))],
    crons: config.triggers.flatMap(({ cron }) => (cron ? [parseCron(cron)] : [])),
    maxAttempts: (config.steps.step.retries?.attempts ?? defaultRetries) + 1,
  }));
}

/** Reads five fields, in UTC. Throws an Error with the reason. */
function parseCron(expression: string): Cron {
  if (/^\s*(CRON_)?TZ=/i.test(expression))
    throw new Error("time zones are not supported, it is UTC");
  if (expression.trim().split(/\s+/).length !== 5) throw new Error("it must have five fields");
  return new Cron(expression, { timezone: "UTC", paused: true, mode: "5-part" });
}

type Config = z.infer<typeof functionSchema>;

function refusalsOf(config: Config): string[] {
  const isFailureTwin = config.triggers.some(({ event }) => event === "inngest/function.failed");
  if (isFailureTwin) return [`onFailure (function "${config.id.replace(/-failure$/, "")}")`];
  const options = Object.keys(config)
    .filter((key) => !known.has(key))
    .map((key) => optionNames[key] ?? key);
  const triggers = config.triggers.flatMap(refusalsOfTrigger);
  if (config.triggers.length === 0) triggers.push("no trigger");
  return [...options, ...triggers].map((what) => `${what} (function "${config.id}")`);
}

function refusalsOfTrigger(trigger: z.infer<typeof triggerSchema>): string[] {
  const refusals = Object.keys(trigger)
    .filter((key) => !knownInTrigger.has(key))
    .map((key) => `${optionNames[key] ?? key} in a trigger`);
  if (trigger.event?.includes("*")) refusals.push(`wildcard trigger "${trigger.event}"`);
  if (trigger.event?.startsWith("inngest/")) refusals.push(`internal event "${trigger.event}"`);
  if (trigger.cron !== undefined) {
    try {
      parseCron(trigger.cron);
    } catch (error) {
      refusals.push(`cron "${trigger.cron}": ${reasonOf(error)}`);
    }
  }
  return refusals;
}
