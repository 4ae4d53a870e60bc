import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import postgres from "postgres";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { clientOptions, connect } from "./client";
import { createTestDatabase } from "./testing";
import { openRelay, type Relay } from "@/test/kit/relay";

const database = await createTestDatabase();
const ends: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

afterAll(() => database.close());

/** Beyond this everything must have been answered: the time-out, the second look, and some slack. */
const limits = { statementTimeoutMs: 500 };
const silenceMs = 2_000;
const connectMs = 1_000;
const slackMs = 1_000;

async function relayTo(url: string): Promise<Relay> {
  const relay = await openRelay(url);
  ends.push(async () => relay.close());
  return relay;
}

function openPool(url: string, given: { max?: number; statementTimeoutMs?: number } = limits) {
  const options = clientOptions({ ...limits, ...given });
  const sql = postgres(url, { ...options, connect_timeout: connectMs / 1_000 });
  ends.push(() => sql.end({ timeout: 1 }));
  return sql;
}

/** How it ended, "hangs" if it did not, and after how long. */
async function settle(promise: PromiseLike<unknown>): Promise<{ end: string; ms: number }> {
  const beganAt = performance.now();
  const end = await Promise.race([
    promise.then(
      () => "done",
      (error: unknown) =>
        error instanceof Error && "code" in error ? String(error.code) : String(error),
    ),
    delay(10_000, "hangs", { ref: false }),
  ]);
  return { end, ms: performance.now() - beganAt };
}

const endsOf = (settled: { end: string }[]) =>
  [...new Set(settled.map(({ end }) => end))].toSorted();
const longestOf = (settled: { ms: number }[]) => Math.max(...settled.map(({ ms }) => ms));

describe("a pool whose server falls silent", () => {
  it("refuses whatever was asked of it, in time, and works when the server goes on", async () => {
    const relay = await relayTo(database.url);
    const sql = openPool(relay.url, { max: 10 });
    await Promise.all(Array.from({ length: 10 }, () => sql`select pg_sleep(0.05)`));
    relay.freeze();
    const asked = Array.from({ length: 50 }, (_, n) =>
      settle(
        n % 3 === 0
          ? sql.begin(async (tx) => {
              await tx`select ${n}::int`;
              await tx.savepoint((inner) => inner`select 2`);
            })
          : sql`select ${n}::int`,
      ),
    );
    const settled = await Promise.all(asked);
    for (const end of endsOf(settled)) expect(end).toMatch(/^CONNECTION_(SILENT|CLOSED)$/);
    expect(longestOf(settled)).toBeLessThan(silenceMs + slackMs);

    relay.thaw();
    expect(await settle(sql`select 1`)).toMatchObject({ end: "done" });
    const after = await Promise.all(Array.from({ length: 50 }, () => settle(sql`select 1`)));
    expect(endsOf(after)).toEqual(["done"]);
    expect(await settle(sql.begin((tx) => tx`select 1`))).toMatchObject({ end: "done" });
  });

  it("refuses at once while it is known to be silent, save the one statement that asks again", async () => {
    const relay = await relayTo(database.url);
    const sql = openPool(relay.url, { max: 10 });
    relay.freeze();
    const first = await Promise.all(Array.from({ length: 50 }, () => settle(sql`select 1`)));
    expect(endsOf(first)).toEqual(["CONNECT_TIMEOUT"]);
    expect(longestOf(first)).toBeLessThan(connectMs + slackMs);

    const accepted = relay.accepted();
    const asking = settle(sql`select 1`);
    const others = await Promise.all(Array.from({ length: 50 }, () => settle(sql`select 1`)));
    expect(endsOf(others)).toEqual(["CONNECT_TIMEOUT"]);
    expect(longestOf(others)).toBeLessThan(200);
    expect(await asking).toMatchObject({ end: "CONNECT_TIMEOUT" });
    expect(relay.accepted() - accepted, "one connection asks").toBe(1);

    const asksThroughTheThaw = settle(sql`select 1`);
    await delay(connectMs / 2);
    relay.thaw();
    expect(await asksThroughTheThaw).toMatchObject({ end: "done" });
    const after = await Promise.all(Array.from({ length: 50 }, () => settle(sql`select 1`)));
    expect(endsOf(after)).toEqual(["done"]);
  });

  it("does not give up a transaction that the server still works on", async () => {
    const sql = openPool(database.url, { statementTimeoutMs: 1_000 });
    const long = await settle(
      sql.begin(async (tx) => {
        for (let n = 0; n < 4; n += 1) await tx`select pg_sleep(0.8)`;
      }),
    );
    expect(long).toMatchObject({ end: "done" });
    expect(await settle(sql`select pg_sleep(5)`), "PostgreSQL ended it").toMatchObject({
      end: "57014",
    });
  });

  it("leaves connections alone that wait for nothing, and those that listen", async () => {
    const relay = await relayTo(database.url);
    const sql = openPool(relay.url, { max: 1 });
    const heard: string[] = [];
    await sql.listen("silent_test", (text) => heard.push(text));
    await sql`select 1`;
    const accepted = relay.accepted();
    await delay(silenceMs + 500);
    await sql`select pg_notify('silent_test', 'still there')`;
    const deadline = performance.now() + 5_000;
    while (heard.length === 0 && performance.now() < deadline) await delay(10);
    expect(heard).toEqual(["still there"]);
    expect(relay.accepted()).toBe(accepted);
  });

  it("does not blame the server for a time in which this process itself stood still", async () => {
    const sql = openPool(database.url, { max: 1 });
    const [before] = await sql`select pg_backend_pid() as pid`;
    const asked = settle(sql`select pg_sleep(0.1), pg_backend_pid() as pid`);
    await delay(20);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, silenceMs + 500);
    expect(await asked).toMatchObject({ end: "done" });
    expect(await sql`select pg_backend_pid() as pid`).toEqual([before]);
  });

  it("is refused as a whole, in a transaction and outside of one", async () => {
    const relay = await relayTo(database.url);
    const pools = connect(relay.url, limits);
    ends.push(() => pools.close());
    await pools.orm.execute("select 1");
    relay.freeze();
    const settled = await Promise.all([
      settle(pools.begin(({ sql }) => sql`select 1`)),
      settle(pools.orm.execute("select 1")),
    ]);
    for (const { end, ms } of settled) {
      expect(end).not.toBe("hangs");
      expect(ms).toBeLessThan(6_000);
    }
    const closing = await settle(pools.close());
    expect(closing).toMatchObject({ end: "done" });
  });
});

