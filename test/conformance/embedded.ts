import type { Handler } from "@/inngest/embedded/functions";
import { createApp } from "@/inngest/embedded/testing";
import { clock } from "@/lib/clock";
import type { Call, Engine, Work } from "./engine-under-test";
import { defineFunctions, toEvents } from "./functions";

/** How long before the full minute the clock is set. */
const beforeTickMs = 500;

/** The embedded engine; its app is this process. */
export async function openEmbedded(): Promise<Engine> {
  const calls: Call[] = [];
  const ends = new Map<string, "completed" | "failed">();
  const { client, engine } = createApp(
    (client) => defineFunctions(client, { onCall: (call) => calls.push(call), hangs: false }),
    { backoffMs: [300, 600], wrap: (handler) => noteEnds(handler, ends) },
  );
  const send = async (...works: Work[]) => {
    await client.send(toEvents(client, works));
  };
  return {
    earlyMs: 0,
    backoffMs: [300, 600],
    patienceMs: 20_000,
    calls,
    startApp: async () => {
      await engine.start();
      return { send };
    },
    send,
    nameOf: (name) => `${client.id}/${name}`,
    post: (body, headers = {}) =>
      engine.fetch("http://embedded.invalid/e/key", {
        method: "POST",
        headers,
        body: JSON.stringify(body),
      }),
    endOf: async (runId) => ends.get(runId) ?? null,
    passTick: async () => {
      const minute = Math.ceil(clock().nowMs() / 60_000) * 60_000;
      setClock(minute - beforeTickMs);
    },
    close: async () => {
      await engine.stop(2_000);
      setClock(Date.now());
    },
  };
}

function setClock(epochMs: number): void {
  clock().set({ epochMs, askedAtMs: performance.now(), tookMs: 0 });
}

/** Sees by the SDK's answers how each run ends: a run is over when no attempt may follow. */
function noteEnds(handler: Handler, ends: Map<string, "completed" | "failed">): Handler {
  return async (request) => {
    const runId = request.headers.get("x-run-id") ?? "";
    const body: { ctx?: { attempt: number; max_attempts: number } } = await request.clone().json();
    const response = await handler(request);
    const { attempt, max_attempts } = body.ctx ?? { attempt: 0, max_attempts: 1 };
    const mayFollow = response.headers.get("x-inngest-no-retry") === "false";
    if (response.status === 200) ends.set(runId, "completed");
    else if (!mayFollow || attempt + 1 >= max_attempts) ends.set(runId, "failed");
    return response;
  };
}
