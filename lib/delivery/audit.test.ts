import { afterAll, beforeEach, describe, expect, it, vi } from "vitest";
import { createTestDatabase } from "@/db/testing";
import { newId } from "@/lib/id";
import { log } from "@/lib/log";
import { addDeliveries, addWebhook, endDeliveries } from "@/lib/testing";
import { audit, readAudit } from "./audit";

const database = await createTestDatabase();
const { sql } = database;
const settings = { isEnabled: true, patienceMs: 60_000 };
const noKinds = { unattended: 0, lost_claim: 0, orphaned: 0 };
let webhookId = "";

beforeEach(async () => {
  await sql`truncate webhook_subscriptions, events, installation cascade`;
  webhookId = await addWebhook(sql);
});
afterAll(() => database.close());

/** Two looks, 70 s apart as far as the stored one knows. */
async function auditTwice(given = settings) {
  await audit(sql, given);
  await age(70);
  return audit(sql, given);
}

/** Makes the last look so much older. */
async function age(seconds: number): Promise<void> {
  const [row] = await sql<{ value: string }[]>`
    select value from installation where key = 'audit'`;
  const earlier = (at: string) => new Date(Date.parse(at) - seconds * 1_000).toISOString();
  const seen = JSON.parse(row?.value ?? "");
  const findings = seen.findings.map((one: { since: string }) => ({
    ...one,
    since: earlier(one.since),
  }));
  const value = JSON.stringify({ checked_at: earlier(seen.checked_at), findings });
  await sql`update installation set value = ${value} where key = 'audit'`;
}

const setState = (state: string, reason: string | null = null) => sql`
  update webhook_subscriptions set state = ${state}, disabled_reason = ${reason}`;
const setLane = (lease: string) => sql`
  update webhook_lanes set holder = ${newId()}, lease_until = now() + ${lease}::interval`;
const claim = (id: string, until: string) => sql`
  update webhook_deliveries set attempts = attempts + 1, claimed_until = now() + ${until}::interval
  where id = ${id}`;

describe("a mismatch", () => {
  it.each([
    ["nobody looks after it", () => sql`select 1`],
    ["its holder died", () => setLane("-1 s")],
    ["bells were rung in vain", () => sql`update webhook_lanes set bell_at = now()`],
    ["its webhook has no lane", () => sql`delete from webhook_lanes`],
  ])("is a lane with due work when %s", async (_, change) => {
    await addDeliveries(sql, webhookId, { dueMsAgo: 1_000 });
    await change();
    expect(await auditTwice()).toMatchObject({
      mismatches: 1,
      kinds: { ...noKinds, unattended: 1 },
    });
  });

  it.each([
    ["ran out", "-1 s", "active"],
    ["never ends", "1 day", "active"],
    ["ran out", "-1 s", "paused"],
    ["ran out", "-1 s", "deleted"],
  ])("is a claim that %s (%s), of a webhook that is %s", async (_, until, state) => {
    const [id = ""] = await addDeliveries(sql, webhookId);
    await claim(id, until);
    await setLane("10 s");
    await setState(state);
    expect(await auditTwice()).toMatchObject({
      mismatches: 1,
      kinds: { ...noKinds, lost_claim: 1 },
    });
  });

  it.each([
    ["deleted", null],
    ["disabled", "gone"],
  ])("is what waits for a webhook that is %s (%s)", async (state, reason) => {
    await addDeliveries(sql, webhookId, { dueMsAgo: -60_000 });
    await setState(state, reason);
    expect(await auditTwice()).toMatchObject({
      mismatches: 1,
      kinds: { ...noKinds, orphaned: 1 },
    });
  });

  it("is counted once for each lane and kind, and over all lanes", async () => {
    await addDeliveries(sql, webhookId, { count: 5 });
    const [lost = ""] = await addDeliveries(sql, webhookId);
    await claim(lost, "-1 s");
    await addDeliveries(sql, await addWebhook(sql), { count: 5 });
    await addDeliveries(sql, await addWebhook(sql, { state: "deleted" }), { count: 5 });
    const found = await auditTwice();
    expect(found).toMatchObject({
      mismatches: 4,
      kinds: { unattended: 2, lost_claim: 1, orphaned: 1 },
    });
    expect(await readAudit(sql)).toEqual(found);
  });

  it("is told at error level when it is new, with its lane", async () => {
    const error = vi.spyOn(log, "error").mockReturnValue();
    await addDeliveries(sql, webhookId);
    await auditTwice();
    expect(error.mock.calls).toEqual([
      ["webhook lanes stand still: unattended", { count: 1, lanes: webhookId }],
    ]);
    await age(30);
    expect((await audit(sql, settings)).mismatches).toBe(1);
    expect(error).toHaveBeenCalledTimes(1);
    error.mockRestore();
  });

  it("is over as soon as the lane moves", async () => {
    const [id = ""] = await addDeliveries(sql, webhookId);
    await auditTwice();
    await claim(id, "40 s");
    expect((await audit(sql, settings)).mismatches).toBe(0);
  });
});

