import type { Context } from "@/lib/context";
import { getEventText } from "@/lib/events/list-events";
import { shownBy } from "@/lib/shown";
import { explainAll } from "./explain";
import { EventDelivery } from "./explanation-schema";

type Row = Omit<EventDelivery, "next_attempt_at"> & { next_attempt_at: Date | null };

const mostShown = 100;

/**
 * One event as JSON: its own text to the byte, and at its end `deliveries` and, for each webhook,
 * why or why not (`webhooks`), up to 100 of either, newest first.
 */
export async function describeEvent(ctx: Context, id: string): Promise<string> {
  const text = await getEventText(ctx, id);
  const rows = await ctx.db.sql<Row[]>`
    select id, subscription_id as webhook_id, status, attempts, next_attempt_at
    from webhook_deliveries where event_id = ${id} order by id desc limit ${mostShown}`;
  const deliveries = rows.map((row) => shownBy(EventDelivery, row));
  const explained = await explainAll(ctx, id, { limit: mostShown, after: null });
  const webhooks = explained.slice(0, mostShown).map(({ explanation }) => explanation);
  const added = JSON.stringify({ deliveries, webhooks });
  return `${text.slice(0, -1)},${added.slice(1)}`;
}
