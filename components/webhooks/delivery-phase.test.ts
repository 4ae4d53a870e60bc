import { describe, expect, it } from "vitest";
import type { Delivery } from "@/lib/webhooks/delivery-schema";
import { phaseOf, retryObstacle } from "./delivery-phase";

const fresh: Delivery = {
  id: "019a0000-0000-7000-8000-000000000001",
  webhook_id: "019a0000-0000-7000-8000-000000000002",
  event_id: "019a0000-0000-7000-8000-000000000003",
  event_type: "issue.created",
  status: "pending",
  response_code: null,
  response_body: null,
  error_message: null,
  attempts: 0,
  trigger: "automatic",
  is_in_flight: false,
  is_held: false,
  next_attempt_at: "2026-11-23T18:00:00.000Z",
  created_at: "2026-11-23T18:00:00.000Z",
  delivered_at: null,
};

describe("phaseOf", () => {
  it.each([
    ["waiting", {}],
    ["sending", { is_in_flight: true, attempts: 1 }],
    ["sending", { is_in_flight: true, is_held: true, attempts: 1 }],
    ["retrying", { attempts: 1 }],
    ["held", { is_held: true }],
    ["success", { status: "success", attempts: 1 }],
    ["failed", { status: "failed", attempts: 10 }],
    ["cancelled", { status: "cancelled" }],
  ] as const)("is %s for %o", (phase, part) => {
    expect(phaseOf({ ...fresh, ...part })).toBe(phase);
  });
});

describe("retryObstacle", () => {
  it("lets what waits, failed or arrived be sent again", () => {
    expect(retryObstacle(fresh)).toBeNull();
    expect(retryObstacle({ ...fresh, status: "failed" })).toBeNull();
    expect(retryObstacle({ ...fresh, status: "success" })).toBeNull();
  });

  it("names what stands in the way of the rest", () => {
    expect(retryObstacle({ ...fresh, is_in_flight: true })).toMatch(/under way/);
    expect(retryObstacle({ ...fresh, is_held: true })).toMatch(/resumed/);
    expect(retryObstacle({ ...fresh, status: "cancelled" })).toMatch(/Cancelled/);
  });
});
