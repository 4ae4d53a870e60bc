import { setTimeout as sleep } from "node:timers/promises";
import { db } from "@/db/client";
import { readNextDue } from "@/lib/delivery/backlog";
import { clearBells, setAlarm, setBells, type Bell } from "@/lib/delivery/lane";
import { stalledRecoveries } from "@/lib/delivery/recover-step";
import { clock } from "@/lib/clock";
import { env } from "@/lib/env";
import { log, reasonOf } from "@/lib/log";
import { inngestClient, webhookDue, webhookRecover } from "./client";
import { deliverer, startedSignals } from "./process";

/** A real Inngest server may wake up to 0.6 s early. */
const earlyWakeMs = 1_000;
/** How long others have to take a lane that is put up for taking. */
const offerMs = 50;
/** An alarm is as early as another one if it is no later than so much. */
const sameAlarmMs = 1_000;

const isEmbedded = () => env().inngest.engine === "embedded";

/** How much later than due a bell is to ring, so that it never comes too early. */
export function bellMarginMs(): number {
  return isEmbedded() ? 0 : earlyWakeMs;
}

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

/** A bell given to the embedded engine of a process that is stopping would be gone with it. */
function isForgetting(): boolean {
  return isEmbedded() && deliverer().isStopping;
}

/** Has the other processes look at these lanes, at once or later. Never rejects. */
async function passOn(webhookIds: string[]): Promise<void> {
  await startedSignals()?.send(...webhookIds.map((webhookId) => ({ offer: webhookId })));
}

/** A bell reached a process that is stopping: it is taken back, and given to the others. */
export async function returnBell(webhookId: string): Promise<void> {
  await clearBells(db().sql, [webhookId]);
  await passOn([webhookId]);
}

/** Rings the lane `dueMs` from now, unless an alarm as early is out already. Never rejects. */
export async function ringLater(webhookId: string, dueMs: number): Promise<void> {
  if (dueMs <= 0) return ring([webhookId]);
  if (isForgetting()) return passOn([webhookId]);
  try {
    if (isEmbedded()) return await keepAlarm(webhookId, clock().nowMs() + dueMs);
    const alarm = await setAlarm(db().sql, { webhookId, dueMs: dueMs + bellMarginMs() });
    if (alarm) await send([alarm]);
  } catch (error) {
    log.warn("webhook alarm not set; the sweep will ring", {
      webhook_id: webhookId,
      reason: reasonOf(error),
    });
  }
}

/** When the embedded engine wakes each lane: as an alarm in memory, it needs no mark in a row. */
const alarms = new Map<string, number>();

async function keepAlarm(webhookId: string, dueAtMs: number): Promise<void> {
  const atMs = Math.ceil(dueAtMs);
  const outMs = alarms.get(webhookId) ?? Infinity;
  if (outMs > clock().nowMs() && outMs <= atMs + sameAlarmMs) return;
  alarms.set(webhookId, atMs);
  await inngestClient().send(webhookDue.create({ webhookId }, { ts: atMs }));
}

/**
 * What a start of the embedded engine has to do, which remembers nothing: rings every lane that has
 * work, now or when it is due.
 */
export async function ringAll(): Promise<void> {
  alarms.clear();
  if (!env().webhook.enabled) return;
  const lanes = await readNextDue(db().sql);
  await Promise.all(lanes.map(({ webhookId, dueMs }) => ringLater(webhookId, dueMs)));
}

/** The lane is about to be looked at: an alarm whose time has come has done its work. */
export function endAlarm(webhookId: string): void {
  if ((alarms.get(webhookId) ?? Infinity) <= clock().nowMs()) alarms.delete(webhookId);
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
