import { cron, type Inngest } from "inngest";
import { clock } from "@/lib/clock";
import { emitReport } from "@/lib/events/reports";
import { asSystem } from "@/inngest/after-commit";
import { emitDueByCron, markSweep, sweep } from "@/inngest/sweep";

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

/** Tells once a minute what is due soon or overdue by now, whatever minutes were missed. */
export function emitDue(client: Inngest) {
  return client.createFunction(
    { id: "emit-due-dates", triggers: [cron("* * * * *")], retries: 1 },
    async () => ({ told: await emitDueByCron() }),
  );
}

/** Tells at 08:00 UTC what has happened since it last did. */
export function dailyDigest(client: Inngest) {
  return client.createFunction(
    { id: "daily-digest", triggers: [cron("0 8 * * *")], retries: 4 },
    async () => {
      const given = { report: "daily_digest", now: clock().now() } as const;
      return { told: await asSystem("daily-digest", (ctx) => emitReport(ctx, given)) };
    },
  );
}

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
