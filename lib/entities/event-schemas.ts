import { z, type ZodObject, type ZodRawShape } from "zod";
import type { EventType } from "@/lib/event-types/catalogue";
import { toJsonSchema } from "@/lib/event-types/json-schema";
import type { JsonSchema } from "@/lib/event-types/schema-rules";
import { systemShapes } from "@/lib/event-types/system-shapes";
import { OpenWebhook } from "@/lib/webhooks/schema";
import { comment } from "./comment";
import { entities } from "./definitions";
import { initiative } from "./initiative";
import { issue } from "./issue";
import { milestone } from "./milestone";
import { tag } from "./tag";

/** What `data.current` of each entity's events shows at least. */
const shapes: Record<string, ZodObject> = {
  webhook: OpenWebhook,
  ...Object.fromEntries(Object.values(entities).map(({ name, shape }) => [name, shape])),
  ...Object.fromEntries(
    Object.entries(systemShapes).map(([action, shape]) => [`system.${action}`, shape]),
  ),
};

const threshold = z.int().min(0).max(100);
const days_left = z.int().min(0);
const days_overdue = z.int().min(1);

/** What a type shows beside its entity. */
const extras: Partial<Record<EventType, ZodRawShape>> = {
  "issue.commented": { comment: comment.shape },
  "issue.tagged": { tag: tag.shape },
  "issue.due_date_approaching": { days_left },
  "issue.overdue": { days_overdue },
  "issue.blocked": { blocked_by: issue.shape },
  "issue.linked_to_milestone": { milestone: milestone.shape },
  "issue.linked_to_initiative": { initiative: initiative.shape },
  "project.completion_milestone": { threshold },
  "milestone.progress_updated": { threshold },
  "milestone.due_date_approaching": { days_left },
  "milestone.overdue": { days_overdue },
  "initiative.issue_added": { issue: issue.shape },
  "comment.mention": { mentioned: z.string() },
  "document.linked": {
    linked: z.object({ entity_type: z.string(), entity_id: z.uuid() }),
  },
  "tag.applied": { issue: issue.shape },
  "tag.removed": { issue: issue.shape },
};

/** The JSON Schema of `data.current` of a type of the catalogue. */
export function eventSchemaOf(type: EventType): JsonSchema {
  return toJsonSchema(eventShapeOf(type));
}

function eventShapeOf(type: EventType): ZodObject {
  const shape = shapes[type] ?? shapes[type.slice(0, type.indexOf("."))];
  if (!shape) throw new Error(`there is no shape of ${type}`);
  return shape.extend(extras[type] ?? {});
}
