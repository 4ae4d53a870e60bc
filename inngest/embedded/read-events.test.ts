import { describe, expect, it } from "vitest";
import { clock } from "@/lib/clock";
import { readEvents } from "./read-events";

const post = (body: unknown, headers: Record<string, string> = {}) =>
  readEvents("http://engine.internal/e/key", {
    method: "POST",
    headers,
    body: typeof body === "string" ? body : JSON.stringify(body),
  });

const seed = { "x-inngest-event-id-seed": "1795449600000,c2VlZA==" };

describe("readEvents", () => {
  it("accepts one event and keeps what it has", async () => {
    const event = { id: "one", name: "a/b", data: { n: 1 }, ts: 1_795_449_700_000, v: "2" };
    const intake = await post(event);
    expect(intake).toEqual({
      events: [
        { id: "one", name: "a/b", notBeforeMs: 1_795_449_700_000, text: expect.any(String) },
      ],
    });
    expect("events" in intake && JSON.parse(intake.events[0]?.text ?? "")).toEqual(event);
  });

  it("reads a Request as well as an address and its options", async () => {
    const request = new Request("http://engine.internal/e/key", {
      method: "POST",
      headers: seed,
      body: JSON.stringify([{ name: "a/b" }, { name: "a/c" }]),
    });
    const intake = await readEvents(request);
    expect("events" in intake && intake.events.map(({ id }) => id)).toEqual([
      "1795449600000,c2VlZA==:0",
      "1795449600000,c2VlZA==:1",
    ]);
  });

  it("makes ids when there is neither id nor seed", async () => {
    const intake = await post([{ name: "a/b" }, { name: "a/b" }]);
    expect("events" in intake && new Set(intake.events.map(({ id }) => id)).size).toBe(2);
  });

  it("takes a ts that is the sender's own clock for now, whatever that clock shows", async () => {
    const intake = await post({ name: "a/b", ts: 1_795_449_600_000 }, seed);
    expect(intake).toMatchObject({ events: [{ notBeforeMs: null }] });
    const { ts } = JSON.parse("events" in intake ? (intake.events[0]?.text ?? "") : "");
    expect(Math.abs(ts - clock().nowMs())).toBeLessThan(1_000);
  });

  it("accepts 5,000 events", async () => {
    const intake = await post(Array.from({ length: 5_000 }, () => ({ name: "a/b" })));
    expect("events" in intake && intake.events.length).toBe(5_000);
  });

  it.each([
    ["what is not JSON", "{", "not JSON"],
    ["null", null, "event 0: it is not an object"],
    ["a nested array", [[]], "event 0: it is not an object"],
    ["no name", {}, "name:"],
    ["an empty name", [{ name: "a/b" }, { name: "" }], "event 1: name:"],
    ["a reserved name", { name: "inngest/scheduled.timer" }, "reserved"],
    ["data that is a list", { name: "a/b", data: [] }, "data:"],
    ["a ts in words", { name: "a/b", ts: "2026-11-23" }, "ts:"],
    ["a ts before 1970", { name: "a/b", ts: -1 }, "ts:"],
    ["a ts of no known year", { name: "a/b", ts: 1e18 }, "ts:"],
    ["a ts with a fraction", { name: "a/b", ts: 1.5 }, "ts:"],
    ["an id that is a number", { name: "a/b", id: 1 }, "id:"],
    ["an id that is too long", { name: "a/b", id: "x".repeat(257) }, "id:"],
    ["an id with NUL", { name: "a/b", id: "a\0" }, "id:"],
    ["an id of a tick", { name: "a/b", id: "cron:f:1" }, "reserved"],
    ["5,001 events", Array.from({ length: 5_001 }, () => ({ name: "a/b" })), "5000"],
    ["an event over 3 MiB", { name: "a/b", data: { x: "x".repeat(3_145_728) } }, "3145728"],
  ])("refuses %s, saying so", async (_, body, reason) => {
    expect(await post(body)).toEqual({ refusal: expect.stringContaining(reason) });
  });
});
