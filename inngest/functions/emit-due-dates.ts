import { cron, type Inngest } from "inngest";
import { clock } from "@/lib/clock";
import { emitDueDates } from "@/lib/entities/emit-due-dates";
import { asSystem } from "@/inngest/as-system";

/** Tells once a minute what is due soon or overdue by now, whatever minutes were missed. */
export function emitDue(client: Inngest) {
  return client.createFunction(
    { id: "emit-due-dates", triggers: [cron("* * * * *")], retries: 1 },
    async () => {
      const today = clock().now().toISOString().slice(0, 10);
      return { told: await asSystem("emit-due-dates", (ctx) => emitDueDates(ctx, today)) };
    },
  );
}
