import { expect } from "vitest";
import { until } from "@/inngest/embedded/testing";
import { newId } from "@/lib/id";
import type { App, Engine, SharedPromise, Work } from "./engine-under-test";
import { callsOf, passSentinel, untilCalled, untilEnded, untilFirst } from "./watch";

const some = (count: number, name: Work["name"] = "one") =>
  Array.from({ length: count }, () => ({ name, id: newId() }));

/** Waits for all of these and expects each to have run once. */
async function expectOnce(engine: Engine, app: App, works: { id: string }[]): Promise<void> {
  const counts = () => works.map(({ id }) => callsOf(engine, id).length);
  await until(() => counts().every((count) => count > 0), engine.patienceMs);
  await passSentinel(engine, app);
  expect(counts()).toEqual(works.map(() => 1));
}

/** What becomes of an event that is sent. */
export const promisesOfEvents: SharedPromise[] = [
  {
    title: "an event runs each function that wants it, once",
    keep: async (engine, app) => {
      const [both, one] = [newId(), newId()];
      await app.send({ name: "both", id: both }, { name: "one", id: one });
      const calls = await untilCalled(engine, both, { count: 2 });
      const only = await untilFirst(engine, one);
      expect(calls.map(({ fn }) => fn).toSorted()).toEqual(["one", "two"]);
      expect(new Set([...calls, only].map(({ runId }) => runId)).size).toBe(3);
      for (const call of calls) {
        expect(call).toMatchObject({ attempt: 0, maxAttempts: 3 });
        expect(await untilEnded(engine, call)).toBe("completed");
      }
      await passSentinel(engine, app);
      expect([callsOf(engine, both).length, callsOf(engine, one).length]).toEqual([2, 1]);
    },
  },
  {
    title: "an event that no function wants is accepted",
    keep: async (engine, app) => {
      await app.send({ name: "nobody" });
      await passSentinel(engine, app);
    },
  },
  {
    title: "events without an id are each an event of their own",
    keep: async (engine, app) => {
      const mark = newId();
      await app.send({ name: "one", data: { mark } }, { name: "one", data: { mark } });
      await app.send({ name: "one", data: { mark } });
      const marked = () => engine.calls.filter(({ event }) => event.data.mark === mark);
      await until(() => marked().length >= 3, engine.patienceMs);
      await passSentinel(engine, app);
      expect(new Set(marked().map(({ runId }) => runId)).size).toBe(3);
    },
  },
  {
    title: "an id that comes twice in one send runs once",
    keep: async (engine, app) => {
      const works = some(1);
      await app.send(...works, ...works, ...works);
      await expectOnce(engine, app, works);
    },
  },
  {
    title: "an id that is sent again, while its run lasts or after its end, runs once",
    keep: async (engine, app) => {
      const id = newId();
      const lasting = { name: "one" as const, id, data: { acts: [{ lastsMs: 1_000 }] } };
      await app.send(lasting);
      const call = await untilFirst(engine, id);
      await app.send(lasting);
      expect(await untilEnded(engine, call)).toBe("completed");
      await app.send(lasting);
      await expectOnce(engine, app, [{ id }]);
    },
  },
  {
    title: "an id is known for each function by itself",
    keep: async (engine, app) => {
      const id = newId();
      await app.send({ name: "one", id });
      await untilCalled(engine, id);
      await app.send({ name: "both", id });
      await untilCalled(engine, id, { count: 2 });
      await passSentinel(engine, app);
      expect(callsOf(engine, id).map(({ fn }) => fn)).toEqual(["one", "two"]);
    },
  },
  {
    title: "one id sent twice at once runs once",
    keep: async (engine, app) => {
      const works = some(50);
      const outside = engine.send(...works.toReversed());
      await Promise.all([app.send(...works), outside]);
      await expectOnce(engine, app, works);
    },
  },
  {
    title: "a POST that the SDK repeats, its answer lost, runs once",
    keep: async (engine, app) => {
      const mark = newId();
      const seed = { "x-inngest-event-id-seed": `${Date.now()},${btoa(mark.slice(0, 10))}` };
      const events = [0, 1].map((n) => ({ name: engine.nameOf("one"), data: { mark, n } }));
      for (const _ of [1, 2]) expect((await engine.post(events, seed)).status).toBe(200);
      const marked = () => engine.calls.filter(({ event }) => event.data.mark === mark);
      await until(() => marked().length >= 2, engine.patienceMs);
      await passSentinel(engine, app);
      expect(
        marked()
          .map(({ event }) => String(event.data.n))
          .toSorted(),
      ).toEqual(["0", "1"]);
    },
  },
  {
    title: "an event that is none is refused with a reason",
    keep: async (engine) => {
      const name = engine.nameOf("one");
      for (const body of [{ data: {} }, { name, data: [] }, { name, ts: "soon" }, { name: "" }]) {
        const response = await engine.post(body);
        expect(response.status, JSON.stringify(body)).toBe(400);
        expect(await response.json()).toMatchObject({ error: expect.stringMatching(/\w/) });
      }
    },
  },
  {
    title: "a function gets the name, time and data that were sent, 100 KB and any character",
    keep: async (engine, app) => {
      const id = newId();
      const ts = Date.now() - 5_000;
      const data = {
        text: `Überlänge 漢字 😀 \u2028 <&> \\ " '\n`.repeat(3_000),
        deep: [{ nothing: null, no: false, list: [[], [{}]], "a.b": { "": 0 } }],
        numbers: [0, -1, 1.5, 1e21, 5e-7, Number.MAX_SAFE_INTEGER],
      };
      await app.send({ name: "one", id, ts, data });
      const call = await untilFirst(engine, id);
      expect(call.event).toEqual({ id, name: engine.nameOf("one"), ts, data });
    },
  },
  {
    title: "an event of 2.9 MB runs",
    keep: async (engine, app) => {
      const id = newId();
      const text = "x".repeat(2_900_000);
      await app.send({ name: "one", id, data: { text } });
      const { event } = await untilFirst(engine, id);
      expect(event.data.text === text).toBe(true);
    },
  },
  {
    title: "all of a batch in one send run, each once",
    keep: async (engine, app) => {
      const works = some(100);
      await app.send(...works);
      await expectOnce(engine, app, works);
    },
  },
  {
    title: "all of a burst of 500 run, each once",
    keep: async (engine, app) => {
      const works = some(500);
      const parts = Array.from({ length: 50 }, (_, n) => works.slice(n * 10, n * 10 + 10));
      await Promise.all(parts.map((part) => app.send(...part)));
      await expectOnce(engine, app, works);
    },
  },
];
