import { NonRetriableError, RetryAfterError } from "inngest";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import type { Database } from "@/db/client";
import { createTestDatabase } from "@/db/testing";
import { newId } from "@/lib/id";
import type { Engine, EngineOptions } from "./engine";
import { createApp, makeGate, readRuns, until } from "./testing";

let database: Database & { url: string };
const engines: Engine[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
});
afterEach(async () => {
  vi.useRealTimers();
  await Promise.all(engines.splice(0).map((engine) => engine.stop(0)));
  await database.sql`truncate engine_runs`;
});
afterAll(() => database.close());

type Call = { id: string; attempt: number; at: number };
type Made = ReturnType<typeof createApp> & { calls: Call[]; others: Call[] };

type Settings = Partial<EngineOptions> & { retries?: 0 | 2; isStarted?: boolean };

/** Two functions on a/b, f also on a/f and g on a/c; what `body` does, f does. */
async function start(
  body: (call: Call) => Promise<void> | void = () => {},
  { retries = 0, isStarted = true, ...options }: Settings = {},
): Promise<Made> {
  const calls: Call[] = [];
  const others: Call[] = [];
  const app = createApp(
    database.sql,
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
const nowMs = async () => {
  const [row] = await database.sql<{ ms: number }[]>`
    select extract(epoch from clock_timestamp())::float8 * 1000 as ms`;
  return row?.ms ?? 0;
};
const isEnded = async (id: string) =>
  (await readRuns(database.sql, id)).every(({ status }) => /completed|failed/.test(status));

describe("an event", () => {
  it("runs each function that wants it once", async () => {
    const { client, calls, others } = await start();
    const ids = Array.from({ length: 50 }, newId);
    const sent = await client.send(ids.map((id) => ({ name: "a/b", id })));
    expect(sent.ids).toEqual(ids);
    await client.send({ name: "a/c", id: "last" });
    await until(() => calls.length >= 50 && others.length >= 51);
    await until(() => isEnded("last"));
    expect(idsOf(calls).toSorted()).toEqual(ids.toSorted());
    expect(idsOf(others).toSorted()).toEqual([...ids, "last"].toSorted());
  });

  it("is committed when the answer comes", async () => {
    const { client } = await start(undefined, { isStarted: false });
    await client.send({ name: "a/b", id: "one" });
    expect(await readRuns(database.sql, "one")).toMatchObject([
      { status: "queued" },
      { status: "queued" },
    ]);
  });

  it("without an id gets one", async () => {
    const { client, calls } = await start();
    const { ids } = await client.send([{ name: "a/b" }, { name: "a/b" }]);
    await until(() => calls.length === 2);
    expect(idsOf(calls).toSorted()).toEqual(ids.toSorted());
  });

  it("that no function wants is accepted and leaves nothing", async () => {
    const { client } = await start();
    expect((await client.send({ name: "no/one", id: "n" })).ids).toEqual(["n"]);
    expect(await readRuns(database.sql, "n")).toEqual([]);
  });

  it("with a known id runs nothing again, in the same send or later", async () => {
    const { client, calls } = await start();
    await client.send([
      { name: "a/b", id: "same" },
      { name: "a/b", id: "same" },
    ]);
    await until(() => calls.length > 0 && isEnded("same"));
    await client.send([
      { name: "a/b", id: "same" },
      { name: "a/b", id: "after" },
    ]);
    await until(() => calls.some(({ id }) => id === "after"));
    expect(idsOf(calls)).toEqual(["same", "after"]);
  });

  it("is called without waiting for a poll, when idle and when the process was full", async () => {
    const { client, calls } = await start(undefined, { pollMs: 60_000, concurrency: 2 });
    await client.send({ name: "a/b", id: "idle" });
    await until(() => calls.length === 1, 2_000);
    await client.send(Array.from({ length: 20 }, () => ({ name: "a/b" })));
    await until(() => calls.length === 21, 2_000);
  });

  it("by the thousand is stored at once and runs once", async () => {
    const { client, calls } = await start();
    const { ids } = await client.send(Array.from({ length: 1_500 }, () => ({ name: "a/f" })));
    await until(() => calls.length >= 1_500, 20_000);
    await client.send({ name: "a/f", id: "sentinel" });
    await until(() => calls.some(({ id }) => id === "sentinel"));
    expect(new Set(idsOf(calls)).size).toBe(calls.length);
    expect(calls.length).toBe(ids.length + 1);
  });

  it("never runs more at once than the concurrency allows", async () => {
    let running = 0;
    let most = 0;
    const { client, calls } = await start(
      async () => {
        running += 1;
        most = Math.max(most, running);
        await new Promise((resolve) => setTimeout(resolve, 5));
        running -= 1;
      },
      { concurrency: 3 },
    );
    await Promise.all(Array.from({ length: 30 }, () => client.send({ name: "a/f" })));
    await until(() => calls.length === 30 && running === 0);
    expect(most).toBe(3);
  });

  it("that is malformed is refused with its reason", async () => {
    const { engine, client } = await start();
    const response = await engine.fetch("http://x/e/key", { method: "POST", body: "{" });
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({
      ids: [],
      status: 400,
      error: "the body is not JSON",
    });
    await expect(client.send({ name: "a/b", id: "x".repeat(300) })).rejects.toThrow("id:");
  });
});

describe("the fetch", () => {
  it("answers a registration, and 404 to all else", async () => {
    const { engine } = await start(undefined, { isStarted: false });
    const register = await engine.fetch(new URL("http://x/fn/register"), { method: "POST" });
    expect(await register.json()).toMatchObject({ ok: true });
    const other = await engine.fetch(new Request("http://x/v1/checkpoint", { method: "POST" }));
    expect(other.status).toBe(404);
    expect((await engine.fetch("http://x/e/key")).status).toBe(404);
  });
});

describe("a time", () => {
  it("in the future is kept, never early", async () => {
    const { gate, open } = makeGate();
    const { client, calls } = await start(() => gate, { pollMs: 60_000, leaseMs: 15_000 });
    const ts = Math.ceil(await nowMs()) + 400;
    const later = Array.from({ length: 5 }, (_, n) => ({
      name: "a/f",
      id: `l${n}`,
      ts: ts + 7 * n,
    }));
    await client.send(later);
    await client.send({ name: "a/f", id: "now" });
    await until(() => calls.length === 6);
    expect(idsOf(calls)).toEqual(["now", "l0", "l1", "l2", "l3", "l4"]);
    // A claim sets the lease from its own time on.
    const claims = await database.sql<{ id: string; claimedAtMs: number }[]>`
      select event_id as id, extract(epoch from lease_until)::float8 * 1000 - 15000 as "claimedAtMs"
      from engine_runs where event_id <> 'now' order by 1`;
    open();
    expect(claims.length).toBe(5);
    for (const [n, claim] of claims.entries()) {
      expect(claim.claimedAtMs).toBeGreaterThanOrEqual(ts + 7 * n);
    }
  });

  it("in the past is now", async () => {
    const { client, calls } = await start();
    await client.send({ name: "a/b", id: "past", ts: 1 });
    await until(() => calls.length === 1);
  });

  it("does not depend on this machine's clock", async () => {
    const { client, calls } = await start(undefined, { pollMs: 60_000 });
    for (const hours of [5, -5]) {
      const ts = Math.ceil(await nowMs()) + 300;
      vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + hours * 3_600_000 });
      await client.send({ name: "a/b", id: `now${hours}` });
      await client.send({ name: "a/b", id: `later${hours}`, ts });
      await until(() => calls.some(({ id }) => id === `now${hours}`), 2_000);
      await until(() => calls.some(({ id }) => id === `later${hours}`), 3_000);
      expect(await nowMs()).toBeGreaterThanOrEqual(ts);
      vi.useRealTimers();
    }
    expect(idsOf(calls)).toEqual(["now5", "later5", "now-5", "later-5"]);
  });
});

