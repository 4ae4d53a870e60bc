import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestDatabase } from "@/db/testing";
import {
  appId,
  minuteTick,
  runBody,
  secretKey,
  sign,
  signingKey,
  webhookDue,
} from "@/e2e/support/inngest-call";
import {
  addDeliveries,
  contextOn,
  countDeliveries,
  openReceiver,
  recordingAfterCommit,
  useDatabase,
  useEnv,
  type Receiver,
} from "@/lib/testing";
import { createWebhook, pauseWebhook } from "@/lib/webhooks/service";
import { answerServer, checkSignatureHeader, type ServerCall } from "./server-door";

useEnv({
  TURBO_SECRET_KEY: secretKey,
  // Nobody listens there: bells are lost, and only the calls made here are heard.
  INNGEST_BASE_URL: "http://127.0.0.1:9",
  INNGEST_EVENT_KEY: "event-key",
  INNGEST_SIGNING_KEY: signingKey,
});
const database = await createTestDatabase();
const { sql } = database;
useDatabase(database);
const ctx = contextOn(database, recordingAfterCommit());
let receiver: Receiver;
let webhookId = "";

beforeAll(async () => {
  receiver = await openReceiver(() => 200);
  const input = { name: "Test", url: receiver.url, event_types: ["*"] };
  webhookId = (await createWebhook(ctx, input)).id;
});
afterAll(async () => {
  await receiver.close();
  await database.close();
});

function makeCall(text: string, fnId = `${appId}-drain-lane`, stepId = "step"): ServerCall {
  const url = new URL("http://127.0.0.1:3000/api/inngest");
  url.search = new URLSearchParams({ fnId, stepId }).toString();
  const headers = new Headers({ "x-inngest-signature": sign(text) });
  return { method: "POST", url, headers, body: JSON.parse(text) };
}

/** Every row there is, save who holds a lane, its bell, and when was swept. */
async function allRows(): Promise<Record<string, unknown[]>> {
  const tables = await sql<{ name: string }[]>`
    select table_name as name from information_schema.tables
    where table_schema = 'public' and table_name not in ('webhook_lanes', 'installation')
    order by 1`;
  const rows: Record<string, unknown[]> = {};
  for (const { name } of tables)
    rows[name] = [...(await sql`select t::text from ${sql(name)} t order by 1`)];
  return rows;
}

async function expectNoEffect(calls: () => Promise<void>): Promise<void> {
  const [rows, posts] = [await allRows(), receiver.posts.length];
  await calls();
  expect(await allRows()).toEqual(rows);
  expect(receiver.posts).toHaveLength(posts);
}

describe("a genuine call", () => {
  it("is answered with a signature, and again without any effect when it was captured", async () => {
    await addDeliveries(sql, webhookId, { count: 3 });
    const bell = makeCall(webhookDue(webhookId));
    const response = await answerServer(bell);
    expect(response.status).toBe(200);
    expect(response.headers.get("x-inngest-signature")).toMatch(/^t=\d+&s=[0-9a-f]{64}$/);
    expect(await response.json()).toEqual({ isTaken: true });
    expect(await countDeliveries(sql, webhookId, "success")).toBe(3);

    await expectNoEffect(async () => {
      expect((await answerServer(bell)).status).toBe(200);
      const together = await Promise.all(Array.from({ length: 10 }, () => answerServer(bell)));
      for (const { status } of together) expect(status).toBe(200);
      const tick = makeCall(minuteTick(), `${appId}-sweep-lanes`);
      for (const call of [tick, tick]) expect((await answerServer(call)).status).toBe(200);
    });
  });

  it("captured while the webhook ran does nothing once it is paused, or before work is due", async () => {
    const bell = makeCall(webhookDue(webhookId));
    await addDeliveries(sql, webhookId, { dueMsAgo: -3_600_000 });
    await expectNoEffect(async () => {
      expect((await answerServer(bell)).status).toBe(200);
    });
    await pauseWebhook(ctx, webhookId);
    await addDeliveries(sql, webhookId, { dueMsAgo: 5_000 });
    await expectNoEffect(async () => {
      expect((await answerServer(bell)).status).toBe(200);
    });
  });
});

describe("a refused call", () => {
  const refused: [string, () => ServerCall, string][] = [
    ["swapped", () => makeCall(webhookDue(webhookId), `${appId}-sweep-lanes`), "bad_request"],
    ["swapped back", () => makeCall(minuteTick()), "bad_request"],
    ["for no function", () => makeCall(minuteTick(), `${appId}-drain-lane-failure`), "bad_request"],
    ["for a step", () => makeCall(webhookDue(webhookId), undefined, "a94a8fe5"), "bad_request"],
    ["of two minds", () => makeCall(ofTwoMinds()), "bad_request"],
    ["of a body changed", () => changed(makeCall(webhookDue(webhookId))), "unauthorized"],
  ];
  it.each(refused)("%s has no effect", async (_, call, code) => {
    await expectNoEffect(async () => {
      await expect(answerServer(call())).rejects.toMatchObject({ code });
    });
  });

  it("names the field and what would be right", async () => {
    const call = makeCall(runBody({ name: "issue.created", data: {} }));
    const message = `must be turbo/webhook.due for ${appId}-drain-lane`;
    await expect(answerServer(call)).rejects.toMatchObject({
      message: `/event/name: ${message}`,
      fields: [{ pointer: "/event/name", message }],
    });
  });
});

/** One event is validated, another the function is run for. */
function ofTwoMinds(): string {
  const body = JSON.parse(webhookDue(webhookId));
  return JSON.stringify({ ...body, event: { ...body.event, data: { webhookId: "none" } } });
}

function changed(call: ServerCall): ServerCall {
  return { ...call, body: { ...(call.body as object), version: 2 } };
}

describe("a run that fails", () => {
  it("is answered with its reason, signed, and without a stack", async () => {
    const response = await answerServer(
      makeCall(runBody({ name: "turbo/webhook.due", data: { webhookId: "none" } })),
    );
    expect(response.status).toBe(400);
    expect(response.headers.get("x-inngest-no-retry")).toBe("true");
    expect(response.headers.get("x-inngest-signature")).toMatch(/^t=\d+&s=[0-9a-f]{64}$/);
    const error: { message: string; stack: string } = await response.json();
    expect(error.message).toContain("UUID");
    expect(error.stack).toBe("");
  });
});

describe("a signature's header", () => {
  const check = (text: string) => () =>
    checkSignatureHeader(new Headers({ "x-inngest-signature": text }));

  it("may be up to five minutes old or ahead", () => {
    for (const ageSeconds of [0, 295, -295])
      expect(check(sign("{}", { ageSeconds }))).not.toThrow();
    for (const ageSeconds of [302, -302])
      expect(check(sign("{}", { ageSeconds }))).toThrow(/5 min/);
  });

  it("must be there and whole", () => {
    const now = Math.floor(Date.now() / 1000);
    const mac = "a".repeat(64);
    for (const text of ["", "t=", `t=${now}`, `s=${mac}`, `t=${now}&s=${mac}0`, `t=x&s=${mac}`])
      expect(check(text), text).toThrow(/must bear/);
  });
});
