import { describe, expect, it } from "vitest";
import { operations } from "@/lib/api/operations";
import { placeOfShape, readGroups } from "./read-groups";

describe("readGroups", () => {
  it("shows every operation once, and something in each group", () => {
    const shown = readGroups().flatMap((group) => group.operations);
    expect(new Set(shown)).toEqual(new Set(operations));
    expect(shown).toHaveLength(operations.length);
    for (const group of readGroups()) expect(group.operations, group.name).not.toEqual([]);
  });

  it("explains each shape where it is at home", () => {
    expect(placeOfShape("Issue")).toBe("/reference/issues#shape-Issue");
    expect(placeOfShape("Delivery")).toBe("/reference/deliveries#shape-Delivery");
    expect(placeOfShape("Event")).toBe("/reference/events#shape-Event");
    const places = readGroups().flatMap(({ slug, shapes }) =>
      shapes.map(({ name }) => `/reference/${slug}#shape-${name}`),
    );
    const needed = operations.flatMap(({ answers }) =>
      answers.flatMap(({ of }) => (of ? placeOfShape(of.name) : [])),
    );
    expect(new Set(places)).toEqual(new Set(needed));
  });
});
