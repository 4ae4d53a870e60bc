import { Inngest, type InngestFunction } from "inngest";
import { serve } from "inngest/edge";
import type { Sql } from "@/db/client";
import { createEngine, type Engine, type EngineOptions } from "./engine";

const silent = { info() {}, warn() {}, error() {}, debug() {} };

type App = { client: Inngest; engine: Engine };

type Define = (client: Inngest) => InngestFunction.Any[];

/** An SDK client whose events go to an engine over the same database, with these functions. */
export function createApp(sql: Sql, define: Define, options: Partial<EngineOptions> = {}): App {
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
  const handler = serve({ client, functions: define(client) });
  engine = createEngine({ sql, handler, ...options });
  return { client, engine };
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

type RunRow = { status: string; attempt: number; error: string | null; holder: string | null };

export async function readRuns(sql: Sql, eventId: string): Promise<RunRow[]> {
  return await sql<RunRow[]>`
    select status, attempt, error, holder from engine_runs where event_id = ${eventId}`;
}
