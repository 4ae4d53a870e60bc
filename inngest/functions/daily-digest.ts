import { cron, type Inngest } from "inngest";
import { clock } from "@/lib/clock";
import { emitReport } from "@/lib/events/reports";
import { asSystem } from "@/inngest/after-commit";

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
