import { setTimeout as sleep } from "node:timers/promises";
import type { Handle, Statements } from "@/db/client";
import { readAudit } from "@/lib/delivery/audit";
import { env } from "@/lib/env";
import type { Health } from "@/lib/health";
import { reasonOf } from "@/lib/log";
import { version } from "@/lib/version";
import { startedDeliverer, startedEngine } from "./process";

type WholeHealth = Health & Required<Pick<Health, "database" | "engine">>;

const mostCounted = 10_000;
/** Sooner than whoever asks loses patience. */
const answerWithinMs = 2_000;

export async function checkHealth({ sql }: Handle): Promise<Health> {
  const kind = env().inngest.engine;
  const health: WholeHealth = {
    status: "ok",
    version,
    database: { ok: true },
    engine: { ok: true, kind },
    in_flight: startedDeliverer()?.inFlight ?? 0,
  };
  try {
    await Promise.race([askDatabase(sql, health), silence(answerWithinMs)]);
  } catch (error) {
    health.status = "unavailable";
    health.database = { ok: false, error: reasonOf(error) };
  }
  return health;
}

async function silence(ms: number): Promise<never> {
  await sleep(ms, undefined, { ref: false });
  throw new Error(`no answer within ${ms / 1_000} s`);
}

async function askDatabase(sql: Statements, health: WholeHealth): Promise<void> {
  const [row] = await sql<{ due: number; oldest: number }[]>`
    select count(*)::int as due,
      coalesce(extract(epoch from clock_timestamp() - min(next_attempt_at)), 0)::float8 as oldest
    from (
      select delivery.next_attempt_at from webhook_subscriptions webhook
      join webhook_deliveries delivery on delivery.subscription_id = webhook.id
      where webhook.state = 'active' and delivery.status = 'pending'
        and delivery.claimed_until is null and delivery.next_attempt_at <= clock_timestamp()
      limit ${mostCounted}) overdue`;
  health.backlog = {
    due: row?.due ?? 0,
    oldest_age_seconds: Math.round((row?.oldest ?? 0) * 10) / 10,
  };
  const audit = await readAudit(sql);
  if (audit) health.audit = audit;
  if (health.engine.kind === "embedded") await checkEngine(health);
}

/**
 * Since when the oldest delivery that is due waits to be begun; null: none does. Those of a receiver
 * that fails, or hangs, wait for it and not for us.
 */
export async function readOldestDueAt(sql: Statements): Promise<Date | null> {
  const [row] = await sql<{ at: Date | null }[]>`
    select min(first.next_attempt_at) as at
    from webhook_subscriptions webhook
    join webhook_lanes lane on lane.webhook_id = webhook.id
    cross join lateral (
      select next_attempt_at from webhook_deliveries
      where subscription_id = webhook.id and status = 'pending' and next_attempt_at <= now()
        and claimed_until is null
      order by next_attempt_at, id limit 1) first
    where webhook.state = 'active' and lane.failures_in_row = 0`;
  return row?.at ?? null;
}

async function checkEngine(health: WholeHealth): Promise<void> {
  const engine = startedEngine();
  if (!engine) {
    health.status = "unavailable";
    health.engine.ok = false;
    return;
  }
  health.engine.queued = (await engine.health()).queued;
}
