import type { Sql } from "@/db/client";
import type { Context } from "@/lib/context";
import { stepRecovery, type RecoveryStep } from "@/lib/delivery/recover-step";
import { newId } from "@/lib/id";
import { addDeliveries } from "@/lib/testing";
import { recoverWebhook } from "./recover";
import type { Recovery } from "./recovery-schema";

export const hourMs = 3_600_000;
export const ago = (ms: number) => new Date(Date.now() - ms).toISOString();

/** Failed deliveries of a webhook, oldest first, each tried three times in vain. */
export async function addFailed(
  sql: Sql,
  webhookId: string,
  { count = 1, row = {} }: { count?: number; row?: object } = {},
): Promise<string[]> {
  const ids = await addDeliveries(sql, webhookId, { count });
  const failed = { status: "failed", next_attempt_at: null, attempts: 3, steps_used: 2, ...row };
  await sql`update webhook_deliveries set ${sql(failed)} where id = any(${ids}::uuid[])`;
  return ids;
}

/** Events that nobody was to be told of; answers their ids, oldest first. */
export async function addEvents(
  sql: Sql,
  { count = 1, row = {} }: { count?: number; row?: object } = {},
): Promise<string[]> {
  const startedAt = Date.now() - count;
  const rows = Array.from({ length: count }, (_, place) => ({
    id: newId(),
    type: "issue.created",
    entity_type: "issue",
    entity_id: newId(),
    entity_version: 1,
    body: `{"n":${place}}`,
    created_at: new Date(startedAt + place),
    ...row,
  }));
  await sql`insert into events ${sql(rows)}`;
  return rows.map(({ id }) => id);
}

/** Begins a recovery, of what failed since an hour unless `input` says otherwise. */
export async function beginRecovery(
  ctx: Context,
  webhookId: string,
  input: object = {},
): Promise<Recovery> {
  const asked = { since: ago(hourMs), ...input };
  const outcome = await recoverWebhook(ctx, { id: webhookId, input: asked });
  if ("recovery" in outcome) return outcome.recovery;
  throw new Error("it was only counted");
}

/** What is due arrives, at once. */
export async function deliverAll(sql: Sql): Promise<void> {
  await sql`
    update webhook_deliveries set status = 'success', next_attempt_at = null, attempts = attempts + 1
    where status = 'pending' and next_attempt_at <= now()`;
}

/** A look of a recovery in a lane that took seconds for the step before: ten rounds at most. */
export async function stepSlowly(
  sql: Sql,
  { id }: Recovery,
  parallelism = 1,
): Promise<RecoveryStep | null> {
  await sql`update webhook_recoveries set stepped_at = stepped_at - interval '2 s' where id = ${id}`;
  return stepRecovery(sql, { recoveryId: id, parallelism });
}

/** Steps, and delivers between the steps, until it is over; answers what each step made due. */
export async function runOut(
  sql: Sql,
  recovery: Recovery,
  { parallelism = 1 }: { parallelism?: number } = {},
): Promise<number[]> {
  const made: number[] = [];
  for (let looks = 0; looks < 1_000; looks += 1) {
    const step = await stepSlowly(sql, recovery, parallelism);
    if (!step) return made;
    made.push(step.made);
    await deliverAll(sql);
  }
  throw new Error(`it does not end: ${made.join()}`);
}
