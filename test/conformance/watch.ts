import { expect } from "vitest";
import { newId } from "@/lib/id";
import { until } from "@/inngest/embedded/testing";
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

/** Waits until so many ticks have run. */
export async function untilTicks(engine: Engine, count: number): Promise<void> {
  const ids = () => engine.calls.filter(({ fn }) => fn === "tick").map(({ event }) => event.id);
  await until(() => new Set(ids()).size >= count, 60_000 + engine.patienceMs);
}

/** Expects the next tick to run once, as an event that says which it is. */
export async function expectTickOnce(engine: Engine, app: App): Promise<void> {
  await engine.passTick();
  await untilTicks(engine, 1);
  await passSentinel(engine, app);
  const ticks = engine.calls.filter(({ fn }) => fn === "tick");
  const ids = ticks.map(({ event }) => event.id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const { event } of ticks) {
    expect(event.name).toBe("inngest/scheduled.timer");
    expect(event.data).toMatchObject({ cron: "* * * * *" });
  }
}
