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
  if (health.engine.kind === "embedded") checkEngine(health);
}

function checkEngine(health: WholeHealth): void {
  const engine = startedEngine();
  if (engine) {
    health.engine.queued = engine.queued;
    return;
  }
  health.status = "unavailable";
  health.engine.ok = false;
}
