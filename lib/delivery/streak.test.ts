import { afterAll, beforeEach, describe, expect, it, vi } from "vitest";
import { connect } from "@/db/client";
import { createTestDatabase } from "@/db/testing";
import { log } from "@/lib/log";
import { addDeliveries, addWebhook } from "@/lib/testing";
import type { ClaimKey } from "./claim";
import { Settler, type Settlement } from "./settle";
import { settlementOf } from "./testing";

const database = await createTestDatabase();
const { sql } = database;
const settler = new Settler(sql);
const url = "http://127.0.0.1:9/webhook";
let webhookId = "";

beforeEach(async () => {
  await sql`truncate webhook_subscriptions, events cascade`;
  webhookId = await addWebhook(sql, { url });
});
afterAll(() => database.close());

/** So many deliveries, each with its first attempt under way. */
async function underWay({ count = 1, trigger = "automatic", lane = webhookId } = {}) {
  const ids = await addDeliveries(sql, lane, { count, trigger });
  await sql`update webhook_deliveries set attempts = 1, claimed_until = now() + interval '40 s'
    where id = any(${ids}::uuid[])`;
  return ids;
}

const success = (delivery_id: string) => settlementOf(delivery_id, { url });
const failure = (delivery_id: string, changes: Partial<Settlement> = {}): Settlement => ({
  ...settlementOf(delivery_id, { url }),
  outcome: "failure",
  status: "pending",
  delay_ms: 60_000,
  response_code: 500,
  ...changes,
  delivery_id,
});

/** All in one batch. */
const settle = (...settlements: Settlement[]) =>
  Promise.all(settlements.map((one) => settler.settle(one)));

type Lane = { failing_since: Date | null; failures_in_row: number; failing_told_at: Date | null };

async function readLane(id = webhookId): Promise<Lane> {
  const [lane] = await sql<Lane[]>`
    select failing_since, failures_in_row, failing_told_at from webhook_lanes
    where webhook_id = ${id}`;
  if (!lane) throw new Error("there is no lane");
  return lane;
}

const none = { failing_since: null, failures_in_row: 0, failing_told_at: null };

describe("the streak of a lane", () => {
  it("begins with a failure, grows with each, and ends with a success", async () => {
    const [a = "", b = "", c = "", d = "", e = ""] = await underWay({ count: 5 });
    await settle(failure(a));
    const first = await readLane();
    expect(Math.abs(Number(first.failing_since) - Date.now())).toBeLessThan(5_000);
    expect(first.failures_in_row).toBe(1);
    await settle(failure(b, { status: "failed" }), failure(c), failure(d));
    expect(await readLane()).toEqual({ ...first, failures_in_row: 4 });
    await sql`update webhook_lanes set failing_told_at = now()`;
    await settle(success(e));
    expect(await readLane()).toEqual(none);
  });

  it("is ended by a success in the midst of failures of one batch", async () => {
    const ids = await underWay({ count: 6 });
    await settle(failure(ids[0] ?? ""));
    await settle(...ids.slice(1).map((id, at) => (at === 2 ? success(id) : failure(id))));
    expect(await readLane()).toEqual(none);
  });

  it("counts neither what was interrupted or withdrawn nor a test that failed", async () => {
    const [a = "", b = ""] = await underWay({ count: 2 });
    const [test = ""] = await underWay({ trigger: "test" });
    await settle(
      failure(a, { outcome: "interrupted", delay_ms: 0 }),
      failure(test, { trigger: "test", status: "failed" }),
    );
    const [claim] = await sql<ClaimKey[]>`
      select id as delivery_id, attempts as attempt, claimed_until::text
      from webhook_deliveries where id = ${b}`;
    if (claim) await settler.withdraw(claim);
    expect(await readLane()).toEqual(none);
  });

  it("is ended by a test that arrives", async () => {
    const [a = ""] = await underWay();
    const [test = ""] = await underWay({ trigger: "test" });
    await settle(failure(a));
    await settle({ ...success(test), trigger: "test" });
    expect(await readLane()).toEqual(none);
  });

  it("knows nothing of what another URL answered", async () => {
    const [a = "", b = "", c = ""] = await underWay({ count: 3 });
    await sql`update webhook_subscriptions set url = 'http://127.0.0.1:9/new'`;
    await settle(failure(a));
    expect(await readLane()).toEqual(none);
    await settle(failure(b, { url: "http://127.0.0.1:9/new" }));
    await settle(success(c));
    expect((await readLane()).failures_in_row).toBe(1);
  });

  it("counts an attempt once, and none that was taken over", async () => {
    const [a = "", taken = ""] = await underWay({ count: 2 });
    await sql`update webhook_deliveries set attempts = 2 where id = ${taken}`;
    await settle(failure(a), failure(taken));
    await settle(failure(a));
    expect((await readLane()).failures_in_row).toBe(1);
  });

  it("is kept for each lane by itself", async () => {
    const other = await addWebhook(sql, { url });
    const [a = ""] = await underWay();
    const [b = ""] = await underWay({ lane: other });
    await settle(failure(a), success(b));
    expect((await readLane()).failures_in_row).toBe(1);
    expect(await readLane(other)).toEqual(none);
  });

  it("leaves the lane's row alone while all goes well", async () => {
    const version = () => sql`select xmin, ctid from webhook_lanes`;
    const before = await version();
    await settle(...(await underWay({ count: 20 })).map(success));
    expect(await version()).toEqual(before);
  });

  it("counts all that several processes settle at once, over many lanes, without a deadlock", async () => {
    const errors = vi.spyOn(log, "error");
    const lanes = await Promise.all(Array.from({ length: 40 }, () => addWebhook(sql, { url })));
    const others = [1, 2, 3].map(() => connect(database.url, { max: 1 }));
    const settlers = others.map((one) => new Settler(one.sql));
    const rounds = 15;
    for (let round = 0; round < rounds; round++) {
      const ids = await Promise.all(
        lanes.map((lane) => underWay({ lane, count: settlers.length })),
      );
      await Promise.all(
        settlers.flatMap((settler, place) =>
          ids
            .map((ofLane) => failure(ofLane[place] ?? ""))
            .toSorted(() => Math.random() - 0.5)
            .map((one) => settler.settle(one)),
        ),
      );
    }
    for (const one of others) await one.close();
    expect(errors).not.toHaveBeenCalled();
    const counts = await sql`
      select distinct failures_in_row from webhook_lanes where failures_in_row > 0`;
    expect(counts).toEqual([{ failures_in_row: rounds * settlers.length }]);
  });
});
