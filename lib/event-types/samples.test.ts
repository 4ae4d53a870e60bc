import { describe, expect, it } from "vitest";
import { entities, entityNamed } from "@/lib/entities/definitions";
import { isId } from "@/lib/id";
import { catalogue } from "./catalogue";
import { fulfilledRules } from "@/lib/events/changes";
import { toEventRow } from "@/lib/events/envelope";
import { sampleOf } from "./samples";

const origin = {
  actor: { type: "user" as const, name: "sample", metadata: {} },
  at: new Date(),
  baseUrl: "http://localhost:3000",
};
const ofEntities = catalogue.filter(({ entity }) => `${entity}s` in entities);

describe.each(catalogue)("the sample of $type", ({ type, entity }) => {
  const sample = sampleOf(type);

  it("is an event of that type", () => {
    expect(sample).toMatchObject({ type, entity_type: entity });
    expect(isId(sample.entity_id)).toBe(true);
    expect(sample.current.id).toBe(sample.entity_id);
    expect(JSON.parse(toEventRow(sample, origin).body)).toMatchObject({ event_type: type });
  });

  it("names as changed what it shows the old values of, and they differ", () => {
    expect(Object.keys(sample.previous ?? {})).toEqual(sample.changes);
    for (const field of sample.changes)
      expect(sample.current[field]).not.toEqual(sample.previous?.[field]);
  });
});

describe.each(ofEntities)("the sample of $type", ({ type, entity }) => {
  const sample = sampleOf(type);
  const definition = entityNamed(`${entity}s`);
  const action = type.slice(entity.length + 1);

  it("shows the entity whole, as it is shown", () => {
    expect(definition.shape.safeParse(sample.current).error).toBeUndefined();
  });

  it("has the meaning its type has", () => {
    const rule = definition.rules.find((one) => one.action === action);
    if (!rule) return;
    const before = { ...sample.current, ...sample.previous };
    expect(fulfilledRules([rule], before, sample.current)).toEqual([rule]);
  });
});
