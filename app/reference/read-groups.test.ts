import { describe, expect, it } from "vitest";
import { endpoints } from "@/lib/api/endpoints";
import { placeOfShape, readGroups } from "./read-groups";

describe("readGroups", () => {
  it("shows every endpoint once, and something in each group", () => {
    const shown = readGroups().flatMap((group) => group.endpoints);
    expect(new Set(shown)).toEqual(new Set(endpoints));
    expect(shown).toHaveLength(endpoints.length);
    for (const group of readGroups()) expect(group.endpoints, group.name).not.toEqual([]);
  });

  it("explains each shape where it is at home", () => {
    expect(placeOfShape("Issue")).toBe("/reference/issues#shape-Issue");
    expect(placeOfShape("Delivery")).toBe("/reference/deliveries#shape-Delivery");
    expect(placeOfShape("Event")).toBe("/reference/events#shape-Event");
    const places = readGroups().flatMap(({ slug, shapes }) =>
      shapes.map(({ name }) => `/reference/${slug}#shape-${name}`),
    );
    const needed = endpoints.flatMap(({ answers }) =>
      answers.flatMap(({ of }) => (of ? placeOfShape(of.name) : [])),
    );
    expect(new Set(places)).toEqual(new Set(needed));
  });
});
