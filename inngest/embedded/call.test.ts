import { Inngest, NonRetriableError, RetryAfterError } from "inngest";
import { serve } from "inngest/edge";
import { describe, expect, it } from "vitest";
import { clock } from "@/lib/clock";
import { callFunction, readRetryAfter } from "./call";
import { type Handler, learnFunctions } from "./functions";

const silent = { info() {}, warn() {}, error() {}, debug() {} };
const client = new Inngest({ id: "test", isDev: true, logger: silent, internalLogger: silent });
type Body = Parameters<typeof client.createFunction>[1];

const event = JSON.stringify({ id: "e", name: "a/b", data: { n: 1 }, ts: 1 });
const fn = {
  id: "test-f",
  url: "http://engine.internal/api/inngest?fnId=test-f&stepId=step",
  events: ["a/b"],
  crons: [],
  maxAttempts: 3,
};

async function callSdk(body: Body, attempt = 0) {
  const f = client.createFunction({ id: "f", triggers: [{ event: "a/b" }], retries: 2 }, body);
  const handler = serve({ client, functions: [f] });
  const [learnt] = await learnFunctions(handler);
  return await callFunction(handler, learnt ?? fn, { runId: "run", attempt, event });
}

const callHandler = (handler: Handler, attempt = 0) =>
  callFunction(handler, fn, { runId: "run", attempt, event });

describe("callFunction", () => {
  it("gives the function its event, run, attempt and the number of attempts", async () => {
    let seen: unknown;
    const outcome = await callSdk(async ({ event, events, runId, attempt, maxAttempts }) => {
      seen = { id: event.id, data: event.data, events: events.length, runId, attempt, maxAttempts };
    }, 1);
    expect(outcome).toEqual({ status: "completed" });
    expect(seen).toEqual({
      id: "e",
      data: { n: 1 },
      events: 1,
      runId: "run",
      attempt: 1,
      maxAttempts: 3,
    });
  });

  it("retries after an error, keeping its words", async () => {
    const outcome = await callSdk(async () => {
      throw new TypeError("no luck");
    });
    expect(outcome).toMatchObject({ status: "retry", atMs: null });
    expect(outcome).toHaveProperty("error", expect.stringMatching(/TypeError: no luck/));
  });

  it("fails after the last attempt", async () => {
    const outcome = await callSdk(async () => {
      throw new Error("no luck");
    }, 2);
    expect(outcome.status).toBe("failed");
  });

  it("fails at once after a NonRetriableError", async () => {
    const outcome = await callSdk(async () => {
      throw new NonRetriableError("never");
    });
    expect(outcome).toMatchObject({ status: "failed", error: expect.stringContaining("never") });
  });

  it("retries when a RetryAfterError says so", async () => {
    const outcome = await callSdk(async () => {
      throw new RetryAfterError("later", "7s");
    });
    expect(outcome).toMatchObject({
      status: "retry",
      atMs: expect.closeTo(clock().nowMs() + 7_000, -3),
    });
  });

  it("retries at the time a RetryAfterError names", async () => {
    const atMs = Date.UTC(2030, 0, 1);
    const outcome = await callSdk(async () => {
      throw new RetryAfterError("later", new Date(atMs));
    });
    expect(outcome).toMatchObject({ status: "retry", atMs });
  });

  it("fails a function that uses steps, saying why", async () => {
    const outcome = await callSdk(async ({ step }) => {
      await step.run("one", () => 1);
    });
    expect(outcome).toEqual({
      status: "failed",
      error: "steps are not supported by the embedded engine",
    });
  });

  it("keeps the first 500 characters of an error", async () => {
    const outcome = await callHandler(
      async () =>
        new Response(JSON.stringify({ message: "x".repeat(5_000) }), {
          status: 500,
          headers: { "x-inngest-sdk": "js:v4", "x-inngest-no-retry": "false" },
        }),
    );
    expect(outcome).toEqual({ status: "retry", error: "x".repeat(500), atMs: null });
  });

  it("retries when the handler throws, and fails at the last attempt", async () => {
    const throwing = async () => {
      throw new Error("broken");
    };
    const error = "the handler threw: broken";
    expect(await callHandler(throwing)).toEqual({ status: "retry", error, atMs: null });
    expect(await callHandler(throwing, 2)).toEqual({ status: "failed", error });
  });

  it("retries after an answer that is not the SDK's, and fails at the last attempt", async () => {
    const strange = async () => new Response("hello");
    expect(await callHandler(strange)).toMatchObject({ status: "retry" });
    expect(await callHandler(strange, 2)).toMatchObject({ status: "failed" });
  });

  it.each<{ what: string; status: number; headers: Record<string, string>; outcome: string }>([
    { what: "400", status: 400, headers: {}, outcome: "failed" },
    { what: "500", status: 500, headers: {}, outcome: "retry" },
    {
      what: "500 that forbids a retry",
      status: 500,
      headers: { "x-inngest-no-retry": "true" },
      outcome: "failed",
    },
  ])("takes $what as $outcome", async ({ status, headers, outcome }) => {
    const answer = new Response("{}", {
      status,
      headers: { "x-inngest-sdk": "js:v4", ...headers },
    });
    expect((await callHandler(async () => answer)).status).toBe(outcome);
  });
});

describe("readRetryAfter", () => {
  it.each([
    [null, null],
    ["", null],
    ["soon", null],
    ["5", 6_000],
    ["-5", 1_000],
    ["2030-01-01T00:00:00.000Z", Date.UTC(2030, 0, 1)],
    ["Tue, 01 Jan 2030 00:00:00 GMT", Date.UTC(2030, 0, 1)],
  ])("reads %j at the second after the epoch", (header, atMs) => {
    expect(readRetryAfter(header, 1_000)).toEqual(atMs);
  });
});
