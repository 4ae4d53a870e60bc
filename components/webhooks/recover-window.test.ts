import { describe, expect, it } from "vitest";
import { describeDeliveries, sinceOf } from "./recover-window";

const nowMs = Date.parse("2026-11-23T08:00:00Z");
const draft = { scope: "failed", since: "own", ownTime: "" } as const;

describe("sinceOf", () => {
  it.each([
    ["hour", "2026-11-23T07:00:00.000Z"],
    ["day", "2026-11-22T08:00:00.000Z"],
    ["week", "2026-11-16T08:00:00.000Z"],
  ] as const)("counts the last %s back from now", (since, at) => {
    expect(sinceOf({ ...draft, since }, nowMs)).toEqual({ since: at });
  });

  it("reads a time of the user's own in the user's time zone", () => {
    const ownTime = "2026-11-20T12:30";
    const since = new Date(2026, 10, 20, 12, 30).toISOString();
    expect(sinceOf({ ...draft, ownTime }, nowMs)).toEqual({ since });
  });

  it.each([
    ["", null],
    ["2026-11-25T08:00", "Choose a time in the past."],
    ["later", "This is not a time."],
    ["0001-01-01T00:00", "This is not a time."],
  ])("says of %j what is wrong", (ownTime, error) => {
    expect(sinceOf({ ...draft, ownTime }, nowMs)).toEqual({ error });
  });
});

describe("describeDeliveries", () => {
  it("counts one, none and many", () => {
    expect(describeDeliveries(1, "failed")).toBe("1 failed delivery");
    expect(describeDeliveries(0, "missing")).toBe("0 missing deliveries");
    expect(describeDeliveries(20_000, "failed")).toBe("20,000 failed deliveries");
  });
});
