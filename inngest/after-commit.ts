import { setTimeout as sleep } from "node:timers/promises";
import { db } from "@/db/client";
import type { AfterCommit } from "@/lib/context";
import { clearBells, setAlarm, setBells, type Bell } from "@/lib/delivery/lane";
import { markTermsSeen, whoMayBegin } from "@/lib/delivery/fence";
import { testTermsMs } from "@/lib/delivery/fence";
import { env } from "@/lib/env";
import { log, reasonOf } from "@/lib/log";
import { inngestClient, webhookDue } from "./client";
import { deliverer } from "./deliverer";
import { startedSignals } from "./process";
import { ringRecoveries } from "./recovery-bell";
import type { Signal } from "./signals";

/** A real Inngest server may wake up to 0.6 s early. */
export const earlyWakeMs = 1_000;
const fencePollMs = 25;
/** How long others have to take a lane that is put up for taking. */
const offerMs = 50;

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
  const { sql } = db();
  try {
    const { bells, held } = await setBells(sql, webhookIds);
    await send(bells.map((bell) => ({ ...bell, atMs: undefined })));
    const heldElsewhere = held.filter((webhookId) => !deliverer().wake(webhookId));
    if (heldElsewhere.length > 0) {
      await startedSignals()?.send(...heldElsewhere.map((webhookId) => ({ wake: webhookId })));
    }
  } catch (error) {
    // The rows are the promise: the sweep finds what this ring did not reach.
    log.warn("webhook bells not rung; the sweep will", {
      count: webhookIds.length,
      reason: reasonOf(error),
    });
  }
}

/** Rings the lane `dueMs` from now, unless an alarm as early is out already. Never rejects. */
export async function ringLater(webhookId: string, dueMs: number): Promise<void> {
  if (dueMs <= 0) return ring([webhookId]);
  try {
    const margin = env().inngest.engine === "embedded" ? 0 : earlyWakeMs;
    const alarm = await setAlarm(db().sql, { webhookId, dueMs: dueMs + margin });
    if (alarm) await send([alarm]);
  } catch (error) {
    log.warn("webhook alarm not set; the sweep will ring", {
      webhook_id: webhookId,
      reason: reasonOf(error),
    });
  }
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

async function send(bells: (Bell & { atMs: number | undefined })[]): Promise<void> {
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

/**
 * Resolves when no POST can begin any more for this webhook under terms older than `terms`: at
 * once when its lane is held here or by nobody, else when its holder has said so (told by a signal,
 * or by its next renewal) or its lease is over. A test that another process has under way makes it
 * wait until that one must have seen the new terms.
 */
export async function fence(webhookId: string, terms: number): Promise<void> {
  deliverer().fence(webhookId, terms);
  const testsKnowAtMs = performance.now() + testTermsMs;
  await startedSignals()?.send({ fence: webhookId, terms });
  const { timeoutMs } = env().webhook;
  for (;;) {
    const ours = deliverer().deliveriesUnderWay();
    const who = await whoMayBegin(db().sql, { webhookId, terms, timeoutMs, ours });
    const isHeldElsewhere = who.holder !== null && !deliverer().holders.includes(who.holder);
    if (!isHeldElsewhere && !(who.isTesting && performance.now() < testsKnowAtMs)) return;
    await sleep(fencePollMs);
  }
}

/** What a signal from another process asks of this one. */
export async function hear(signal: Signal): Promise<void> {
  if ("wake" in signal) return deliverer().askFor(signal.wake);
  if ("offer" in signal) return ring([signal.offer]);
  deliverer().fence(signal.fence, signal.terms);
  await markTermsSeen(db().sql, {
    webhookId: signal.fence,
    terms: signal.terms,
    holders: deliverer().holders,
  });
}

function logFailure(what: string): (error: unknown) => void {
  return (error) => log.error(what, { reason: reasonOf(error) });
}

/**
 * What verbs leave for after their commit. `keepAlive` holds a serverless function up until what it is
 * given has resolved; elsewhere the process lives on by itself.
 */
export function afterCommit(keepAlive: (work: Promise<unknown>) => void): AfterCommit {
  return {
    ring: (webhookIds) => keepAlive(ring(webhookIds)),
    fence,
    sendTest: (deliveryId) =>
      keepAlive(
        deliverer()
          .sendTest(deliveryId, (webhookIds) => keepAlive(ring(webhookIds)))
          .catch(logFailure("webhook test not sent")),
      ),
    recover: (recoveryId) => keepAlive(ringRecoveries([recoveryId])),
  };
}
