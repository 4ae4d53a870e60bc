import type { Inngest } from "inngest";
import { drainLane } from "./drain-lane";
import { sweepLanes } from "./sweep-lanes";

/** Every function of this app, for one client. */
export function functionsOf(client: Inngest) {
  return [drainLane(client), sweepLanes(client)];
}