describe("a function that fails", () => {
  it("is tried again after growing delays, told the attempt, then left with its last error", async () => {
    const { client, calls } = await start(
      ({ attempt }) => {
        throw new Error(`no luck ${attempt}`);
      },
      { retries: 2, backoffMs: [50, 150], pollMs: 60_000 },
    );
    await client.send({ name: "a/b", id: "bad" });
    await until(() => isEnded("bad"));
    expect(calls.map(({ attempt }) => attempt)).toEqual([0, 1, 2]);
    const [first, second, third] = calls.map(({ at }) => at);
    expect((second ?? 0) - (first ?? 0)).toBeGreaterThanOrEqual(50);
    expect((third ?? 0) - (second ?? 0)).toBeGreaterThanOrEqual(150);
    const failed = (await readRuns(database.sql, "bad")).find(({ status }) => status === "failed");
    expect(failed).toMatchObject({ attempt: 2, error: expect.stringContaining("no luck 2") });
  });

  it("and then does not is completed", async () => {
    const { client, calls } = await start(
      ({ attempt }) => {
        if (attempt === 0) throw new Error("no luck");
      },
      { retries: 2, backoffMs: [10] },
    );
    await client.send({ name: "a/b", id: "once" });
    await until(() => isEnded("once"));
    expect(calls.length).toBe(2);
    const runs = await readRuns(database.sql, "once");
    expect(runs.map(({ status, error }) => [status, error])).toEqual([
      ["completed", null],
      ["completed", null],
    ]);
  });

  it("with a RetryAfterError is tried again then, not by the table", async () => {
    const { client, calls } = await start(
      ({ attempt }) => {
        if (attempt === 0) throw new RetryAfterError("later", "1s");
      },
      { retries: 2, backoffMs: [60_000], pollMs: 60_000 },
    );
    await client.send({ name: "a/b", id: "after" });
    await until(() => calls.length === 2);
    expect((calls[1]?.at ?? 0) - (calls[0]?.at ?? 0)).toBeGreaterThanOrEqual(1_000);
  });

  it("with a NonRetriableError is not tried again", async () => {
    const { client, calls } = await start(
      () => {
        throw new NonRetriableError("never");
      },
      { retries: 2, backoffMs: [0] },
    );
    await client.send({ name: "a/b", id: "never" });
    await until(() => isEnded("never"));
    await client.send({ name: "a/b", id: "sentinel" });
    await until(() => isEnded("sentinel"));
    expect(calls.filter(({ id }) => id === "never").length).toBe(1);
  });
});

