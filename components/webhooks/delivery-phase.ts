import type { Delivery } from "@/lib/webhooks/delivery-schema";

/** What a delivery is doing, as one word; `pending` alone does not tell waiting from retrying. */
export type DeliveryPhase =
  | "sending"
  | "held"
  | "waiting"
  | "retrying"
  | "success"
  | "failed"
  | "cancelled";

export function phaseOf(delivery: Delivery): DeliveryPhase {
  if (delivery.status !== "pending") return delivery.status;
  if (delivery.is_in_flight) return "sending";
  if (delivery.is_held) return "held";
  return delivery.attempts === 0 ? "waiting" : "retrying";
}

/** Why a delivery cannot be sent now, or null when it can. */
export function retryObstacle(delivery: Delivery): string | null {
  const phase = phaseOf(delivery);
  if (phase === "sending") return "An attempt is under way.";
  if (phase === "held") return "Held until the webhook is resumed.";
  if (phase === "cancelled") return "Cancelled: its webhook no longer takes deliveries.";
  return null;
}
