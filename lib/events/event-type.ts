import { env } from "@/lib/env";
import { toEventRow, type EventDraft } from "./envelope";
import type { JsonSchema } from "./schema-rules";

/** An event type as it is shown: one of the catalogue, or one that somebody has registered. */
export type ShownEventType = {
  name: string;
  entity: string;
  description: string | null;
  source: "catalogue" | "registered";
  is_subscribable: boolean;
  /** JSON Schema of `data.current`, and a `data.current` that it accepts. */
  schema: JsonSchema;
  sample: Record<string, unknown>;
  /** A whole event as a receiver gets it. */
  example: Record<string, unknown>;
  created_at: string | null;
  updated_at: string | null;
};

export const sampleEventId = "0190a5c0-0000-7000-8000-000000000100";
const sampleAt = new Date("2026-01-02T03:04:05.678Z");
const actor = { type: "user", name: "sample", metadata: { change_id: sampleEventId } } as const;

/** The body of such an event, the same whenever it is asked for. */
export function exampleOf(draft: EventDraft): Record<string, unknown> {
  const { body } = toEventRow(draft, { actor, at: sampleAt, baseUrl: env().baseUrl });
  return { ...JSON.parse(body), event_id: sampleEventId };
}

/** The entity, or what comes before the dot of any other type. */
export function entityOfType(type: string): string {
  return type.slice(0, type.indexOf("."));
}
