import { newId } from "@/lib/id";
import { until } from "@/inngest/engine/testing";
import type { App, Call, Engine } from "./engine-under-test";

/** The calls for this event, of `fn` alone if it is given. */
export function callsOf(engine: Engine, eventId: string, fn?: Call["fn"]): Call[] {
  return engine.calls.filter((call) => call.event.id === eventId && (!fn || call.fn === fn));
}

/** The calls for this event, once there are `count`; what the engine does by itself takes `extraMs`. */
export async function untilCalled(
  engine: Engine,
  eventId: string,
  { count = 1, extraMs = 0 } = {},
): Promise<Call[]> {
  return until(() => {
    const calls = callsOf(engine, eventId);
    return calls.length >= count && calls;
  }, engine.patienceMs + extraMs);
}

/** The first call for this event. */
export async function untilFirst(engine: Engine, eventId: string): Promise<Call> {
  const [first] = await untilCalled(engine, eventId);
  if (!first) throw new Error("There is one.");
  return first;
}

/** The ms from each of these calls to the next. */
export function gapsOf(calls: Call[]): number[] {
  return calls.slice(1).map(({ atMs }, n) => atMs - (calls[n]?.atMs ?? Number.NaN));
}

/** How the run of this call ended, once it has. */
export function untilEnded(engine: Engine, { runId }: Call): Promise<"completed" | "failed"> {
  return until(() => engine.endOf(runId), engine.patienceMs);
}

/** What was to run by now has begun: events sent after it, by the app and from outside, have run. */
export async function passSentinel(engine: Engine, app: App): Promise<void> {
  const [byApp, fromOutside] = [newId(), newId()];
  await app.send({ name: "both", id: byApp });
  await engine.send({ name: "both", id: fromOutside });
  for (const id of [byApp, fromOutside]) await untilCalled(engine, id, { count: 2 });
}
