import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { connect } from "@/db/client";
import { createTestDatabase } from "@/db/testing";
import {
  addDeliveries,
  addWebhook,
  contextOn,
  endDeliveries,
  eventually,
  pause,
  readDelivery,
  recordingAfterCommit,
  useEnv,
} from "@/lib/testing";
import { judgeFailing } from "./failing";
import { Settler } from "./settle";
import { settlementOf } from "./testing";

useEnv();
const database = await createTestDatabase();
const { sql } = database;
let ctx = contextOn(database, recordingAfterCommit());
let webhookId = "";

beforeEach(async () => {
  await sql`truncate webhook_subscriptions, events cascade`;
  webhookId = await addWebhook(sql, { url: "http://127.0.0.1:9/secret-path" });
  ctx = contextOn(database, recordingAfterCommit());
});
afterAll(() => database.close());

type Streak = { days: number; failures: number };

/** A streak that began so long ago; what failed last waits for its next try. */
async function fail({ days, failures }: Streak, id = webhookId): Promise<string> {
  await sql`update webhook_lanes set failures_in_row = ${failures},
    failing_since = now() - ${days * 24} * interval '1 hour' where webhook_id = ${id}`;
  const [delivery = ""] = await addDeliveries(sql, id, { dueMsAgo: -60_000 });
  await sql`update webhook_deliveries set attempts = 1 where id = ${delivery}`;
  return delivery;
}

const readState = async (id = webhookId) => {
  const [row] = await sql<{ state: string; disabled_reason: string | null; terms: number }[]>`
    select state, disabled_reason, terms from webhook_subscriptions where id = ${id}`;
  return row;
};

type Told = { type: string; entity_version: number; to: string[]; body: Record<string, unknown> };

/** Events of webhooks themselves, in order, and who is to get each. */
const told = () => sql<Told[]>`
  select type, entity_version, body::jsonb as body,
    array(select subscription_id from webhook_deliveries where event_id = event.id) as to
  from events event where entity_type = 'webhook' order by id`;

const untouched = { state: "active", disabled_reason: null, terms: 1 };
const over = { days: 5.1, failures: 10 };

describe("judgeFailing", () => {
  it.each([
    [{ days: 2.4, failures: 50 }, []],
    [{ days: 2.6, failures: 4 }, []],
    [{ days: 2.6, failures: 5 }, ["webhook.failing"]],
    [{ days: 4.9, failures: 50 }, ["webhook.failing"]],
    [{ days: 5.1, failures: 9 }, ["webhook.failing"]],
    [{ days: 5.1, failures: 10 }, ["webhook.disabled"]],
  ])("tells of %o: %o", async (streak, types) => {
    await fail(streak);
    await judgeFailing(ctx);
    expect((await told()).map(({ type }) => type)).toEqual(types);
    expect((await readState())?.state).toBe(
      types[0] === "webhook.disabled" ? "disabled" : "active",
    );
  });

  it("tells once for each streak that it is half way, and then that it is over", async () => {
    await fail({ days: 3, failures: 7 });
    await judgeFailing(ctx);
    await judgeFailing(ctx);
    expect(await readState()).toEqual({ ...untouched, terms: 2 });
    await fail(over);
    await judgeFailing(ctx);
    await judgeFailing(ctx);
    expect(await readState()).toEqual({
      state: "disabled",
      disabled_reason: "failing",
      terms: 3,
    });
    expect((await told()).map(({ type, entity_version }) => [type, entity_version])).toEqual([
      ["webhook.failing", 2],
      ["webhook.disabled", 3],
    ]);
  });

  it("tells the others that asked, never the webhook itself, and rings for them", async () => {
    const all = await addWebhook(sql);
    const group = await addWebhook(sql, { event_types: ["webhook.*"] });
    await addWebhook(sql, { event_types: ["webhook.enabled"] });
    await fail(over);
    await judgeFailing(ctx);
    const [event] = await told();
    expect(event?.to.toSorted()).toEqual([all, group].toSorted());
    expect(ctx.afterCommit.rings).toEqual([[all, group].toSorted()]);
  });

  it("says what changed, as the API shows it, and nothing of the secret", async () => {
    await fail(over);
    await judgeFailing(ctx);
    const [event] = await told();
    expect(event?.body).toMatchObject({
      event_type: "webhook.disabled",
      entity_type: "webhook",
      entity_id: webhookId,
      action: "disabled",
      entity_version: 2,
      actor: { type: "system", name: "turbo-system" },
      data: {
        current: {
          id: webhookId,
          active: false,
          state: "disabled",
          disabled_reason: "failing",
          failures_in_row: 10,
          failing_since: expect.stringMatching(/Z$/),
          disabled_at: event?.body.timestamp,
        },
        previous: { active: true, state: "active", disabled_reason: null, disabled_at: null },
      },
    });
    expect(JSON.stringify(event)).not.toMatch(/secret_token|unsealed secret/);
  });

  it.each(["paused", "disabled", "deleted"] as const)(
    "leaves a %s webhook alone",
    async (state) => {
      await fail(over);
      await sql`update webhook_subscriptions set state = ${state}`;
      await judgeFailing(ctx);
      expect(await told()).toEqual([]);
    },
  );

  it("waits while nothing was tried, as when this service was off for a week", async () => {
    const delivery = await fail(over);
    await sql`update webhook_deliveries set next_attempt_at = now() - interval '2 days'`;
    await addDeliveries(sql, webhookId);
    await judgeFailing(ctx);
    expect(await readState()).toEqual(untouched);
    await sql`update webhook_deliveries set next_attempt_at = now() + interval '1 hour'
      where id = ${delivery}`;
    await judgeFailing(ctx);
    expect((await readState())?.state).toBe("disabled");
  });

  it("takes what was made late and failed for good for a sign, and an old one for none", async () => {
    const delivery = await fail(over);
    await endDeliveries(sql, [delivery], "failed");
    await sql`update webhook_deliveries set created_at = now() - interval '3 days'`;
    await judgeFailing(ctx);
    expect((await readState())?.state).toBe("active");
    await sql`update webhook_deliveries set created_at = now()`;
    await judgeFailing(ctx);
    expect((await readState())?.state).toBe("disabled");
  });

  it("judges each webhook by itself", async () => {
    const other = await addWebhook(sql);
    const healthy = await addWebhook(sql);
    await fail(over);
    await fail({ days: 3, failures: 7 }, other);
    await judgeFailing(ctx);
    expect(await readState()).toMatchObject({ state: "disabled" });
    expect(await readState(other)).toEqual({ ...untouched, terms: 2 });
    expect(await readState(healthy)).toEqual(untouched);
  });
});

