import { setTimeout as sleep } from "node:timers/promises";
import { db } from "@/db/client";
import { clearBells, setBells, type Bell } from "@/lib/delivery/lane";
import { env } from "@/lib/env";
import { log, reasonOf } from "@/lib/log";
import { inngestClient, webhookDue } from "./client";
import { deliverer, startedSignals } from "./process";

/** How long others have to take a lane that is put up for taking. */
const offerMs = 50;
export const isEmbedded = () => env().inngest.engine === "embedded";

let ringing: { webhookIds: Set<string>; done: Promise<void> } | null = null;

/**
 * Lets each lane know that it has work: the drain that runs here by a call, any other by a bell.
 * Rings that come while another is being prepared share its statement. Never rejects.
 */
export function ring(webhookIds: string[]): Promise<void> {
  if (!env().webhook.enabled) return Promise.resolve();
  const elsewhere = webhookIds.filter((webhookId) => !deliverer().wake(webhookId));
  if (elsewhere.length === 0) return Promise.resolve();
  if (!ringing) {
    const webhookIdsOfBatch = new Set<string>();
    const done = Promise.resolve().then(() => {
      ringing = null;
      return ringNow([...webhookIdsOfBatch].toSorted());
    });
    ringing = { webhookIds: webhookIdsOfBatch, done };
  }
  for (const webhookId of elsewhere) ringing.webhookIds.add(webhookId);
  return ringing.done;
}

async function ringNow(webhookIds: string[]): Promise<void> {
  if (isForgetting()) return passOn(webhookIds);
  const { sql } = db();
  try {
    const { bells, held } = await setBells(sql, webhookIds);
    const heldElsewhere = held.filter((webhookId) => !deliverer().wake(webhookId));
    if (heldElsewhere.length > 0) {
      await startedSignals()?.send(...heldElsewhere.map((webhookId) => ({ wake: webhookId })));
    }
    await send(bells.map((bell) => ({ ...bell, atMs: undefined })));
  } catch (error) {
    // The rows are the promise: the sweep finds what this ring did not reach.
    log.warn("webhook bells not rung; the sweep will", {
      count: webhookIds.length,
      reason: reasonOf(error),
    });
  }
}

/** A bell given to the embedded engine of a process that is stopping would be gone with it. */
export function isForgetting(): boolean {
  return isEmbedded() && deliverer().isStopping;
}

/** Has the other processes look at these lanes, at once or later. Never rejects. */
export async function passOn(webhookIds: string[]): Promise<void> {
  await startedSignals()?.send(...webhookIds.map((webhookId) => ({ offer: webhookId })));
}

/** A bell reached a process that is stopping: it is taken back, and given to the others. */
export async function returnBell(webhookId: string): Promise<void> {
  await clearBells(db().sql, [webhookId]);
  await passOn([webhookId]);
}

/**
 * Puts a lane with work up for taking: the process that hears of it first, hence the one with the
 * least to do, rings it. Never rejects.
 */
export async function offer(webhookId: string): Promise<void> {
  await startedSignals()?.send({ offer: webhookId });
  await sleep(offerMs);
  await ring([webhookId]);
}

export async function send(bells: (Bell & { atMs: number | undefined })[]): Promise<void> {
  if (bells.length === 0) return;
  try {
    await inngestClient().send(
      bells.map(({ webhookId, seq, atMs }) =>
        webhookDue.create({ webhookId }, { id: `lane:${webhookId}:${seq}`, ts: atMs }),
      ),
    );
  } catch (error) {
    await clearBells(
      db().sql,
      bells.map((bell) => bell.webhookId),
    );
    throw error;
  }
}
