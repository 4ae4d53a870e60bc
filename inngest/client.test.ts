import { NonRetriableError } from "inngest";
import { serve } from "inngest/edge";
import { describe, expect, it, vi } from "vitest";
import { flushLog } from "@/lib/log";
import { useEnv } from "@/lib/testing";
import { appId, makeClient } from "./client";

const keys = {
  INNGEST_BASE_URL: "http://127.0.0.1:9",
  INNGEST_EVENT_KEY: "event-key",
  INNGEST_SIGNING_KEY: `signkey-test-${"ab".repeat(32)}`,
};

const appOf = (secretKey: string, more: Record<string, string> = keys) => {
  useEnv({ TURBO_SECRET_KEY: secretKey, ...more });
  return appId();
};

describe("the name of the app", () => {
  it("is each installation's own on an Inngest server, the same at each start", () => {
    const [one, other] = ["one secret key of an installation", "the secret key of another one"];
    expect(appOf(one)).toMatch(/^turbo-[0-9a-f]{8}$/);
    expect(appOf(one)).toBe(appOf(one, { INNGEST_DEV: "http://127.0.0.1:9" }));
    expect(appOf(one)).not.toBe(appOf(other));
  });

  it("is turbo on the embedded engine", () => {
    expect(appOf("one secret key of an installation", {})).toBe("turbo");
  });
});

describe("what the SDK has to say", () => {
  it("is a line of our log, without a stack", async () => {
    useEnv({ INNGEST_DEV: "http://127.0.0.1:9" });
    const lines: string[] = [];
    const write = vi.spyOn(process.stderr, "write").mockImplementation((text) => {
      lines.push(String(text));
      return true;
    });
    const client = makeClient();
    const fn = client.createFunction({ id: "f", triggers: [{ event: "a/b" }] }, async () => {
      throw new NonRetriableError("out of order");
    });
    const event = { id: "1", name: "a/b", data: {} };
    const ctx = { run_id: "r", attempt: 0, stack: { stack: [], current: 0 } };
    const url = `http://127.0.0.1/api/inngest?fnId=${appId()}-f&stepId=step`;
    await serve({ client, functions: [fn] })(
      new Request(url, {
        method: "POST",
        headers: { host: "127.0.0.1" },
        body: JSON.stringify({ event, events: [event], steps: {}, ctx, version: 2 }),
      }),
    );
    flushLog();
    write.mockRestore();
    expect(lines.join("").trimEnd().split("\n")).toHaveLength(1);
    expect(JSON.parse(lines.join(""))).toEqual({
      time: expect.any(String),
      level: "warn",
      message: "the Inngest SDK complains",
      reason: expect.stringContaining("out of order"),
    });
  });
});
