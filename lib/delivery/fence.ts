import type { Sql } from "@/db/client";

/** Who holds the lane and has not yet seen this revision; null: nobody. */
export async function revisionHolder(
  sql: Sql,
  webhookId: string,
  revision: number,
): Promise<string | null> {
  const [row] = await sql<{ holder: string | null }[]>`
    select holder from webhook_lanes
    where webhook_id = ${webhookId} and lease_until > clock_timestamp() and revision_seen < ${revision}`;
  return row?.holder ?? null;
}

/** A holder, one of `holders`, says: no POST begins here any more under terms older than `revision`. */
export async function markRevisionSeen(
  sql: Sql,
  { webhookId, revision, holders }: { webhookId: string; revision: number; holders: string[] },
): Promise<void> {
  await sql`
    update webhook_lanes set revision_seen = greatest(revision_seen, ${revision})
    where webhook_id = ${webhookId} and holder = any(${holders}::uuid[])`;
}
