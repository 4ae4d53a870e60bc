import type { Statements } from "@/db/client";
import { claimWindowMs } from "@/lib/claim-window";

/**
 * Who may still begin a POST of a webhook under terms older than `terms`: the lane's holder, who
 * has not said yet that it knows them (null: nobody), and attempts of tests, save those in `ours`.
 */
export async function whoMayBegin(
  sql: Statements,
  input: { webhookId: string; terms: number; timeoutMs: number; ours: string[] },
): Promise<{ holder: string | null; isTesting: boolean }> {
  const { webhookId, terms, timeoutMs, ours } = input;
  const [row] = await sql<{ holder: string | null; is_testing: boolean }[]>`
    select
      (select holder from webhook_lanes where webhook_id = ${webhookId}
        and lease_until > clock_timestamp() and terms_seen < ${terms}) as holder,
      exists (select 1 from webhook_deliveries where subscription_id = ${webhookId}
        and status = 'pending' and trigger = 'test' and id <> all(${ours}::uuid[])
        and next_attempt_at > now() - ${claimWindowMs(timeoutMs)} * interval '1 ms'
        and claimed_until > clock_timestamp()) as is_testing`;
  return { holder: row?.holder ?? null, isTesting: row?.is_testing ?? false };
}

/** A holder, one of `holders`, says: no POST begins here any more under terms older than `terms`. */
export async function markTermsSeen(
  sql: Statements,
  { webhookId, terms, holders }: { webhookId: string; terms: number; holders: string[] },
): Promise<void> {
  await sql`
    update webhook_lanes set terms_seen = greatest(terms_seen, ${terms})
    where webhook_id = ${webhookId} and holder = any(${holders}::uuid[])`;
}
