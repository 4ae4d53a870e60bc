import { Inngest, type InngestFunction } from "inngest";
import { serve } from "inngest/edge";
import { Engine, type EngineOptions } from "./engine";
import type { Handler } from "./functions";

const silent = { info() {}, warn() {}, error() {}, debug() {} };

type App = { client: Inngest; engine: Engine };

type Define = (client: Inngest) => InngestFunction.Any[];

type Options = Omit<EngineOptions, "handler"> & {
  /** Stands between the engine and the SDK's handler. */
  wrap?: (handler: Handler) => Handler;
};

/** An SDK client whose events go to an engine of its own, with these functions. */
export function createApp(
  define: Define,
  { wrap = (same) => same, ...options }: Options = {},
): App {
  // Late: the client needs the engine's fetch, the engine the client's functions.
  let engine: Engine | undefined;
  const client = new Inngest({
    id: "test",
    isDev: true,
    logger: silent,
    internalLogger: silent,
    fetch: async (input, init) => {
      if (!engine) throw new Error("the engine is not made yet");
      return engine.fetch(input, init);
    },
  });
  const handler = wrap(serve({ client, functions: define(client) }));
  engine = new Engine({ handler, ...options });
  return { client, engine };
}

type SentEvent = { id: string; ts?: number; data: Record<string, unknown> };

/** The events in what the SDK gives its `fetch`. */
export function eventsOf(init: RequestInit | undefined): SentEvent[] {
  return typeof init?.body === "string" ? JSON.parse(init.body) : [];
}

/** Tries until it gives something other than undefined, false or null; fails after `limitMs`. */
export async function until<T>(
  what: () => T | Promise<T>,
  limitMs = 10_000,
): Promise<Exclude<T, undefined | null | false>> {
  const endMs = performance.now() + limitMs;
  for (;;) {
    const found = await what();
    if (found !== undefined && found !== null && found !== false) {
      return found as Exclude<T, undefined | null | false>; // narrowed by the line above
    }
    if (performance.now() > endMs) throw new Error(`not within ${limitMs} ms: ${String(what)}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A promise and what fulfils it: holds a function until the test has seen enough. */
export function makeGate(): { gate: Promise<void>; open: () => void } {
  let open = () => {};
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { gate, open };
}
