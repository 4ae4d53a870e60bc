import { NonRetriableError, RetryAfterError } from "inngest";
import { afterEach, describe, expect, it, vi } from "vitest";
import { clock } from "@/lib/clock";
import { newId } from "@/lib/id";
import { type Engine, type EngineOptions, mostWaiting } from "./engine";
import { createApp, makeGate, until } from "./testing";

const engines: Engine[] = [];

afterEach(async () => {
  vi.useRealTimers();
  await Promise.all(engines.splice(0).map((engine) => engine.stop(0)));
});

type Call = { id: string; attempt: number; at: number };
type Settings = Omit<EngineOptions, "handler"> & { retries?: 0 | 2; isStarted?: boolean };

/** f runs on a/b and a/f and does what `body` does; g runs on a/b and a/c. */
async function start(
  body: (call: Call) => Promise<void> | void = () => {},
  { retries = 0, isStarted = true, ...options }: Settings = {},
) {
  const calls: Call[] = [];
  const others: Call[] = [];
  const app = createApp(
    (client) => [
      client.createFunction(
        { id: "f", triggers: [{ event: "a/b" }, { event: "a/f" }], retries },
        async ({ event, attempt }) => {
          const call = { id: event.id ?? "", attempt, at: performance.now() };
          calls.push(call);
          await body(call);
        },
      ),
      client.createFunction(
        { id: "g", triggers: [{ event: "a/c" }, { event: "a/b" }], retries },
        async ({ event, attempt }) => {
          others.push({ id: event.id ?? "", attempt, at: performance.now() });
        },
      ),
    ],
    options,
  );
  engines.push(app.engine);
  if (isStarted) await app.engine.start();
  return { ...app, calls, others };
}

const idsOf = (calls: Call[]) => calls.map(({ id }) => id);
const nowMs = () => Math.ceil(clock().nowMs());

describe("an event", () => {
  it("runs each function that wants it once", async () => {
    const { client, calls, others } = await start();
    const ids = Array.from({ length: 50 }, newId);
    expect((await client.send(ids.map((id) => ({ name: "a/b", id })))).ids).toEqual(ids);
    await client.send({ name: "a/c", id: "last" });
    await until(() => others.some(({ id }) => id === "last"));
    expect(idsOf(calls)).toEqual(ids);
    expect(idsOf(others)).toEqual([...ids, "last"]);
  });

  it("with a known id runs nothing again, in the same send or later", async () => {
    const { client, calls } = await start();
    const same = { name: "a/f", id: "same" };
    await client.send([same, same]);
    await until(() => calls.length > 0);
    await client.send([same, { name: "a/f", id: "after" }]);
    await until(() => calls.some(({ id }) => id === "after"));
    expect(idsOf(calls)).toEqual(["same", "after"]);
  });

  it("that comes before the start runs after it", async () => {
    const { client, engine, calls } = await start(undefined, { isStarted: false });
    await client.send({ name: "a/f", id: "early" });
    expect(engine.queued).toBe(1);
    await engine.start();
    await until(() => calls.length === 1);
    expect(engine.queued).toBe(0);
  });

  it("by the thousand never runs more at once than the concurrency allows", async () => {
    let running = 0;
    let most = 0;
    const body = async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, 1));
      running -= 1;
    };
    const { client, calls } = await start(body, { concurrency: 20 });
    await client.send(Array.from({ length: 1_500 }, () => ({ name: "a/f" })));
    await until(() => calls.length === 1_500 && running === 0, 20_000);
    expect(most).toBe(20);
  });

  it("is not held up by a run that hangs", async () => {
    const { client, calls } = await start(({ id }) =>
      id === "stuck" ? makeGate().gate : undefined,
    );
    await client.send({ name: "a/f", id: "stuck" });
    await client.send({ name: "a/f", id: "next" });
    await until(() => calls.length === 2);
  });
});

describe("the fetch", () => {
  it("answers a registration, refuses what is malformed, and 404 to all else", async () => {
    const { engine } = await start(undefined, { isStarted: false });
    const register = await engine.fetch(new URL("http://x/fn/register"), { method: "POST" });
    expect(await register.json()).toMatchObject({ ok: true });
    const malformed = await engine.fetch("http://x/e/key", { method: "POST", body: "{" });
    expect(malformed.status).toBe(400);
    expect(await malformed.json()).toMatchObject({ ids: [], error: "the body is not JSON" });
    const other = await engine.fetch(new Request("http://x/v1/checkpoint", { method: "POST" }));
    expect(other.status).toBe(404);
    expect((await engine.fetch("http://x/e/key")).status).toBe(404);
  });
});

