import type { Statements } from "@/db/client";
import { systemActor, type Cause } from "@/lib/context";
import { originOf, toEventRow, type EventRow } from "./envelope";
import { installationId } from "./installation";

/** Of an event of ours: what happens to an installation changes nothing of it. */
const onlyVersion = 1;

/** What this installation tells of itself; `more` is what the event shows beside its id. */
export async function systemEvent(
  sql: Statements,
  {
    action,
    more,
    at,
    cause,
  }: { action: string; more: Record<string, unknown>; at: Date; cause?: Cause },
): Promise<EventRow> {
  const id = await installationId(sql);
  const draft = {
    type: `system.${action}`,
    entity_type: "system",
    entity_id: id,
    entity_version: onlyVersion,
    current: { id, ...more },
    previous: null,
    changes: [],
    context: {},
  };
  return toEventRow(draft, originOf({ actor: systemActor, cause }, at));
}
