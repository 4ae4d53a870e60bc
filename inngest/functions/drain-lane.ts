import { RetryAfterError, type Inngest } from "inngest";
import { env } from "@/lib/env";
import { webhookDue } from "@/inngest/client";
import { endAlarm, ringLater } from "@/inngest/alarms";
import { offer, returnBell, ring } from "@/inngest/bells";
import { deliverer } from "@/inngest/process";

/** Longest a serverless function may run (`maxDuration` of the route), in milliseconds. */
export const longestCallMs = 300_000;
const marginMs = 10_000;

/** How long a drain claims new work: without end in our own process, else what a call leaves. */
export function sliceMs(): number {
  const { inngest, webhook } = env();
  if (inngest.engine === "embedded") return Infinity;
  return longestCallMs - webhook.timeoutMs - marginMs;
}

/** The bell's function: drains the lane and leaves an alarm for what is due later. */
export function drainLane(client: Inngest) {
  return client.createFunction(
    { id: "drain-lane", triggers: [webhookDue], retries: 4 },
    async ({ event }) => {
      const { webhookId } = event.data;
      if (deliverer().isStopping) {
        if (env().inngest.engine === "embedded") return returnBell(webhookId);
        // The bell stays rung: the server gives it to whoever runs on, or starts next.
        throw new RetryAfterError("This process is stopping.", "1s");
      }
      endAlarm(webhookId);
      return deliverer().drain(webhookId, {
        sliceMs: sliceMs(),
        leave: (dueMs) => ringLater(webhookId, dueMs),
        offer: () => offer(webhookId),
        ring: (webhookIds) => void ring(webhookIds),
      });
    },
  );
}
