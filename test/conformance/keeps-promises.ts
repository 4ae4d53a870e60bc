import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { App, Engine } from "./engine-under-test";
import { promisesOfEvents } from "./promises-of-events";
import { promiseOfTicks, promisesOfTime } from "./promises-of-time";
import { passSentinel } from "./watch";

export const longestMs = 240_000;

/** The promises that every engine keeps, put to the test on one of them. */
export function describeShared(open: () => Promise<Engine>, { isEmbedded = false } = {}): void {
  let engine: Engine;
  let app: App;
  beforeAll(async () => {
    engine = await open();
    app = await engine.startApp();
  });
  afterAll(() => engine.close());

  for (const { title, stricter, keep } of [...promisesOfEvents, ...promisesOfTime]) {
    const promise = isEmbedded && stricter ? `${title} (${stricter})` : title;
    it.concurrent(promise, () => keep(engine, app));
  }

  it("nothing of all this ran twice", async () => {
    await passSentinel(engine, app);
    const attempts = engine.calls.map(({ runId, attempt }) => `${runId} ${attempt}`);
    expect(new Set(attempts).size).toBe(attempts.length);
    const runs = new Set(engine.calls.map(({ runId }) => runId));
    const wants = new Set(engine.calls.map(({ fn, event }) => `${fn} ${event.id}`));
    expect(runs.size).toBe(wants.size);
  });

  describe("by the minute", () => {
    it(promiseOfTicks.title, () => promiseOfTicks.keep(engine, app));
  });
}
