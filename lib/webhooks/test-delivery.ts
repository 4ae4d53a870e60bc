import { clock } from "@/lib/clock";
import type { Context } from "@/lib/context";
import { env } from "@/lib/env";
import { AppError, invalid } from "@/lib/errors";
import { catalogue } from "@/lib/event-types/catalogue";
import { toEventRow, type EventDraft } from "@/lib/events/envelope";
import { findRegistered, sampleOfRegistered } from "@/lib/event-types/registered-types";
import { sampleOf } from "@/lib/event-types/samples";
import { newId } from "@/lib/id";
import { parseInput } from "@/lib/input";
import { nearest } from "@/lib/nearest";
import { shownBy } from "@/lib/shown";
import { getDelivery } from "./deliveries";
import { Delivery } from "./delivery-schema";
import { OpenWebhook, TestDelivery, type Webhook } from "./schema";
import { getWebhook } from "./service";

/** Beyond its time-out, an attempt may take this long to be written down before it counts as lost. */
const settleGraceMs = 10_000;

/** How long a claimed attempt is left alone before it is taken over as interrupted. */
export function claimWindowMs(timeoutMs: number): number {
  return timeoutMs + settleGraceMs;
}

/**
 * Sends this webhook alone one sample event, at once and beside its lane, even while it is paused.
 * Returns the delivery to watch; a test is tried once.
 */
export async function sendTest(
  ctx: Context,
  { id, input }: { id: string; input: unknown },
): Promise<Delivery> {
  const { event_type } = parseInput(TestDelivery, input ?? {});
  const webhook = await getWebhook(ctx, id);
  if (!env().webhook.enabled) {
    throw new AppError("conflict", "WEBHOOK_ENABLED is false: nothing is sent, tests neither.");
  }
  const draft = await draftFor(ctx, webhook, event_type);
  const metadata = { ...ctx.actor.metadata, test: true };
  const event = toEventRow(draft, {
    actor: { ...ctx.actor, metadata },
    at: clock().now(),
    baseUrl: env().baseUrl,
  });
  const deliveryId = newId();
  const { sql } = ctx.db;
  await sql`
    with recorded as (insert into events ${sql(event)})
    insert into webhook_deliveries
      (id, subscription_id, event_id, event_type, trigger, attempts, next_attempt_at, claimed_until)
    values (${deliveryId}, ${id}, ${event.id}, ${event.type}, 'test', 1, clock_timestamp(),
      clock_timestamp() + ${claimWindowMs(env().webhook.timeoutMs)} * interval '1 ms')`;
  ctx.afterCommit.sendTest(deliveryId);
  return shownBy(Delivery, await getDelivery(ctx, deliveryId));
}

async function draftFor(ctx: Context, webhook: Webhook, type: string): Promise<EventDraft> {
  if (type === "webhook.test") return testDraft(webhook);
  const ours = catalogue.find((entry) => entry.type === type);
  if (ours) return sampleOf(ours.type);
  const [registered] = await findRegistered(ctx, [type]);
  if (registered) return sampleOfRegistered(registered);
  const near = nearest(
    type,
    catalogue.map((entry) => entry.type),
  );
  const hint = near ? `; did you mean ${near}?` : ": GET /event-types lists them";
  const message = `is not an event type${hint}`;
  throw invalid({ pointer: "/event_type", code: "not_allowed", message });
}

function testDraft(webhook: Webhook): EventDraft {
  return {
    type: "webhook.test",
    entity_type: "webhook",
    entity_id: webhook.id,
    entity_version: webhook.version,
    current: shownBy(OpenWebhook, webhook),
    previous: null,
    changes: [],
    context: {},
  };
}
