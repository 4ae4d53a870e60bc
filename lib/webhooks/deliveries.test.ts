import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { createTestDatabase } from "@/db/testing";
import { AppError } from "@/lib/errors";
import { newId } from "@/lib/id";
import {
  addDeliveries,
  addWebhook,
  contextOn,
  readDelivery,
  recordingAfterCommit,
  useEnv,
} from "@/lib/testing";
import { getDelivery, listDeliveries, listDeliveriesOf, retryDelivery } from "./deliveries";

useEnv();
const database = await createTestDatabase();
const { sql } = database;
let ctx = contextOn(database, recordingAfterCommit());

beforeEach(async () => {
  await sql`truncate webhook_subscriptions, events cascade`;
  ctx = contextOn(database, recordingAfterCommit());
});
afterAll(() => database.close());

/** A delivery whose row, or event, is then made to be this. */
async function given(webhook: string, row: object = {}, event: object = {}): Promise<string> {
  const [id = ""] = await addDeliveries(sql, webhook);
  const end = "status" in row && row.status !== "pending" ? { next_attempt_at: null } : {};
  if (Object.keys(row).length > 0)
    await sql`update webhook_deliveries set ${sql({ ...end, ...row })} where id = ${id}`;
  if (Object.keys(event).length > 0)
    await sql`update events set ${sql(event)}
      where id = (select event_id from webhook_deliveries where id = ${id})`;
  return id;
}

async function listed(query: Record<string, string>): Promise<string[]> {
  const { rows } = await listDeliveries(ctx, new URLSearchParams(query));
  return rows.map(({ id }) => id);
}

async function refusalOf(work: Promise<unknown>): Promise<AppError> {
  const outcome = await work.catch((error: unknown) => error);
  if (outcome instanceof AppError) return outcome;
  throw new Error("it was not refused", { cause: outcome });
}

describe("listDeliveries", () => {
  it("shows the newest first, and the rest behind the cursor", async () => {
    const webhook = await addWebhook(sql);
    const ids = await addDeliveries(sql, webhook, { count: 3 });
    const { rows } = await listDeliveries(ctx, new URLSearchParams({ limit: "2" }));
    // One more than asked for tells that there is a next page.
    expect(rows.map(({ id }) => id)).toEqual(ids.toReversed());
    const cursor = Buffer.from(ids[1] ?? "").toString("base64url");
    expect(await listed({ cursor })).toEqual([ids[0]]);
  });

  it("filters by webhook, status, type, wildcard, event, entity and code class", async () => {
    const webhook = await addWebhook(sql);
    const other = await addWebhook(sql);
    const entity_id = newId();
    const done = { status: "success", response_code: 204, event_type: "project.created" };
    const refused = { status: "failed", response_code: 503, event_type: "issue.updated" };
    const a = await given(webhook, done, { entity_id });
    const b = await given(webhook, refused, { entity_id });
    const c = await given(other, { event_type: "issue_x.created" });
    const { event_id } = await getDelivery(ctx, b);
    const cases: [Record<string, string>, string[]][] = [
      [{ webhook_id: webhook }, [b, a]],
      [{ status: "pending" }, [c]],
      [{ event_type: "issue.updated" }, [b]],
      [{ event_type: "issue.*" }, [b]],
      [{ event_type: "%.*" }, []],
      [{ event_id }, [b]],
      [{ entity_id }, [b, a]],
      [{ code_class: "2xx" }, [a]],
      [{ code_class: "5xx" }, [b]],
      [{ code_class: "4xx" }, []],
      [{ webhook_id: webhook, status: "failed", code_class: "5xx" }, [b]],
      [{ webhook_id: other, status: "failed" }, []],
      [{ webhook_id: newId() }, []],
      [{}, [c, b, a]],
    ];
    for (const [query, ids] of cases) expect([query, await listed(query)]).toEqual([query, ids]);
  });

  it("filters by time: since includes its instant, until does not", async () => {
    const webhook = await addWebhook(sql);
    const noon = new Date("2026-11-23T12:00:00.000Z");
    const one = new Date("2026-11-23T13:00:00.000Z");
    const a = await given(webhook, { created_at: noon });
    const b = await given(webhook, { created_at: one });
    expect(await listed({ since: noon.toISOString() })).toEqual([b, a]);
    expect(await listed({ since: "2026-11-23T12:00:00.001Z" })).toEqual([b]);
    expect(await listed({ until: one.toISOString() })).toEqual([a]);
    expect(await listed({ since: noon.toISOString(), until: noon.toISOString() })).toEqual([]);
  });

  it.each([
    ["webhook_id", "nonsense"],
    ["event_id", "5"],
    ["entity_id", ""],
    ["status", "done"],
    ["code_class", "9xx"],
    ["code_class", "200"],
    ["since", "yesterday"],
    ["until", ""],
    ["limit", "0"],
    ["colour", "red"],
  ])("refuses %s=%s", async (name, value) => {
    const refusal = await refusalOf(listDeliveries(ctx, new URLSearchParams({ [name]: value })));
    expect(refusal.code).toBe("validation_failed");
    expect(refusal.fields.map(({ pointer }) => pointer)).toEqual([`/${name}`]);
  });

  it("shows those of one webhook, which is then no filter", async () => {
    const [ours, theirs] = [await addWebhook(sql), await addWebhook(sql)];
    const ids = await addDeliveries(sql, ours, { count: 2 });
    await addDeliveries(sql, theirs);
    const { rows } = await listDeliveriesOf(ctx, ours, new URLSearchParams());
    expect(rows.map(({ id }) => id)).toEqual(ids.toReversed());
    const asked = new URLSearchParams({ webhook_id: theirs });
    const refusal = await refusalOf(listDeliveriesOf(ctx, ours, asked));
    expect(refusal.fields.map(({ pointer }) => pointer)).toEqual(["/webhook_id"]);
  });

  it.each([
    ["active", false],
    ["paused", true],
    ["disabled", true],
  ] as const)(
    "says of what waits for a webhook that is %s that it is held: %s",
    async (state, is) => {
      const webhook = await addWebhook(sql, { state });
      await given(webhook);
      await given(webhook, { status: "success" });
      const { rows } = await listDeliveries(ctx, new URLSearchParams());
      expect(rows.map(({ is_held }) => is_held)).toEqual([false, is]);
    },
  );

  it("says what is in flight, and no more once its claim has run out", async () => {
    const webhook = await addWebhook(sql);
    await given(webhook, { claimed_until: new Date(Date.now() + 60_000) });
    await given(webhook, { claimed_until: new Date(Date.now() - 60_000) });
    await given(webhook);
    const { rows } = await listDeliveries(ctx, new URLSearchParams());
    expect(rows.map(({ is_in_flight }) => is_in_flight)).toEqual([false, false, true]);
  });
});

