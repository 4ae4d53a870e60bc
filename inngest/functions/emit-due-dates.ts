import { cron, type Inngest } from "inngest";
import { emitDueByCron } from "@/inngest/sweep";

/** Tells once a minute what is due soon or overdue by now, whatever minutes were missed. */
export function emitDue(client: Inngest) {
  return client.createFunction(
    { id: "emit-due-dates", triggers: [cron("* * * * *")], retries: 1 },
    async () => ({ told: await emitDueByCron() }),
  );
}
