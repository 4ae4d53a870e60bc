import { describe, expect, it } from "vitest";
import type { Webhook } from "@/lib/webhooks/schema";
import { describeStates, type SeenState } from "./webhook-states";

function webhook(seen: SeenState): Webhook {
  const isFailing = seen === "failing";
  // Only these two are looked at.
  return {
    state: isFailing ? "active" : seen,
    failing_since: isFailing || seen === "disabled" ? "2026-11-23T08:00:00.000Z" : null,
  } as Webhook;
}

describe("describeStates", () => {
  it.each<[SeenState[], string | undefined]>([
    [[], undefined],
    [["active", "active"], undefined],
    [["active", "paused"], "2 in all: 1 active, 1 paused."],
    [["disabled"], "1 in all: 1 disabled."],
    [
      ["disabled", "failing", "paused", "active", "failing"],
      "5 in all: 1 active, 2 failing, 1 paused, 1 disabled.",
    ],
  ])("says of %j: %s", (states, words) => {
    expect(describeStates(states.map(webhook))).toBe(words);
  });
});
