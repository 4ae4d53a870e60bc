import { cron, type Inngest } from "inngest";
import { markSweep, sweep } from "@/inngest/sweep";

/** The sweep as the engine's cron: once a minute, whatever the timers of our processes do. */
export function sweepLanes(client: Inngest) {
  return client.createFunction(
    { id: "sweep-lanes", triggers: [cron("* * * * *")], retries: 1 },
    async () => {
      await markSweep("cron_sweep_at", 0);
      return sweep();
    },
  );
}
