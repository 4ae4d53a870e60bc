import { setTimeout as sleep } from "node:timers/promises";
import { db } from "@/db/client";
import type { AfterCommit, SystemContext } from "@/lib/context";
import { markTermsSeen, whoMayBegin, testTermsMs } from "@/lib/delivery/fence";
import { env } from "@/lib/env";
import { log, reasonOf } from "@/lib/log";
import { ring } from "./bells";
import { ringRecoveries } from "./recovery-bells";
import { deliverer, startedSignals } from "./process";
import type { Signal } from "./signals";

const fencePollMs = 25;

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
  if ("offer" in signal) return deliverer().isStopping ? undefined : ring([signal.offer]);
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

/** Does what nobody asked for; resolves when the bells of what came of it are rung as well. */
export async function asSystem<T>(
  requestId: string,
  work: (ctx: SystemContext) => Promise<T>,
): Promise<T> {
  const rings: Promise<void>[] = [];
  const ringAfter = (webhookIds: string[]) => void rings.push(ring(webhookIds));
  try {
    return await work({ db: db(), requestId, afterCommit: { ring: ringAfter } });
  } finally {
    await Promise.all(rings);
  }
}
