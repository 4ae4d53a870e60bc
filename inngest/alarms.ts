import { db } from "@/db/client";
import { clock } from "@/lib/clock";
import { readNextDue } from "@/lib/delivery/backlog";
import { setAlarm } from "@/lib/delivery/lane";
import { env } from "@/lib/env";
import { log, reasonOf } from "@/lib/log";
import { isEmbedded, isForgetting, passOn, ring, send } from "./bells";
import { inngestClient, webhookDue } from "./client";

/** A real Inngest server may wake up to 0.6 s early. */
const earlyWakeMs = 1_000;
/** An alarm is as early as another one if it is no later than so much. */
const sameAlarmMs = 1_000;

/** How much later than due a bell is to ring, so that it never comes too early. */
export function bellMarginMs(): number {
  return isEmbedded() ? 0 : earlyWakeMs;
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

/** Alarms of a lane for one such step are one event: a far one that is set again stays one. */
const alarmStepMs = 20;

/** When the embedded engine wakes each lane: as an alarm in memory, it needs no mark in a row. */
const alarms = new Map<string, number>();

async function keepAlarm(webhookId: string, dueAtMs: number): Promise<void> {
  const atMs = Math.ceil(dueAtMs / alarmStepMs) * alarmStepMs;
  const outMs = alarms.get(webhookId) ?? Infinity;
  if (outMs > clock().nowMs() && outMs <= atMs + sameAlarmMs) return;
  alarms.set(webhookId, atMs);
  await inngestClient().send(
    webhookDue.create({ webhookId }, { id: `alarm:${webhookId}:${atMs}`, ts: atMs }),
  );
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
