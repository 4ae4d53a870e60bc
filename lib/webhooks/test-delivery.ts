import { z } from "zod";
import { claimWindowMs } from "@/lib/claim-window";
import { clock } from "@/lib/clock";
import type { Context } from "@/lib/context";
import { env } from "@/lib/env";
import { AppError } from "@/lib/errors";
import { catalogue, type EventType } from "@/lib/events/catalogue";
import { toEventRow, type EventDraft } from "@/lib/events/envelope";
import { sampleOf } from "@/lib/events/samples";
import { newId } from "@/lib/id";
import { parseInput } from "@/lib/input";
import { getDelivery } from "./deliveries";
import type { Delivery, Webhook } from "./schema";
import { getWebhook } from "./service";

const types = catalogue.map((entry) => entry.type) as [EventType, ...EventType[]];
const TestDelivery = z.strictObject({ event_type: z.enum(types).default("webhook.test") });

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
  const draft = event_type === "webhook.test" ? testDraft(webhook) : sampleOf(event_type);
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
  ctx.post.sendTest(deliveryId);
  const { payload: _, attempt_log: __, ...delivery } = await getDelivery(ctx, deliveryId);
  return delivery;
}

function testDraft({ id, name, url, event_types }: Webhook): EventDraft {
  return {
    type: "webhook.test",
    entity_type: "webhook",
    entity_id: id,
    entity_version: 1,
    current: { id, name, url, event_types },
    previous: null,
    changes: [],
    context: {},
  };
}
