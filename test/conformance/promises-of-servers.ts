import { expect } from "vitest";
import { until } from "@/inngest/embedded/testing";
import { newId } from "@/lib/id";
import type { Call, Server, ServerPromise, Work } from "./engine-under-test";
import {
  callsOf,
  expectTickOnce,
  passSentinel,
  untilCalled,
  untilEnded,
  untilFirst,
  untilTicks,
} from "./watch";

/** Expects a run that its process left behind to be begun once more, as the same run, and to end. */
async function expectTakenOver(engine: Server, left: Call, byPid: number): Promise<void> {
  const [, again] = await untilCalled(engine, left.event.id ?? "", { count: 2 });
  expect(again).toMatchObject({ pid: byPid, runId: left.runId, fn: left.fn, attempt: 1 });
  expect(await untilEnded(engine, left)).toBe("completed");
  expect(callsOf(engine, left.event.id ?? "").length).toBe(2);
}

/** Some work of each kind, what is to be done later at `laterMs`. */
function makeWork(laterMs: number) {
  const make = (more: Omit<Work, "name" | "id"> = {}) =>
    Array.from({ length: 5 }, () => ({ name: "one" as const, id: newId(), ...more }));
  return {
    pending: make(),
    delayed: make({ ts: laterMs }),
    retrying: make({ data: { acts: [{ retryAtMs: laterMs }] } }),
  };
}

/** What outlives a process, and what several share; each is kept by functions of its own. */
export const promisesOfServers: ServerPromise[] = [
  {
    title: "two processes share the work, and none of it runs twice",
    keep: async (engine) => {
      const apps = [await engine.startApp(), await engine.startApp()] as const;
      const works = Array.from({ length: 200 }, () => ({
        name: "one" as const,
        id: newId(),
        data: { acts: [{ lastsMs: 20 }] },
      }));
      await Promise.all([apps[0].send(...works.slice(0, 120)), apps[1].send(...works.slice(80))]);
      await until(() => works.every(({ id }) => callsOf(engine, id).length > 0), engine.patienceMs);
      await passSentinel(engine, apps[0]);
      expect(works.filter(({ id }) => callsOf(engine, id).length > 1)).toEqual([]);
      for (const { pid } of apps) expect(engine.calls.some((call) => call.pid === pid)).toBe(true);
    },
  },
  {
    title: "a cron tick runs once, with two processes at work",
    keep: async (engine) => {
      const app = await engine.startApp();
      await engine.startApp();
      await expectTickOnce(engine, app);
    },
  },
  {
    title: "cron ticks go on after kill -9 of the engine",
    restarts: true,
    keep: async (engine) => {
      await engine.startApp();
      await untilTicks(engine, 1);
      await engine.restart();
      await untilTicks(engine, 2);
    },
  },
  {
    title: "a run whose process is killed is run again by another",
    keep: async (engine) => {
      const doomed = await engine.startApp({ hangs: true });
      const id = newId();
      await doomed.send({ name: "one", id });
      const left = await untilFirst(engine, id);
      const other = await engine.startApp();
      await doomed.kill();
      await expectTakenOver(engine, left, other.pid);
    },
  },
  {
    title: "a run whose process is killed is run again when the app is back",
    keep: async (engine) => {
      const doomed = await engine.startApp({ hangs: true });
      const id = newId();
      await doomed.send({ name: "one", id });
      const left = await untilFirst(engine, id);
      await doomed.kill();
      const back = await engine.startApp();
      await expectTakenOver(engine, left, back.pid);
    },
  },
  {
    title: "a stop of the app loses no work: pending, delayed, waiting for a retry",
    keep: async (engine) => {
      const before = await engine.startApp();
      const laterMs = Date.now() + 3_000;
      const { pending, delayed, retrying } = makeWork(laterMs);
      await before.send(...delayed, ...retrying);
      for (const { id } of retrying) await untilCalled(engine, id);
      await before.stop();
      await engine.send(...pending);
      const after = await engine.startApp();
      for (const { id } of [...pending, ...delayed]) {
        expect((await untilFirst(engine, id)).pid).toBe(after.pid);
      }
      for (const { id } of retrying) await untilCalled(engine, id, { count: 2 });
      for (const { id } of [...delayed, ...retrying]) {
        const last = callsOf(engine, id).at(-1);
        expect(last?.atMs).toBeGreaterThanOrEqual(laterMs - engine.earlyMs);
      }
      await passSentinel(engine, after);
      for (const { id } of [...pending, ...delayed]) expect(callsOf(engine, id).length).toBe(1);
    },
  },
  {
    title: "kill -9 of the engine loses no work: under way, delayed, waiting for a retry",
    restarts: true,
    keep: async (engine) => {
      const before = await engine.startApp();
      const laterMs = Date.now() + 6_000;
      const { delayed, retrying } = makeWork(laterMs);
      const underWay = { name: "one" as const, id: newId(), data: { acts: [{ lastsMs: 3_000 }] } };
      await before.send(...delayed, ...retrying, underWay);
      for (const { id } of [...retrying, underWay]) await untilCalled(engine, id);
      await engine.restart();
      for (const { id } of delayed) await untilCalled(engine, id);
      for (const { id } of retrying) await untilCalled(engine, id, { count: 2 });
      for (const { id } of [...delayed, ...retrying]) {
        const last = callsOf(engine, id).at(-1);
        expect(last?.atMs).toBeGreaterThanOrEqual(laterMs - engine.earlyMs);
      }
      const call = await untilFirst(engine, underWay.id);
      expect(await untilEnded(engine, call)).toBe("completed");
    },
  },
];
