import { fulfilledRules, pick, type Row } from "@/lib/events/changes";
import type { EventDraft } from "@/lib/events/envelope";
import type { Entity, SpecificEvent, Stored } from "./define";

/** What anybody may see of a row: its fields, in the order of its shape. */
export function shown(entity: Entity, row: Stored): Stored {
  // The shape has an id and a version.
  return pick(row, Object.keys(entity.shape.shape)) as Stored;
}

type Draft = {
  row: Stored;
  previous?: Row | null;
  changes?: string[];
  /** What this event alone shows in addition to the entity. */
  more?: Row | undefined;
};

/** One event of an entity, not yet recorded. */
export function draftOf(
  entity: Entity,
  action: string,
  { row, previous, changes, more }: Draft,
): EventDraft {
  return {
    type: `${entity.name}.${action}`,
    entity_type: entity.name,
    entity_id: row.id,
    entity_version: row.version,
    current: { ...shown(entity, row), ...more },
    previous: previous ?? null,
    changes: changes ?? [],
    context: entity.context(row),
  };
}

/** The specific events of a change, each with the fields it is about as they were. */
export function draftSpecific(
  entity: Entity,
  { before, after }: { before: Stored | null; after: Stored },
  specificEvents: SpecificEvent[],
): EventDraft[] {
  return specificEvents.map(({ action, fields = [], more }) => {
    const previous = before && fields.length > 0 ? pick(before, fields) : null;
    return draftOf(entity, action, { row: after, previous, changes: fields, more });
  });
}

/**
 * `created` first, then the specific events of what it was created with: a new issue that has an
 * assignee is assigned, one that is closed is closed, as if it had come to be so from its defaults.
 */
export function draftCreated(entity: Entity, row: Stored): EventDraft[] {
  const change = { before: null, after: row };
  const blank = Object.fromEntries(
    Object.keys(entity.fields).map((field) => [field, entity.defaults?.[field] ?? null]),
  );
  const directed = entity.rules.filter(({ when }) => when !== undefined);
  const specificEvents = [
    ...fulfilledRules(directed, blank, row).map(({ action, field }) => ({
      action,
      fields: [field],
    })),
    ...(entity.specificEvents?.(null, row) ?? []),
  ];
  return [draftOf(entity, "created", { row }), ...draftSpecific(entity, change, specificEvents)];
}

/** `updated` first, then the specific events. */
export function draftUpdated(
  entity: Entity,
  { before, after, changes }: { before: Stored; after: Stored; changes: string[] },
): EventDraft[] {
  const specificEvents = [
    ...fulfilledRules(entity.rules, before, after).map(({ action, field }) => ({
      action,
      fields: [field],
    })),
    ...(entity.specificEvents?.(before, after) ?? []),
  ];
  return [
    draftOf(entity, "updated", { row: after, previous: pick(before, changes), changes }),
    ...draftSpecific(entity, { before, after }, specificEvents),
  ];
}
