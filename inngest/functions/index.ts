import type { Inngest } from "inngest";
import { drainLane } from "./drain-lane";
import { recoverWebhook } from "./recover-webhook";
import { sweepLanes } from "./sweep-lanes";

/** Every function of this app, for one client. */
export function functionsOf(client: Inngest) {
  return [drainLane(client), recoverWebhook(client), sweepLanes(client)];
}
