import type { Schema } from "./openapi";

/** A body that must be refused, and the pointer that the refusal must have. */
export type BadBody = { what: string; body: unknown; pointer: string };

/** Everything that is wrong by this schema, made of a good body by one change each. */
export function badBodies(schema: Schema, good: unknown): BadBody[] {
  const whole = [null, 7, "text"].map((body) => ({
    what: JSON.stringify(body),
    body,
    pointer: "",
  }));
  return [...whole, ...badFields(objectOf(schema), asObject(good), "")];
}

function badFields(schema: Schema, good: Record<string, unknown>, at: string): BadBody[] {
  const { properties = {}, required = [], additionalProperties } = schema;
  const unknown = { what: "an unknown field", body: { ...good, zz: 1 }, pointer: `${at}/zz` };
  return [
    ...(additionalProperties === false ? [unknown] : []),
    ...required.map((name) => ({
      what: `without ${at}/${name}`,
      body: Object.fromEntries(Object.entries(good).filter(([field]) => field !== name)),
      pointer: `${at}/${name}`,
    })),
    ...Object.entries(properties).flatMap(([name, field]) => {
      const pointer = `${at}/${name}`;
      const wrong = wrongValues(field).map((value) => ({
        what: `${pointer} is ${JSON.stringify(value)?.slice(0, 40)}`,
        body: { ...good, [name]: value },
        pointer,
      }));
      const inner = objectOf(field);
      const within = inner.properties ? badFields(inner, asObject(good[name]), pointer) : [];
      return [...wrong, ...within.map((bad) => ({ ...bad, body: { ...good, [name]: bad.body } }))];
    }),
  ];
}

/** Values that a field of this schema refuses: of each other type, and beyond each of its bounds. */
export function wrongValues(schema: Schema): unknown[] {
  const parts = schema.anyOf ?? [schema];
  const types = parts.flatMap(({ type }) => type ?? []);
  if (types.length === 0) return [];
  const ofOtherTypes = Object.entries(values)
    .filter(([type]) => !types.includes(type) && !(type === "number" && types.includes("integer")))
    .map(([, value]) => value);
  return [...ofOtherTypes, ...parts.flatMap(beyondBounds)];
}

const values: Record<string, unknown> = {
  null: null,
  string: "nonsense",
  number: 7.5,
  boolean: true,
  array: [],
  object: {},
};

function beyondBounds(schema: Schema): unknown[] {
  const { minLength, maxLength, minimum, maximum, minItems, maxItems, format, pattern } = schema;
  return [
    ...(schema.enum ? ["nonsense"] : []),
    ...(format ? ["nonsense"] : []),
    ...(format === "date" ? ["2026-02-30"] : []),
    ...(pattern ? ["\u00e4 \u00e4"] : []),
    ...(minLength === undefined ? [] : [""]),
    ...(maxLength === undefined ? [] : ["x".repeat(maxLength + 1)]),
    ...(minimum === undefined ? [] : [minimum - 1]),
    ...(maximum === undefined ? [] : [maximum + 1]),
    ...(minItems === undefined ? [] : [[]]),
    ...(maxItems === undefined ? [] : [Array.from({ length: maxItems + 1 }, () => "x")]),
    ...(schema.type === "integer" ? [1.5] : []),
  ];
}

/** The schema itself, or the object among those it may be. */
function objectOf(schema: Schema): Schema {
  return schema.anyOf?.find(({ type }) => type === "object") ?? schema;
}

function asObject(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}
