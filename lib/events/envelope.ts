import { nameOf, type Actor, type Cause, type Context } from "@/lib/context";
import { clock } from "@/lib/clock";
import { env } from "@/lib/env";
import { newId } from "@/lib/id";

export const largestBodyBytes = 256 * 1024;

/** What a change means, before it has an id and a text. */
export type EventDraft = {
  type: string;
  entity_type: string;
  entity_id: string;
  entity_version: number;
  current: Record<string, unknown>;
  previous: Record<string, unknown> | null;
  changes: string[];
  context: Partial<
    Record<"project_id" | "milestone_id" | "initiative_id" | "issue_id", string | null>
  >;
};

/** An event as it is stored: `body` is the exact text that is signed and posted, for ever. */
export type EventRow = {
  id: string;
  type: string;
  entity_type: string;
  entity_id: string;
  entity_version: number;
  created_at: Date;
  actor: string;
  actor_key: string | null;
  cause_id: string | null;
  root_id: string | null;
  depth: number;
  body: string;
  /** Of a thin event: its text as it would have been. */
  whole_body: string | null;
};

/** What the events of one change share: who caused it, why, and when. */
export type Origin = {
  actor: Actor;
  key?: string | null;
  cause?: Cause | null;
  at: Date;
  baseUrl: string;
};

/** The origin of a change that is made now; its `change_id` ties the events of it together. */
export function originOf(
  { actor, key, cause }: Pick<Context, "actor"> & Partial<Pick<Context, "key" | "cause">>,
  at: Date = clock().now(),
): Origin {
  const metadata = {
    ...actor.metadata,
    change_id: newId(),
    ...(key ? { key } : {}),
    ...(cause ? { cause_id: cause.id, depth: cause.depth } : {}),
  };
  return {
    actor: { ...actor, metadata },
    key,
    cause,
    at,
    baseUrl: env().baseUrl,
  };
}

/** Makes the text of an event, once; over 256 KiB it is thin: no data, a `fetch_url` instead. */
export function toEventRow(draft: EventDraft, origin: Origin): EventRow {
  const { actor, key, cause, at, baseUrl } = origin;
  const id = newId();
  const { type, entity_type, entity_id, entity_version } = draft;
  const envelope = {
    event_id: id,
    event_type: type,
    timestamp: at.toISOString(),
    entity_type,
    entity_id,
    action: type.slice(type.lastIndexOf(".") + 1),
    actor,
    data: { current: draft.current, previous: draft.previous, changes: draft.changes },
    context: {
      project_id: draft.context.project_id ?? null,
      milestone_id: draft.context.milestone_id ?? null,
      initiative_id: draft.context.initiative_id ?? null,
      issue_id: draft.context.issue_id ?? null,
    },
    entity_version,
  };
  const row = {
    id,
    type,
    entity_type,
    entity_id,
    entity_version,
    created_at: at,
    actor: nameOf(actor),
    actor_key: key ?? null,
    cause_id: cause?.id ?? null,
    root_id: cause?.rootId ?? null,
    depth: cause?.depth ?? 0,
  };
  const body = JSON.stringify(envelope);
  if (Buffer.byteLength(body) <= largestBodyBytes) return { ...row, body, whole_body: null };
  const thin = {
    ...envelope,
    data: { current: { id: entity_id }, previous: null, changes: draft.changes },
    is_thin: true,
    fetch_url: `${baseUrl}/api/v1/events/${id}`,
  };
  return { ...row, body: JSON.stringify(thin), whole_body: body };
}