describe("getDelivery", () => {
  it("shows the payload it posts and its attempts, oldest first", async () => {
    const webhook = await addWebhook(sql);
    const id = await given(webhook, {}, { body: '{"z":1,"a":[2]}' });
    for (const number of [2, 1])
      await sql`insert into webhook_attempts (delivery_id, number, trigger, outcome, started_at)
        values (${id}, ${number}, 'automatic', 'failure', now())`;
    const delivery = await getDelivery(ctx, id);
    expect(JSON.stringify(delivery.payload)).toBe('{"z":1,"a":[2]}');
    expect(delivery.attempt_log.map(({ number }) => number)).toEqual([1, 2]);
    expect(delivery).toMatchObject({ id, status: "pending", attempts: 0, trigger: "automatic" });
    expect(delivery).not.toHaveProperty("body");
  });

  it.each([newId(), "nonsense"])("finds none with the id %s", async (id) => {
    const refusal = await refusalOf(getDelivery(ctx, id));
    expect(refusal.code).toBe("not_found");
    expect(refusal.message).toContain(id);
  });
});

describe("retryDelivery", () => {
  it.each([
    ["pending", { next_attempt_at: new Date("2099-01-01"), steps_used: 4 }, 4],
    ["success", { next_attempt_at: null, steps_used: 4 }, 0],
    ["failed", { next_attempt_at: null, steps_used: 9 }, 0],
  ])("makes one that is %s due at once, and rings its lane", async (status, row, steps_used) => {
    const webhook = await addWebhook(sql);
    const id = await given(webhook, { ...row, status, attempts: 3, interruptions: 2 });
    const answer = await retryDelivery(ctx, id);
    expect(answer).toMatchObject({ id, status: "pending", trigger: "manual", attempts: 3 });
    const stored = await readDelivery(sql, id);
    expect(stored).toMatchObject({ trigger: "manual", steps_used, interruptions: 0 });
    expect(stored.next_attempt_at?.getTime()).toBeLessThan(Date.now() + 1000);
    expect(ctx.afterCommit.rings).toEqual([[webhook]]);
  });

  it("holds it when the webhook is paused", async () => {
    const webhook = await addWebhook(sql, { state: "paused" });
    const id = await given(webhook, { status: "failed" });
    expect(await retryDelivery(ctx, id)).toMatchObject({ status: "pending", is_held: true });
  });

  it("refuses with 409 one that is in flight, in those words, and leaves it alone", async () => {
    const webhook = await addWebhook(sql);
    const id = await given(webhook, { claimed_until: new Date(Date.now() + 60_000) });
    const refusal = await refusalOf(retryDelivery(ctx, id));
    expect(refusal).toMatchObject({ code: "conflict", message: "An attempt of it is under way." });
    expect(await readDelivery(sql, id)).toMatchObject({ trigger: "automatic" });
    expect(ctx.afterCommit.rings).toEqual([]);
  });

  it("refuses with 409 one whose lost attempt is still to be written down", async () => {
    const webhook = await addWebhook(sql);
    const id = await given(webhook, { claimed_until: new Date(Date.now() - 1000) });
    const refusal = await refusalOf(retryDelivery(ctx, id));
    expect(refusal).toMatchObject({ code: "conflict", message: "An attempt of it is under way." });
  });

  it.each([
    ["cancelled", "active", null, "It was cancelled."],
    ["failed", "deleted", null, "Its webhook is deleted or gone."],
    ["failed", "disabled", "gone", "Its webhook is deleted or gone."],
  ] as const)("refuses with 409 when %s, of a webhook %s (%s)", async (...given_) => {
    const [status, state, disabled_reason, message] = given_;
    const webhook = await addWebhook(sql, { state, disabled_reason });
    const id = await given(webhook, { status });
    const refusal = await refusalOf(retryDelivery(ctx, id));
    expect(refusal).toMatchObject({ code: "conflict", message });
    expect((await readDelivery(sql, id)).status).toBe(status);
    expect(ctx.afterCommit.rings).toEqual([]);
  });

  it.each([newId(), "nonsense"])("finds none with the id %s", async (id) => {
    expect((await refusalOf(retryDelivery(ctx, id))).code).toBe("not_found");
  });
});
