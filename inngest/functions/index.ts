import type { Inngest } from "inngest";
import { dailyDigest, sweepLanes, emitDue, weeklyReport } from "./crons";
import { drainLane } from "./drain-lane";
import { recoverWebhook } from "./recover-webhook";

/** Every function of this app, for one client. */
export function functionsOf(client: Inngest) {
  return [
    drainLane(client),
    recoverWebhook(client),
    sweepLanes(client),
    emitDue(client),
    dailyDigest(client),
    weeklyReport(client),
  ];
}
