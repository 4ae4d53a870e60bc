import type { Webhook } from "@/lib/webhooks/schema";

/** What a webhook is seen to be: its state, or that its last attempts failed though it is active. */
export type SeenState = Webhook["state"] | "failing";

export function seenState({ state, failing_since }: Webhook): SeenState {
  return state === "active" && failing_since ? "failing" : state;
}

const order: SeenState[] = ["active", "failing", "paused", "disabled"];

/** "5 in all: 3 active, 1 failing, 1 disabled."; nothing to say while all are active. */
export function describeStates(webhooks: Webhook[]): string | undefined {
  const counts = order
    .map((state) => ({ state, count: webhooks.filter((one) => seenState(one) === state).length }))
    .filter(({ count }) => count > 0);
  if (counts.every(({ state }) => state === "active")) return undefined;
  const parts = counts.map(({ state, count }) => `${count} ${state}`).join(", ");
  return `${webhooks.length} in all: ${parts}.`;
}
