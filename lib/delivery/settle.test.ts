import postgres from "postgres";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { createTestDatabase, withDatabaseName } from "@/db/testing";
import { newId } from "@/lib/id";
import {
  addDeliveries,
  addWebhook,
  countDeliveries,
  eventually,
  pause,
  readAttempts,
  readDelivery,
} from "@/lib/testing";
import { claimDue, interruptClaims, type ClaimKey } from "./claim";
import { takeLane } from "./lane";
import { Settler, type Settlement } from "./settle";
import { settlementOf } from "./testing";

const database = await createTestDatabase();
const { sql } = database;
const settler = new Settler(sql);
let webhookId = "";

beforeEach(async () => {
  await sql`truncate webhook_subscriptions, events cascade`;
  webhookId = await addWebhook(sql);
});
afterAll(() => database.close());

/** So many deliveries, each with its next attempt claimed. */
async function claimed({ count = 1, trigger = "automatic" } = {}): Promise<string[]> {
  const ids = await addDeliveries(sql, webhookId, { count, trigger });
  await claimAll();
  return ids;
}

async function claimAll(): Promise<void> {
  const holder = newId();
  await sql`update webhook_lanes set lease_until = null where webhook_id = ${webhookId}`;
  await takeLane(sql, { webhookId, holder });
  const more = { most: 1000, timeoutMs: 30_000, after: null, newestFirst: false };
  await claimDue(sql, { webhookId, holder, ...more });
}

async function readClaim(id: string): Promise<ClaimKey> {
  const [claim] = await sql<ClaimKey[]>`
    select id as delivery_id, attempts as attempt, claimed_until::text
    from webhook_deliveries where id = ${id}`;
  if (!claim) throw new Error("there is no such delivery");
  return claim;
}

const failed: Partial<Settlement> = {
  outcome: "failure",
  status: "pending",
  delay_ms: 60_000,
  steps_used: 1,
  response_code: 500,
  response_body: "oh",
  error_message: "HTTP 500",
  error_class: "http_status",
};

