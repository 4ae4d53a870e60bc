import { db } from "@/db/client";
import { clock } from "@/lib/clock";
import { stalledRecoveries } from "@/lib/delivery/recover-step";
import { env } from "@/lib/env";
import { log, reasonOf } from "@/lib/log";
import { inngestClient, webhookRecover } from "./client";

/**
 * Rings for the next step of each recovery: now, or at `atMs` of the database's clock. Rings for one
 * moment are one event, so two runs of a recovery that look at once go on as one. Never rejects.
 */
export async function ringRecoveries(recoveryIds: string[], atMs?: number): Promise<void> {
  if (recoveryIds.length === 0) return;
  const moment = atMs ?? Math.ceil(clock().nowMs());
  try {
    await inngestClient().send(
      recoveryIds.map((recoveryId) =>
        webhookRecover.create({ recoveryId }, { id: `recover:${recoveryId}:${moment}`, ts: atMs }),
      ),
    );
  } catch (error) {
    log.warn("webhook recoveries not rung; the sweep will", {
      count: recoveryIds.length,
      reason: reasonOf(error),
    });
  }
}

/** What the embedded engine forgot, it forgot for good: nobody waits for it as for a server. */
const stalledAfterMs = { embedded: 1_000, server: 60_000 };

/** Rings for recoveries that nobody seems to look at any more. */
export async function ringStalledRecoveries(): Promise<void> {
  const idleMs = stalledAfterMs[env().inngest.engine];
  await ringRecoveries(await stalledRecoveries(db().sql, idleMs));
}
