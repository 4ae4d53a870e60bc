import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { App, Engine, EnginePromise } from "./engine-under-test";
import { promisesOfCrashes } from "./promises-of-crashes";
import { promisesOfEvents } from "./promises-of-events";
import { promisesOfTime } from "./promises-of-time";
import { passSentinel } from "./watch";

type UnderTest = {
  open: () => Promise<Engine>;
  isEmbedded: boolean;
  /** Why promises about its restart cannot be put to the test; undefined when they can. */
  noRestart?: string;
};

const longestMs = 240_000;

/** The table of promises, put to the test on one engine. */
export function describePromises(what: string, { open, isEmbedded, noRestart }: UnderTest): void {
  const tell = ({ title, stricter }: EnginePromise) =>
    isEmbedded && stricter ? `${title} (${stricter})` : title;

  describe(what, { timeout: longestMs }, () => {
    describe("serving", () => {
      let engine: Engine;
      let app: App;
      beforeAll(async () => {
        engine = await open();
        app = await engine.startApp();
      });
      afterAll(() => engine.close());

      for (const promise of [...promisesOfEvents, ...promisesOfTime]) {
        it.concurrent(tell(promise), () => promise.keep(engine, app));
      }

      it("nothing of all this ran twice", async () => {
        await passSentinel(engine, app);
        const attempts = engine.calls.map(({ runId, attempt }) => `${runId} ${attempt}`);
        expect(new Set(attempts).size).toBe(attempts.length);
        const runs = new Set(engine.calls.map(({ runId }) => runId));
        const wants = new Set(engine.calls.map(({ fn, event }) => `${fn} ${event.id}`));
        expect(runs.size).toBe(wants.size);
      });
    });

    describe("with processes that end", () => {
      for (const promise of promisesOfCrashes) {
        const { restarts, embeddedOnly, keep } = promise;
        const reason = isEmbedded ? undefined : (embeddedOnly ?? (restarts && noRestart));
        // A server that is killed takes all other engines on it along.
        const options = { concurrent: isEmbedded || !restarts };
        it(tell(promise), options, async ({ skip, onTestFinished }) => {
          if (reason) skip(sayWhy(promise.title, reason));
          const engine = await open();
          onTestFinished(() => engine.close());
          await keep(engine);
        });
      }
    });
  });
}

/** The reason of a skipped promise, printed as well. */
function sayWhy(title: string, reason: string): string {
  process.stderr.write(`not asked: ${title}: ${reason}\n`);
  return reason;
}
