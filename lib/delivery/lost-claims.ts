import { setTimeout as sleep } from "node:timers/promises";
import type { Statements } from "@/db/client";
import { log } from "@/lib/log";
import { claimWindowMs } from "@/lib/webhooks/test-delivery";
import type { Attempts } from "./attempts";
import { interruptClaims, type Claim } from "./claim";
import { countForeignClaims } from "./lane";

/** When a holder may have claimed something and never heard of it, epoch ms of the database's clock. */
export type LostClaim = { webhookId: string; fromMs: number; untilMs: number };

const retryEveryMs = 250;

/**
 * Gives back what a claim took whose answer was lost with its connection: nobody would make those
 * attempts until the claims ran out. In its lease only the holder claims, so that what was claimed
 * in that time, and is not among `ours`, is such a one. Answers how many there were.
 */
export async function giveBackLost(
  sql: Statements,
  { lost, timeoutMs, ours }: { lost: LostClaim; timeoutMs: number; ours: string[] },
): Promise<number> {
  const windowMs = claimWindowMs(timeoutMs);
  const rows = await sql`
    update webhook_deliveries set attempts = attempts - 1, claimed_until = null
    where subscription_id = ${lost.webhookId} and status = 'pending' and next_attempt_at <= now()
      and trigger <> 'test' and id <> all(${ours}::uuid[])
      and extract(epoch from claimed_until) * 1000
        between ${lost.fromMs + windowMs}::float8 and ${lost.untilMs + windowMs}::float8
    returning id`;
  return rows.length;
}

/**
 * Gives back what is not ours, tried until the database is there again, or `isOver`; answers whether
 * there was any.
 */
export async function giveBackInTime(
  attempts: Attempts,
  lost: LostClaim,
  isOver: () => boolean,
): Promise<boolean> {
  const { db, settings } = attempts;
  while (!isOver()) {
    try {
      const how = { lost, timeoutMs: settings.timeoutMs, ours: attempts.deliveries() };
      const count = await giveBackLost(db.sql, how);
      if (count > 0) log.warn("webhook claims given back whose answer was lost", { count });
      return count > 0;
    } catch {
      await sleep(retryEveryMs);
    }
  }
  return false;
}

/**
 * Writes down as interrupted what another holder claimed and never brought to an end; answers how
 * many attempts of the lane, beside `own`, are still under way.
 */
export async function takeOverClaims(
  attempts: Attempts,
  webhookId: string,
  own: Claim[],
): Promise<number> {
  const { db, settings } = attempts;
  const ours = attempts.deliveries();
  await interruptClaims(db.sql, { of: { webhookId }, timeoutMs: settings.timeoutMs, ours });
  const ids = own.map((claim) => claim.delivery_id);
  return countForeignClaims(db.sql, webhookId, ids);
}