describe("settle", () => {
  it("writes a success down, with its attempt", async () => {
    const [id = ""] = await claimed();
    await settler.settle(settlementOf(id));
    const row = { status: "success", attempts: 1, next_attempt_at: null, claimed_until: null };
    expect(await readDelivery(sql, id)).toMatchObject({ ...row, response_code: 200 });
    expect(await readAttempts(sql, id)).toEqual([
      expect.objectContaining({
        number: 1,
        outcome: "success",
        trigger: "automatic",
        response_code: 200,
        response_body: "fine",
        request_headers: { "X-Turbo-Attempt": "1" },
      }),
    ]);
  });

  it("makes a failure due again after its delay, automatically", async () => {
    const [id = ""] = await claimed({ trigger: "manual" });
    await settler.settle(settlementOf(id, { ...failed, trigger: "manual" }));
    const row = await readDelivery(sql, id);
    expect(row).toMatchObject({ status: "pending", steps_used: 1, trigger: "automatic" });
    expect(row.claimed_until).toBeNull();
    const waitMs = (row.next_attempt_at?.getTime() ?? 0) - Date.now();
    expect(waitMs).toBeGreaterThan(55_000);
    expect(waitMs).toBeLessThanOrEqual(60_500);
    expect((await readAttempts(sql, id))[0]).toMatchObject({
      outcome: "failure",
      trigger: "manual",
    });
  });

  it("undoes a claim once, though asked again after that number was claimed anew", async () => {
    const [id = ""] = await claimed();
    const first = await readClaim(id);
    await settler.withdraw(first);
    await claimAll();
    const { claimed_until } = await readClaim(id);
    // As a settler does whose answer was lost.
    await settler.withdraw(first);
    expect(await readClaim(id)).toMatchObject({ claimed_until });
    expect(await readDelivery(sql, id)).toMatchObject({ attempts: 1 });
    await settler.settle(settlementOf(id, { claimed_until }));
    expect(await readDelivery(sql, id)).toMatchObject({ attempts: 1, status: "success" });
  });

  it("makes an interrupted attempt due at once, and keeps what it was for", async () => {
    const [id = ""] = await claimed({ trigger: "manual" });
    const interrupted = { outcome: "interrupted", status: "pending", trigger: "manual" } as const;
    await settler.settle(
      settlementOf(id, { ...interrupted, response_code: null, response_body: null }),
    );
    const row = await readDelivery(sql, id);
    expect(row).toMatchObject({ status: "pending", attempts: 1, trigger: "manual", steps_used: 0 });
    expect(row.next_attempt_at?.getTime()).toBeLessThan(Date.now() + 1000);
    expect((await readAttempts(sql, id))[0]?.outcome).toBe("interrupted");
  });

  it("undoes a withdrawn attempt: no row, no gap, and the last answer stays", async () => {
    const [id = ""] = await claimed();
    await settler.settle(settlementOf(id, { ...failed, delay_ms: 0 }));
    await claimAll();
    await settler.withdraw(await readClaim(id));
    expect(await readDelivery(sql, id)).toMatchObject({
      status: "pending",
      attempts: 1,
      claimed_until: null,
      steps_used: 1,
      response_code: 500,
      error_message: "HTTP 500",
    });
    await claimAll();
    await settler.settle(settlementOf(id, { number: 2 }));
    expect((await readAttempts(sql, id)).map(({ number }) => number)).toEqual([1, 2]);
  });

  it.each([
    ["deleted", null],
    ["disabled", "gone"],
  ])("cancels what would wait for a webhook that is %s (%s)", async (state, reason) => {
    const [a = "", b = ""] = await claimed({ count: 2 });
    await sql`update webhook_subscriptions set state = ${state}, disabled_reason = ${reason}`;
    await Promise.all([settler.settle(settlementOf(a, failed)), settler.settle(settlementOf(b))]);
    const cancelled = { status: "cancelled", next_attempt_at: null, attempts: 1 };
    expect(await readDelivery(sql, a)).toMatchObject(cancelled);
    expect(await readAttempts(sql, a)).toHaveLength(1);
    expect((await readDelivery(sql, b)).status).toBe("success");
  });

  it.each([
    ["paused", null],
    ["disabled", "failures"],
    ["disabled", null],
  ])("holds what waits for a webhook that is %s (%s)", async (state, reason) => {
    const [id = ""] = await claimed();
    await sql`update webhook_subscriptions set state = ${state}, disabled_reason = ${reason}`;
    await settler.settle(settlementOf(id, failed));
    const row = await readDelivery(sql, id);
    expect(row.status).toBe("pending");
    expect(row.next_attempt_at).not.toBeNull();
  });

  it("writes those that end together in few transactions", async () => {
    const ids = await claimed({ count: 250 });
    await Promise.all(ids.map((id) => settler.settle(settlementOf(id))));
    expect(await countDeliveries(sql, webhookId, "success")).toBe(250);
    const [row] = await sql`select count(distinct xmin::text)::int as transactions
      from webhook_attempts`;
    expect(row?.transactions).toBe(2);
  });

  it("writes what is settled the moment another one is written", async () => {
    const [a = "", b = "", c = ""] = await claimed({ count: 3 });
    await settler.settle(settlementOf(a));
    await settler.settle(settlementOf(b));
    await settler.settle(settlementOf(c)).then(() => settler.settle(settlementOf(c)));
    expect(await countDeliveries(sql, webhookId, "success")).toBe(3);
  });
});

describe("the fence of a settle", () => {
  it("lets an attempt that was taken over write nothing more", async () => {
    const [id = ""] = await claimed();
    await sql`update webhook_deliveries set claimed_until = now() - interval '1 s'`;
    await interruptClaims(sql, { of: { webhookId }, timeoutMs: 30_000, ours: [] });
    await settler.settle(settlementOf(id));
    expect((await readDelivery(sql, id)).status).toBe("pending");
    await claimAll();
    await settler.settle(settlementOf(id));
    await settler.withdraw({ ...(await readClaim(id)), attempt: 1 });
    const row = await readDelivery(sql, id);
    expect(row).toMatchObject({ status: "pending", attempts: 2 });
    expect(row.claimed_until).not.toBeNull();
    await settler.settle(settlementOf(id, { number: 2 }));
    const outcomes = (await readAttempts(sql, id)).map(({ outcome }) => outcome);
    expect(outcomes).toEqual(["interrupted", "success"]);
  });

  it("tells two attempts of one delivery apart that end together", async () => {
    const [id = ""] = await claimed();
    await sql`update webhook_deliveries set claimed_until = now() - interval '1 s'`;
    await interruptClaims(sql, { of: { webhookId }, timeoutMs: 30_000, ours: [] });
    await claimAll();
    await Promise.all([
      settler.settle(settlementOf(id, failed)),
      settler.settle(settlementOf(id, { number: 2 })),
    ]);
    expect((await readDelivery(sql, id)).status).toBe("success");
    const outcomes = (await readAttempts(sql, id)).map(({ outcome }) => outcome);
    expect(outcomes).toEqual(["interrupted", "success"]);
  });

  it("writes one attempt once", async () => {
    const [id = ""] = await claimed();
    await settler.settle(settlementOf(id, failed));
    await settler.settle(settlementOf(id));
    expect(await readDelivery(sql, id)).toMatchObject({ status: "pending", response_code: 500 });
    expect(await readAttempts(sql, id)).toHaveLength(1);
  });

  it("does not ask who holds the lane by now", async () => {
    const [id = ""] = await claimed();
    await sql`update webhook_lanes set lease_until = now() - interval '1 s'`;
    await takeLane(sql, { webhookId, holder: newId() });
    await settler.settle(settlementOf(id));
    expect((await readDelivery(sql, id)).status).toBe("success");
  });

  it("lets a taker-over and a settle of one attempt meet without doing both", async () => {
    const ids = await claimed({ count: 60 });
    await sql`update webhook_deliveries set claimed_until = now() - interval '1 s'`;
    const over = { of: { webhookId }, timeoutMs: 30_000, ours: [] };
    await Promise.all([
      ...ids.map(async (id, index) => {
        await pause(index % 4);
        await settler.settle(settlementOf(id));
      }),
      ...Array.from({ length: 4 }, () => interruptClaims(sql, over)),
    ]);
    for (const id of ids) {
      const { status } = await readDelivery(sql, id);
      const outcomes = (await readAttempts(sql, id)).map(({ outcome }) => outcome);
      expect(outcomes).toEqual([status === "success" ? "success" : "interrupted"]);
    }
  });
});