describe("no mismatch", () => {
  it("is what a first look finds, or one that is not so long ago", async () => {
    expect(await readAudit(sql)).toBeNull();
    await addDeliveries(sql, webhookId, { dueMsAgo: 3_600_000 });
    expect((await audit(sql, settings)).mismatches).toBe(0);
    await age(50);
    expect((await audit(sql, settings)).mismatches).toBe(0);
    await age(20);
    expect((await audit(sql, settings)).mismatches).toBe(1);
  });

  it("is what was found before this service or its database was away", async () => {
    await addDeliveries(sql, webhookId);
    await audit(sql, settings);
    await age(3_600);
    expect((await audit(sql, settings)).mismatches).toBe(0);
  });

  it("is a lane that moved between the looks", async () => {
    const ids = await addDeliveries(sql, webhookId, { count: 2 });
    await audit(sql, settings);
    await age(70);
    await endDeliveries(sql, ids.slice(0, 1));
    expect((await audit(sql, settings)).mismatches).toBe(0);
  });

  it("is an attempt that was made between the looks", async () => {
    await addDeliveries(sql, webhookId);
    await audit(sql, settings);
    await age(70);
    await sql`update webhook_deliveries set attempts = attempts + 1`;
    expect((await audit(sql, settings)).mismatches).toBe(0);
  });

  it.each<[string, (ids: string[]) => Promise<unknown>]>([
    ["delivered", (ids) => endDeliveries(sql, ids)],
    ["failed", (ids) => endDeliveries(sql, ids, "failed")],
    [
      "cancelled, its webhook deleted",
      async (ids) => {
        await endDeliveries(sql, ids, "cancelled");
        await setState("deleted");
      },
    ],
    [
      "waiting for its next try",
      () => sql`
      update webhook_deliveries set attempts = 1, next_attempt_at = now() + interval '20 hours'`,
    ],
    ["waiting behind a live holder", () => setLane("10 s")],
    ["under way", ([id = ""]) => claim(id, "40 s")],
    [
      "under way, its holder dead",
      async ([id = ""]) => {
        await claim(id, "300 s");
        await setLane("-5 s");
      },
    ],
    [
      "under way, its webhook deleted meanwhile",
      async ([id = ""]) => {
        await claim(id, "40 s");
        await setState("deleted");
      },
    ],
    ["held by a paused webhook", () => setState("paused")],
    ["held by a disabled webhook", () => setState("disabled", "failing")],
  ])("is a delivery that is %s", async (_, change) => {
    const ids = await addDeliveries(sql, webhookId, { dueMsAgo: 3_600_000 });
    await change(ids);
    expect(await auditTwice()).toMatchObject({ mismatches: 0, kinds: noKinds });
  });

  it("is anything due while nothing is to be sent at all", async () => {
    await addDeliveries(sql, webhookId, { dueMsAgo: 3_600_000 });
    const found = await auditTwice({ ...settings, isEnabled: false });
    expect(found).toMatchObject({ mismatches: 0, kinds: noKinds });
  });

  it("can be a delivery without an end or a next time: no such row can be written", async () => {
    await addDeliveries(sql, webhookId);
    for (const change of [
      sql`update webhook_deliveries set next_attempt_at = null`,
      sql`update webhook_deliveries set status = 'success'`,
      sql`update webhook_deliveries set status = 'failed', next_attempt_at = null,
        claimed_until = now()`,
    ])
      await expect(change).rejects.toThrow(/violates check constraint/);
  });
});
