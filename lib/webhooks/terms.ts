import type { Statements } from "@/db/client";
import type { SkipOwn } from "@/db/schema";
import { nameOf, type Context } from "@/lib/context";
import { invalid } from "@/lib/errors";
import { planFilters } from "@/lib/events/filter";
import type { Plan } from "@/lib/events/filter-plan";
import { checkPatterns } from "@/lib/event-types/patterns";

/** Who made a webhook: its actor, as "ai:claude", and the name of the API key. */
export type Owner = { owner_actor: string | null; owner_key: string | null };

export function ownerOf({ actor, key }: Pick<Context, "actor" | "key">): Owner {
  return { owner_actor: nameOf(actor), owner_key: key };
}

/** The plan of the filters, for events of these types; refuses what is wrong with either. */
export async function planTerms(
  sql: Statements,
  { event_types, filters }: { event_types: string[]; filters: Record<string, unknown> },
): Promise<Plan | null> {
  return planFilters(filters, await checkPatterns(sql, event_types));
}

/** Nothing could be told to be the webhook's own if it is not known whose it is. */
export function checkSkipOwn(skipOwn: SkipOwn | null, { owner_actor, owner_key }: Owner): void {
  const isUnknown =
    (skipOwn === "key" && owner_key === null) || (skipOwn === "actor" && owner_actor === null);
  if (!isUnknown) return;
  const message =
    skipOwn === "key"
      ? 'must be "actor" or null: the webhook is not made with an API key that has a name'
      : "must be null: it is not known who made the webhook";
  throw invalid({ pointer: "/skip_own", code: "not_allowed", message });
}
