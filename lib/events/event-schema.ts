import { z } from "zod";
import { json, time, uuid } from "@/lib/fields";

const place = uuid.nullable();
const thinWords = "It was over 256 KiB whole: `data` holds the id alone.";

/** What the fields of an event mean, whether it is shown or posted. */
export const words = {
  event_type: "As `issue.created`.",
  entity_type: "What it is about, as `issue`.",
  entity_id: "The id of what it is about.",
  actor: "Who caused it.",
  actor_type: "Who it was: `user`, `ai`, or `system` for the service itself.",
  actor_name: "Their name, as `ada`.",
  metadata: "What else is known of who, and of why.",
  data: "What changed.",
  current: "The whole entity as it is now, or was at last.",
  previous: "The old values of what changed.",
  changes: "The fields that changed.",
  context: "What it belongs to.",
  project_id: "The project it belongs to.",
  milestone_id: "The milestone it belongs to.",
  initiative_id: "The initiative it belongs to.",
  issue_id: "The issue it belongs to.",
  entity_version: "The entity's version, by which a receiver can drop what is stale.",
};

/** An event, as it is POSTed and shown. */
export const Event = z.object({
  event_id: uuid.describe("The event's id."),
  event_type: z.string().describe(words.event_type),
  timestamp: time.describe("When it happened."),
  entity_type: z.string().describe(words.entity_type),
  entity_id: uuid.describe(words.entity_id),
  action: z.string().describe("What happened, as `created`."),
  actor: z
    .object({
      type: z.enum(["user", "ai", "system"]).describe(words.actor_type),
      name: z.string().describe(words.actor_name),
      metadata: json.describe(words.metadata),
    })
    .describe(words.actor),
  data: z
    .object({
      current: json.describe(words.current),
      previous: json.nullable().describe(words.previous),
      changes: z.array(z.string()).describe(words.changes),
    })
    .describe(words.data),
  context: z
    .object({
      project_id: place.describe(words.project_id),
      milestone_id: place.describe(words.milestone_id),
      initiative_id: place.describe(words.initiative_id),
      issue_id: place.describe(words.issue_id),
    })
    .describe(words.context),
  entity_version: z.int().min(1).describe(words.entity_version),
  is_thin: z.literal(true).optional().describe(thinWords),
  fetch_url: z.url().optional().describe("Where a thin event is to be had whole."),
});
