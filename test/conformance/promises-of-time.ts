import { expect } from "vitest";
import { newId } from "@/lib/id";
import type { SharedPromise } from "./engine-under-test";
import {
  callsOf,
  expectTickOnce,
  gapsOf,
  passSentinel,
  untilCalled,
  untilEnded,
  untilFirst,
} from "./watch";

const neverEarly = "never early, where a server may be by up to a second";

/** When runs begin, and begin again. */
export const promisesOfTime: SharedPromise[] = [
  {
    title: "an event with a `ts` to come runs not before it",
    stricter: neverEarly,
    keep: async (engine, app) => {
      // Whatever else it has to do is done by then: it could begin these too early.
      await passSentinel(engine, app);
      const nowMs = Date.now();
      const works = [1_200, 1_201, 1_750, 2_300, 2_999].map((delayMs) => ({
        name: "one" as const,
        id: newId(),
        ts: nowMs + delayMs,
      }));
      await app.send(...works);
      await passSentinel(engine, app);
      for (const { id, ts } of works) {
        const { atMs } = await untilFirst(engine, id);
        expect(atMs).toBeGreaterThanOrEqual(ts - engine.earlyMs);
      }
    },
  },
  {
    title: "an event with a `ts` in the past runs at once",
    keep: async (engine, app) => {
      const works = [Date.UTC(2000, 0), Date.now() - 60_000].map((ts) => ({
        name: "one" as const,
        id: newId(),
        ts,
      }));
      await app.send(...works);
      for (const { id } of works) await untilCalled(engine, id);
    },
  },
  {
    title: "a function that fails is tried again after growing delays, then no more",
    stricter: neverEarly,
    keep: async (engine, app) => {
      const id = newId();
      const acts = ["one", "two", "three"].map((throws) => ({ throws }));
      await app.send({ name: "one", id, data: { acts } });
      const calls = await untilCalled(engine, id, { count: 3, extraMs: 60_000 });
      expect(calls.map(({ attempt }) => attempt)).toEqual([0, 1, 2]);
      expect(new Set(calls.map(({ runId }) => runId)).size).toBe(1);
      const [firstGapMs, secondGapMs] = gapsOf(calls);
      expect(firstGapMs).toBeGreaterThanOrEqual(engine.backoffMs[0] - engine.earlyMs);
      expect(secondGapMs).toBeGreaterThanOrEqual(engine.backoffMs[1] - engine.earlyMs);
      expect(await untilEnded(engine, await untilFirst(engine, id))).toBe("failed");
      await passSentinel(engine, app);
      expect(callsOf(engine, id).length).toBe(3);
    },
  },
  {
    title: "a function that fails once, then does not, is completed",
    keep: async (engine, app) => {
      const id = newId();
      await app.send({ name: "both", id, data: { acts: [{ throws: "no luck" }] } });
      const calls = await untilCalled(engine, id, { count: 4 });
      expect(calls.map(({ fn, attempt }) => `${fn} ${attempt}`).toSorted()).toEqual([
        "one 0",
        "one 1",
        "two 0",
        "two 1",
      ]);
      for (const call of calls) expect(await untilEnded(engine, call)).toBe("completed");
    },
  },
  {
    title: "a RetryAfterError of seconds is tried again after them, not by the table",
    stricter: neverEarly,
    keep: async (engine, app) => {
      const id = newId();
      const acts = [{ retryAfterSeconds: 2 }, { retryAfterSeconds: 3 }];
      await app.send({ name: "one", id, data: { acts } });
      const calls = await untilCalled(engine, id, { count: 3 });
      const [firstGapMs = 0, secondGapMs = 0] = gapsOf(calls);
      expect(firstGapMs).toBeGreaterThanOrEqual(2_000 - engine.earlyMs);
      expect(secondGapMs).toBeGreaterThanOrEqual(3_000 - engine.earlyMs);
      expect(firstGapMs + secondGapMs).toBeLessThan(12_000);
      expect(calls.map(({ attempt }) => attempt)).toEqual([0, 1, 2]);
      expect(await untilEnded(engine, await untilFirst(engine, id))).toBe("completed");
    },
  },
  {
    title: "a RetryAfterError of a date is tried again at it",
    stricter: neverEarly,
    keep: async (engine, app) => {
      const id = newId();
      const retryAtMs = Date.now() + 2_750;
      await app.send({ name: "one", id, data: { acts: [{ retryAtMs }] } });
      const [, second] = await untilCalled(engine, id, { count: 2 });
      expect(second?.atMs).toBeGreaterThanOrEqual(retryAtMs - engine.earlyMs);
      expect(second?.atMs).toBeLessThan(retryAtMs + 8_000);
    },
  },
  {
    title: "a NonRetriableError is not tried again",
    keep: async (engine, app) => {
      const id = newId();
      await app.send({ name: "one", id, data: { acts: [{ throwsForGood: "never" }] } });
      const call = await untilFirst(engine, id);
      expect(await untilEnded(engine, call)).toBe("failed");
      await passSentinel(engine, app);
      expect(callsOf(engine, id).length).toBe(1);
    },
  },
  {
    title: "a run that lasts is begun once and holds up no other",
    keep: async (engine, app) => {
      const works = Array.from({ length: 10 }, () => ({
        name: "one" as const,
        id: newId(),
        data: { acts: [{ lastsMs: 6_000 }] },
      }));
      await app.send(...works);
      for (const { id } of works) await untilCalled(engine, id);
      const begunMs = Date.now();
      await passSentinel(engine, app);
      expect(Date.now() - begunMs).toBeLessThan(6_000);
      for (const { id } of works) {
        expect(await untilEnded(engine, await untilFirst(engine, id))).toBe("completed");
        expect(callsOf(engine, id).length).toBe(1);
      }
    },
  },
];

/** Put to the test alone: where the clock can be set, it is. */
export const promiseOfTicks: SharedPromise = {
  title: "a cron tick runs once",
  keep: expectTickOnce,
};
