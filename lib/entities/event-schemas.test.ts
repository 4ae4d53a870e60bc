import { describe, expect, it } from "vitest";
import { catalogue } from "@/lib/event-types/catalogue";
import { sampleOf } from "@/lib/event-types/samples";
import { Budget, compileSchema, schemaErrors } from "@/lib/event-types/schema-check";
import { eventSchemaOf } from "./event-schemas";

describe.each(catalogue)("the schema of $type", ({ type }) => {
  const schema = eventSchemaOf(type);
  const { current } = sampleOf(type);
  const check = (value: unknown) =>
    compileSchema(schema)(value, { size: 1_000, budget: new Budget() });

  it("is one that could be registered", () => {
    expect(schemaErrors(schema)).toEqual([]);
  });

  it("accepts the sample, and names every field of it", () => {
    expect(check(current)).toEqual([]);
    expect(Object.keys(schema.properties ?? {})).toEqual(
      expect.arrayContaining(Object.keys(current)),
    );
  });

  it("accepts a field that will be shown one day, and refuses one of another type", () => {
    expect(check({ ...current, of_tomorrow: 1 })).toEqual([]);
    expect(check({ ...current, id: 5 })).toMatchObject([{ pointer: "/id", code: "wrong_type" }]);
  });
});