describe("at once", () => {
  it("several processes decide once", async () => {
    const others = [1, 2, 3, 4].map(() => connect(database.url, { max: 2 }));
    const half = await addWebhook(sql);
    await fail(over);
    await fail({ days: 3, failures: 7 }, half);
    await Promise.all(others.map((one) => judgeFailing(contextOn(one, recordingAfterCommit()))));
    for (const one of others) await one.close();
    expect((await told()).map(({ type }) => type).toSorted()).toEqual([
      "webhook.disabled",
      "webhook.failing",
    ]);
    expect(await readState()).toMatchObject({ terms: 2 });
    expect(await readState(half)).toMatchObject({ terms: 2 });
  });

  it.each([over, { days: 3, failures: 7 }])(
    "a success that is being written down wins over the decision about %o",
    async (streak) => {
      await fail(streak);
      const settling = await sql.reserve();
      await settling`begin`;
      await settling`update webhook_lanes set failing_since = null, failures_in_row = 0`;
      const judging = judgeFailing(ctx);
      await eventually(async () => {
        const waiting = await sql`select 1 from pg_stat_activity
          where datname = current_database() and wait_event_type = 'Lock'`;
        return waiting.length > 0;
      });
      await settling`commit`;
      settling.release();
      await judging;
      expect(await readState()).toEqual(untouched);
      expect(await told()).toEqual([]);
    },
  );

  it("a success and the decision end in one of two ways, each whole", async () => {
    const settler = new Settler(sql);
    for (let round = 0; round < 30; round++) {
      const id = await addWebhook(sql);
      const delivery = await fail(over, id);
      const [arriving = ""] = await addDeliveries(sql, id);
      await sql`update webhook_deliveries set attempts = 1, claimed_until = now() + interval '40 s'
        where id = ${arriving}`;
      await Promise.all([
        pause(Math.random() * 8).then(() => settler.settle(settlementOf(arriving))),
        pause(Math.random() * 8).then(() => judgeFailing(ctx)),
      ]);
      const isDisabled = (await readState(id))?.state === "disabled";
      const events = (await told()).filter(({ body }) => body.entity_id === id);
      expect(events).toHaveLength(isDisabled ? 1 : 0);
      const [lane] = await sql`select failing_since from webhook_lanes where webhook_id = ${id}`;
      expect(lane).toEqual({ failing_since: null });
      expect((await readDelivery(sql, delivery)).status).toBe("pending");
    }
  });

  it("a change of the webhook puts the decision off to the next look", async () => {
    await fail(over);
    const changing = await sql.reserve();
    await changing`begin`;
    await changing`update webhook_subscriptions set terms = terms + 1`;
    const judging = judgeFailing(ctx);
    await eventually(async () => {
      const waiting = await sql`select 1 from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'`;
      return waiting.length > 0;
    });
    await changing`commit`;
    changing.release();
    await judging;
    expect(await readState()).toEqual({ ...untouched, terms: 2 });
    expect(await told()).toEqual([]);
    await judgeFailing(ctx);
    expect(await readState()).toMatchObject({ state: "disabled", terms: 3 });
  });
});