describe("a time", () => {
  it("to come is kept, in its order and never early; one in the past is now", async () => {
    const { client, calls } = await start();
    const dueMs = nowMs() + 300;
    const times = [21, 7, 0, 14].map((n) => ({ name: "a/f", id: `l${n}`, ts: dueMs + n }));
    const early: string[] = [];
    await client.send([...times, { name: "a/f", id: "past", ts: 1 }]);
    await until(() => {
      if (clock().nowMs() < dueMs) early.push(...idsOf(calls).slice(1));
      return calls.length === 5;
    });
    expect(early).toEqual([]);
    expect(idsOf(calls)).toEqual(["past", "l0", "l7", "l14", "l21"]);
  });

  it("does not depend on this machine's clock", async () => {
    const { client, calls } = await start();
    for (const hours of [5, -5]) {
      const ts = nowMs() + 300;
      vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + hours * 3_600_000 });
      await client.send({ name: "a/f", id: `now${hours}` });
      await client.send({ name: "a/f", id: `later${hours}`, ts });
      await until(() => calls.some(({ id }) => id === `now${hours}`), 2_000);
      await until(() => calls.some(({ id }) => id === `later${hours}`), 3_000);
      expect(clock().nowMs()).toBeGreaterThanOrEqual(ts);
      vi.useRealTimers();
    }
    expect(idsOf(calls)).toEqual(["now5", "later5", "now-5", "later-5"]);
  });
});

describe("an alarm too many", () => {
  it("is forgotten, and heard when it is sent again", async () => {
    const { client, engine, calls } = await start(undefined, { isStarted: false });
    const later = (n: number) => ({ name: "a/f", id: `${n}`, ts: nowMs() + 3_600_000 });
    for (const first of [0, 5_000])
      await client.send(Array.from({ length: 5_000 }, (_, n) => later(first + n)));
    await client.send({ ...later(-1), ts: nowMs() + 7_200_000 });
    expect(engine.queued).toBe(mostWaiting);
    await client.send({ name: "a/f", id: "-1" });
    await engine.start();
    await until(() => idsOf(calls).includes("-1"));
  });
});

describe("a function that fails", () => {
  it("is tried again after growing delays, told the attempt, then no more", async () => {
    const { client, calls, engine } = await start(
      ({ attempt }) => {
        throw new Error(`no luck ${attempt}`);
      },
      { retries: 2, backoffMs: [50, 150] },
    );
    await client.send({ name: "a/f" });
    await until(() => calls.length === 3 && engine.queued === 0);
    expect(calls.map(({ attempt }) => attempt)).toEqual([0, 1, 2]);
    const [first, second, third] = calls.map(({ at }) => at);
    expect((second ?? 0) - (first ?? 0)).toBeGreaterThanOrEqual(50);
    expect((third ?? 0) - (second ?? 0)).toBeGreaterThanOrEqual(150);
  });

  it("with a RetryAfterError is tried again then, not by the table", async () => {
    const { client, calls } = await start(
      ({ attempt }) => {
        if (attempt === 0) throw new RetryAfterError("later", "1s");
      },
      { retries: 2, backoffMs: [60_000] },
    );
    await client.send({ name: "a/f" });
    await until(() => calls.length === 2);
    expect((calls[1]?.at ?? 0) - (calls[0]?.at ?? 0)).toBeGreaterThanOrEqual(999);
  });

  it("with a NonRetriableError is not tried again", async () => {
    const { client, calls } = await start(
      ({ id }) => {
        if (id === "never") throw new NonRetriableError("never");
      },
      { retries: 2, backoffMs: [0] },
    );
    await client.send({ name: "a/f", id: "never" });
    await until(() => calls.length === 1);
    await client.send({ name: "a/f", id: "sentinel", ts: nowMs() + 50 });
    await until(() => idsOf(calls).includes("sentinel"));
    expect(idsOf(calls)).toEqual(["never", "sentinel"]);
  });
});

describe("stop", () => {
  it("waits for what runs and begins nothing new", async () => {
    const { gate, open } = makeGate();
    const { client, engine, calls } = await start(() => gate);
    await client.send({ name: "a/f", id: "slow" });
    await until(() => calls.length === 1);
    let isStopped = false;
    const stopped = engine.stop(10_000).then(() => (isStopped = true));
    await client.send({ name: "a/f", id: "new" });
    expect(isStopped).toBe(false);
    open();
    await stopped;
    expect(idsOf(calls)).toEqual(["slow"]);
  });

  it("ends in time whatever runs", async () => {
    const { client, engine, calls } = await start(() => makeGate().gate);
    await client.send({ name: "a/f" });
    await until(() => calls.length === 1);
    const askedAtMs = performance.now();
    await engine.stop(100);
    expect(performance.now() - askedAtMs).toBeLessThan(1_000);
  });
});

describe("start", () => {
  it("refuses options it does not have, naming function and option", async () => {
    const { engine } = createApp((client) => [
      client.createFunction(
        { id: "f", triggers: [{ event: "a/b" }], concurrency: 1 },
        async () => {},
      ),
    ]);
    await expect(engine.start()).rejects.toThrow('concurrency (function "test-f")');
  });
});