async function findClosedPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo; // it listens on TCP
  server.close();
  await once(server, "close");
  return port;
}

describe("a pool whose server is gone", () => {
  it("refuses all who wait as soon as one connection was refused", async () => {
    const url = new URL(database.url);
    url.port = String(await findClosedPort());
    const sql = openPool(url.toString(), { max: 10 });
    for (let round = 0; round < 2; round += 1) {
      const settled = await Promise.all(Array.from({ length: 1_000 }, () => settle(sql`select 1`)));
      expect(endsOf(settled)).toEqual(["ECONNREFUSED"]);
      expect(longestOf(settled)).toBeLessThan(1_000);
    }
  });

  it("asks each of several servers once, and takes the one that is there", async () => {
    const { host, hostname, port } = new URL(database.url);
    const others = [await findClosedPort(), await findClosedPort()];
    const urlOf = (ports: (number | string)[]) =>
      database.url.replace(host, ports.map((one) => `${hostname}:${one}`).join());
    const none = openPool(urlOf(others), { max: 2 });
    for (let round = 0; round < 2; round += 1) {
      const refused = await Promise.all([1, 2, 3].map((n) => settle(none`select ${n}::int`)));
      expect(endsOf(refused)).toEqual(["ECONNREFUSED"]);
    }
    const one = openPool(urlOf([...others, port]), { max: 2 });
    expect(await settle(one`select 1`)).toMatchObject({ end: "done" });
  });

  it("keeps those waiting who can be served when only further connections are refused", async () => {
    const role = `few_${Date.now()}`;
    await database.sql.unsafe(`create role ${role} login connection limit 2 password 'few'`);
    ends.push(() => database.sql.unsafe(`drop role ${role}`));
    const url = new URL(database.url);
    url.username = role;
    url.password = "few";
    const sql = openPool(url.toString(), { max: 5 });
    ends.push(() => sql.end({ timeout: 1 }));
    await sql`select 1`;
    const settled = await Promise.all(
      Array.from({ length: 30 }, () => settle(sql.begin((tx) => tx`select pg_sleep(0.02)`))),
    );
    const refused = settled.filter(({ end }) => end !== "done");
    expect(endsOf(refused)).toEqual(["53300"]);
    expect(refused.length, "no more than asked for a connection of their own").toBeLessThan(20);
  });
});