describe("stop", () => {
  it("waits for what runs and begins nothing new", async () => {
    const { gate, open } = makeGate();
    const { client, engine, calls } = await start(() => gate);
    await client.send({ name: "a/b", id: "slow" });
    await until(() => calls.length === 1);
    const stopped = engine.stop(10_000);
    await client.send({ name: "a/b", id: "new" });
    open();
    await stopped;
    expect(idsOf(calls)).toEqual(["slow"]);
    expect(await isEnded("slow")).toBe(true);
    expect((await readRuns(database.sql, "new")).map(({ status }) => status)).toEqual([
      "queued",
      "queued",
    ]);
  });

  it("gives back what does not end in time, at the same attempt", async () => {
    const a = await start(() => new Promise<void>(() => {}));
    await a.client.send({ name: "a/b", id: "stuck" });
    await until(() => a.calls.length === 1);
    await a.engine.stop(20);
    const b = await start();
    await until(() => b.calls.length === 1);
    expect(b.calls[0]).toMatchObject({ id: "stuck", attempt: 0 });
    await until(() => isEnded("stuck"));
  });

  it("leaves pending and delayed work to the next start", async () => {
    const a = await start();
    const ts = Math.ceil(await nowMs()) + 500;
    await a.client.send({ name: "a/b", id: "delayed", ts });
    await a.engine.stop(1_000);
    await a.client.send({ name: "a/b", id: "pending" });
    const b = await start();
    await until(() => b.calls.length === 2);
    expect(idsOf(b.calls)).toEqual(["pending", "delayed"]);
    expect(await nowMs()).toBeGreaterThanOrEqual(ts);
    expect(a.calls).toEqual([]);
  });
});

describe("start", () => {
  it("refuses options it does not have, naming function and option", async () => {
    const { engine } = createApp(database.sql, (client) => [
      client.createFunction(
        { id: "f", triggers: [{ event: "a/b" }], concurrency: 1 },
        async () => {},
      ),
    ]);
    await expect(engine.start()).rejects.toThrow('concurrency (function "test-f")');
  });
});

describe("health", () => {
  it("tells how much waits and for how long", async () => {
    const { client, engine } = await start(undefined, { isStarted: false });
    expect(await engine.health()).toEqual({ queued: 0, oldestDueAgeMs: null, lastTickAt: null });
    await client.send({ name: "a/c", ts: Math.ceil(await nowMs()) + 3_600_000 });
    expect(await engine.health()).toMatchObject({ queued: 1, oldestDueAgeMs: null });
    await client.send({ name: "a/c" });
    const health = await engine.health();
    expect(health.queued).toBe(2);
    expect(health.oldestDueAgeMs).toBeGreaterThanOrEqual(0);
    expect(health.oldestDueAgeMs).toBeLessThan(5_000);
  });
});

describe("runs that ended", () => {
  it("are deleted after a day, the last cron tick of a function excepted", async () => {
    const insert = (eventId: string, hours: number) => database.sql`
      insert into engine_runs (id, function_id, event_id, event, status, run_at, ended_at)
      values (${newId()}, 'f', ${eventId}, '{}', 'completed', now(), now() - ${hours} * interval '1 h')`;
    await insert("old", 25);
    await insert("cron:f:2026-01-01T00:00:00.000Z", 50);
    await insert("cron:f:2026-01-02T00:00:00.000Z", 25);
    await insert("young", 23);
    await start();
    await until(async () => (await readRuns(database.sql, "old")).length === 0);
    const left = await database.sql`select event_id from engine_runs order by 1`;
    expect(left.map((row) => row.event_id)).toEqual(["cron:f:2026-01-02T00:00:00.000Z", "young"]);
  });
});
