import { z } from "zod";
import { env } from "@/lib/env";
import { json, time } from "@/lib/fields";
import { toEventRow, type EventDraft } from "@/lib/events/envelope";

/** What the fields of an event type mean, whether it is shown or registered. */
export const typeWords = {
  description: "What it means.",
  schema: "The JSON Schema (draft 2020-12) of `data.current`.",
  sample: "A `data.current` that the schema accepts.",
};

/** An event type as it is shown: one of the catalogue, or one that somebody has registered. */
export const ShownEventType = z.object({
  name: z.string().describe("As `calendar.meeting_booked`."),
  entity: z.string().describe("What it is about."),
  description: z.string().nullable().describe(typeWords.description),
  source: z
    .enum(["catalogue", "registered"])
    .describe("`catalogue`: Turbo's own. `registered`: somebody's."),
  is_subscribable: z.boolean().describe("A webhook may ask for it."),
  schema: json.describe(typeWords.schema),
  sample: json.describe(typeWords.sample),
  example: json.describe("A whole event as a receiver gets it."),
  created_at: time.nullable().describe("When it was registered; null: it is Turbo's own."),
  updated_at: time.nullable().describe("When it was last changed."),
});
export type ShownEventType = z.output<typeof ShownEventType>;

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