describe("a result the database refuses", () => {
  it("is written without what the receiver said, and holds back no other", async () => {
    const ids = await claimed({ count: 5 });
    const bad = ids[2] ?? "";
    await Promise.all(
      ids.map((id) =>
        settler.settle(settlementOf(id, id === bad ? { response_body: "a\u0000b" } : {})),
      ),
    );
    expect(await countDeliveries(sql, webhookId, "success")).toBe(5);
    const [attempt] = await readAttempts(sql, bad);
    expect(attempt).toMatchObject({ outcome: "success", response_code: 200, response_body: null });
    expect(attempt?.error_message).toMatch(/^The answer could not be stored: .*22P05/);
  });

  it("is written when only its error message is at fault", async () => {
    const [id = ""] = await claimed();
    await settler.settle(settlementOf(id, { ...failed, error_message: "HTTP 301 to \u0000" }));
    expect((await readAttempts(sql, id))[0]?.error_message).toMatch(/^The answer could not/);
  });

  it("is given up when nothing of it can be written, and holds back no other", async () => {
    const [bad = "", good = ""] = await claimed({ count: 2 });
    const hopeless = settler.settle(settlementOf(bad, { started_at: "never" }));
    await Promise.all([hopeless, settler.settle(settlementOf(good))]);
    expect((await readDelivery(sql, good)).status).toBe("success");
    const row = await readDelivery(sql, bad);
    expect(row.status).toBe("pending");
    expect(row.claimed_until).not.toBeNull();
  });
});

describe("with the database away", () => {
  it("keeps results in memory, and writes them when it is back", async () => {
    const ids = await claimed({ count: 3 });
    const admin = postgres(withDatabaseName(database.url, "postgres"), { max: 1 });
    const name = new URL(database.url).pathname.slice(1);
    const allow = (is: boolean) =>
      admin.unsafe(`alter database ${name} with allow_connections ${is}`);
    await allow(false);
    await admin`select pg_terminate_backend(pid) from pg_stat_activity where datname = ${name}`;
    let written = 0;
    const settling = ids.map((id) => settler.settle(settlementOf(id)).then(() => (written += 1)));
    // In which words depends on how far the server's farewell came before its reset.
    await expect(sql`select 1`).rejects.toThrow();
    await pause(600);
    expect(written).toBe(0);
    await allow(true);
    await Promise.all(settling);
    await admin.end();
    expect(await countDeliveries(sql, webhookId, "success")).toBe(3);
  });

  it("writes what was cut off on its way", async () => {
    const [id = ""] = await claimed();
    const blocker = postgres(database.url, { max: 1 });
    let settling: Promise<void> | undefined;
    await blocker.begin(async (tx) => {
      await tx`select id from webhook_deliveries where id = ${id} for update`;
      settling = settler.settle(settlementOf(id));
      await eventually(async () => {
        const cut = await tx`
          select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and wait_event_type = 'Lock'`;
        return cut.length > 0;
      });
    });
    await settling;
    await blocker.end();
    expect((await readDelivery(sql, id)).status).toBe("success");
    expect(await readAttempts(sql, id)).toHaveLength(1);
  });
});
