import type { Inngest } from "inngest";
import { dailyDigest } from "./daily-digest";
import { drainLane } from "./drain-lane";
import { recoverWebhook } from "./recover-webhook";
import { sweepLanes } from "./sweep-lanes";
import { emitDue } from "./emit-due-dates";
import { weeklyReport } from "./weekly-report";

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
