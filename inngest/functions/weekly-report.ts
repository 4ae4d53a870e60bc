import { cron, type Inngest } from "inngest";
import { clock } from "@/lib/clock";
import { emitReport } from "@/lib/events/reports";
import { asSystem } from "@/inngest/after-commit";

/** Tells on Mondays at 08:00 UTC what has happened since it last did. */
export function weeklyReport(client: Inngest) {
  return client.createFunction(
    { id: "weekly-report", triggers: [cron("0 8 * * 1")], retries: 4 },
    async () => {
      const given = { report: "weekly_report", now: clock().now() } as const;
      return { told: await asSystem("weekly-report", (ctx) => emitReport(ctx, given)) };
    },
  );
}
