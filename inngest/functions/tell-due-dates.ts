import { cron, type Inngest } from "inngest";
import { clock } from "@/lib/clock";
import { tellDueDates } from "@/lib/entities/tell-due-dates";
import { asSystem } from "@/inngest/as-system";

/** Tells once a minute what is due soon or overdue by now, whatever minutes were missed. */
export function tellDue(client: Inngest) {
  return client.createFunction(
    { id: "tell-due-dates", triggers: [cron("* * * * *")], retries: 1 },
    async () => {
      const today = clock().now().toISOString().slice(0, 10);
      return { told: await asSystem("tell-due-dates", (ctx) => tellDueDates(ctx, today)) };
    },
  );
}
