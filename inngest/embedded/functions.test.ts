import { cron, eventType, Inngest, type InngestFunction } from "inngest";
import { serve } from "inngest/edge";
import { describe, expect, it } from "vitest";
import { learnFunctions } from "./functions";

const client = new Inngest({ id: "test", isDev: true });
type Options = Parameters<typeof client.createFunction>[0];

const make = (options: Partial<Options>): InngestFunction.Any =>
  client.createFunction({ id: "f", triggers: [{ event: "a/b" }], ...options }, async () => {});

const learn = (...functions: InngestFunction.Any[]) => learnFunctions(serve({ client, functions }));

describe("learnFunctions", () => {
  it("learns id, events, crons and attempts", async () => {
    const learnt = await learn(
      make({ triggers: [{ event: "a/b" }, eventType("a/c"), cron("*/5 * * * *")], retries: 2 }),
      make({ id: "g" }),
    );
    expect(learnt).toMatchObject([
      {
        id: "test-f",
        events: ["a/b", "a/c"],
        maxAttempts: 3,
      },
      { id: "test-g", events: ["a/b"], crons: [], maxAttempts: 5 },
    ]);
    expect(learnt[0]?.crons.map((cron) => cron.getPattern())).toEqual(["*/5 * * * *"]);
  });

  it("takes ticks for times of UTC", async () => {
    const [learnt] = await learn(make({ triggers: [cron("0 8 * * 1")] }));
    const after = new Date("2026-03-28T09:00:00Z");
    expect(learnt?.crons[0]?.nextRun(after)?.toISOString()).toBe("2026-03-30T08:00:00.000Z");
  });

  it.each<[string, Partial<Options>]>([
    ["concurrency", { concurrency: 1 }],
    ["batchEvents", { batchEvents: { maxSize: 2, timeout: "1s" } }],
    ["throttle", { throttle: { limit: 1, period: "1s" } }],
    ["rateLimit", { rateLimit: { limit: 1, period: "1s" } }],
    ["debounce", { debounce: { period: "1s" } }],
    ["priority", { priority: { run: "1" } }],
    ["idempotency", { idempotency: "event.data.id" }],
    ["cancelOn", { cancelOn: [{ event: "a/stop" }] }],
    ["singleton", { singleton: { mode: "skip" } }],
    ["timeouts", { timeouts: { finish: "1s" } }],
    ["onFailure", { onFailure: async () => {} }],
    ["if in a trigger", { triggers: [{ event: "a/b", if: "event.data.n > 1" }] }],
    ['wildcard trigger "a/*"', { triggers: [{ event: "a/*" }] }],
    [
      'internal event "inngest/function.finished"',
      { triggers: [{ event: "inngest/function.finished" }] },
    ],
    ["time zones are not supported", { triggers: [{ cron: "TZ=Europe/Berlin 0 0 * * *" }] }],
    ["five fields", { triggers: [{ cron: "@daily" }] }],
    ['cron "61 * * * *"', { triggers: [{ cron: "61 * * * *" }] }],
    ["no trigger", { triggers: [] }],
  ])("refuses %s, naming it and the function", async (option, options) => {
    const error: unknown = await learn(make({ id: "g" }), make(options)).catch((thrown) => thrown);
    expect(String(error)).toContain(option);
    expect(String(error)).toContain('function "test-f"');
    expect(String(error)).not.toContain("test-g");
  });

  it("names everything that is refused at once", async () => {
    const functions = [make({ concurrency: 1 }), make({ id: "g", debounce: { period: "1s" } })];
    await expect(learn(...functions)).rejects.toThrow(
      'concurrency (function "test-f"); debounce (function "test-g")',
    );
  });

  it("refuses options it has never heard of", async () => {
    const config = {
      id: "f",
      triggers: [{ cron: "* * * * *", jitter: "10s" }],
      steps: { step: { runtime: { url: "http://engine.internal/api/inngest" } } },
      teleport: true,
    };
    await expect(
      learnFunctions(async () => Response.json({ functions: [config] })),
    ).rejects.toThrow('teleport (function "f"); jitter in a trigger (function "f")');
  });

  it("says so when the handler cannot tell its functions", async () => {
    const refusing = async () => new Response("no", { status: 401 });
    await expect(learnFunctions(refusing)).rejects.toThrow("(401): no");
  });
});
