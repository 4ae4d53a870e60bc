import type { Inngest } from "inngest";
import { db } from "@/db/client";
import { env } from "@/lib/env";
import { nextLookAt, stepRecovery } from "@/lib/delivery/recover-step";
import { webhookRecover } from "@/inngest/client";
import { bellMarginMs } from "@/inngest/alarms";
import { ring } from "@/inngest/bells";
import { ringRecoveries } from "@/inngest/recovery-bells";

/** Makes the next step of a recovery if its lane has room for one, and rings for the look after it. */
export function recoverWebhook(client: Inngest) {
  return client.createFunction(
    { id: "recover-webhook", triggers: [webhookRecover], retries: 4 },
    async ({ event }) => {
      const { recoveryId } = event.data;
      const { parallelism } = env().webhook;
      const step = await stepRecovery(db().sql, { recoveryId, parallelism });
      if (!step) return { state: "over" };
      if (step.made > 0) await ring([step.webhookId]);
      if (step.status === "running") {
        const lookAtMs = nextLookAt(step, bellMarginMs());
        if (lookAtMs !== null) await ringRecoveries([recoveryId], lookAtMs);
      }
      return { status: step.status, made: step.made };
    },
  );
}
