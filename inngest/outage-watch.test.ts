import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { connect } from "@/db/client";
import { createTestDatabase } from "@/db/testing";
import { openRelay, type Relay } from "@/test/kit/relay";
import { healthRule } from "@/lib/events/health-events";
import { useDatabase, useEnv } from "@/lib/testing";
import { OutageWatch, tickMs } from "./outage-watch";

useEnv();
const database = await createTestDatabase();
const { sql } = database;
useDatabase(database);
const ends: (() => Promise<void>)[] = [];
let relay: Relay;

beforeEach(async () => {
  await sql`truncate events cascade`;
  await sql`delete from installation where key = 'database_away'`;
  relay = await openRelay(database.url);
  ends.push(async () => relay.close());
});
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});
afterAll(() => database.close());

/** A process that reaches the database by the relay, and gives it up soon. */
function openWatch(): OutageWatch {
  const pool = connect(relay.url, { max: 1, statementTimeoutMs: 300 });
  ends.push(pool.close);
  return new OutageWatch(pool.sql);
}

const ticksOfOutage = healthRule.databaseAwayMs / tickMs;
function passTicks(watch: OutageWatch, count: number): void {
  for (let n = 0; n < count; n += 1) watch.tick();
}

async function readTold(): Promise<Record<string, unknown>[]> {
  const rows = await sql<{ body: string }[]>`select body from events order by id`;
  return rows.map(({ body }) => JSON.parse(body).data.current);
}

describe("a watch", () => {
  it("tells that the database was away for 5 s, once it is back", async () => {
    const watch = openWatch();
    await watch.look();
    relay.freeze();
    const beganAt = Date.now();
    const look = watch.look();
    passTicks(watch, ticksOfOutage);
    await look;
    await watch.look();
    expect(await readTold()).toEqual([]);
    relay.thaw();
    await watch.look();
    await watch.look();
    const told = await readTold();
    expect(told).toMatchObject([{ reason: "database_away" }]);
    expect(Math.abs(Date.parse(String(told[0]?.since)) - beganAt)).toBeLessThan(200);
    expect(Math.abs(Date.parse(String(told[0]?.until)) - Date.now())).toBeLessThan(1_000);
  });

  it("says nothing of less, nor of the time it stood still itself", async () => {
    const watch = openWatch();
    relay.freeze();
    const look = watch.look();
    passTicks(watch, ticksOfOutage - 1);
    await look;
    relay.thaw();
    await watch.look();
    passTicks(watch, ticksOfOutage);
    await watch.look();
    expect(await readTold()).toEqual([]);
  });

  it("of each of two processes sees an outage that is told once", async () => {
    const watches = [openWatch(), openWatch()];
    relay.freeze();
    const looks = watches.map((watch) => watch.look());
    for (const watch of watches) passTicks(watch, ticksOfOutage);
    await Promise.all(looks);
    relay.thaw();
    await Promise.all(watches.map((watch) => watch.look()));
    expect(await readTold()).toHaveLength(1);
  });

  it("tells it at a later look when it could not be written at once", async () => {
    const watch = openWatch();
    relay.freeze();
    const look = watch.look();
    passTicks(watch, ticksOfOutage);
    await look;
    relay.thaw();
    await sql`alter table events rename to events_away`;
    await expect(watch.look()).rejects.toThrow("events");
    await sql`alter table events_away rename to events`;
    await watch.look();
    expect(await readTold()).toHaveLength(1);
  });
});
