import { Validator } from "@seriousme/openapi-schema-validator";
import { describe, expect, it } from "vitest";
import { documentText, makeDocument, ownParameters } from "./document";
import { endpoints } from "./endpoints";
import type { JsonSchema } from "./schema";

const document = makeDocument("https://turbo.example.com");

type Components = { schemas: Record<string, JsonSchema>; [kind: string]: object };
const components = document.components as Components;

function refsIn(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, part]) =>
    key === "$ref" ? [String(part)] : refsIn(part),
  );
}

/** The fields of a schema, those within others too, as "Webhook/name". */
function fieldsIn(schema: JsonSchema, at: string): [string, JsonSchema][] {
  const fields = Object.entries(schema.properties ?? {});
  return [
    ...fields.map(([name, field]): [string, JsonSchema] => [`${at}/${name}`, field]),
    ...fields.flatMap(([name, field]) => fieldsIn(field, `${at}/${name}`)),
    ...[schema.items, ...(schema.anyOf ?? [])].flatMap((part) => (part ? fieldsIn(part, at) : [])),
  ];
}

describe("the OpenAPI document", () => {
  it("is valid OpenAPI 3.1", async () => {
    const validator = new Validator();
    expect(await validator.validate(structuredClone(document))).toEqual({ valid: true });
    expect(validator.version).toBe("3.1");
  });

  it("refers to nothing that it does not hold, and holds nothing unused", () => {
    const refs = new Set(refsIn(document));
    const held = Object.entries(components)
      .filter(([kind]) => kind !== "securitySchemes")
      .flatMap(([kind, parts]) => Object.keys(parts).map((name) => `#/components/${kind}/${name}`));
    expect([...refs].toSorted()).toEqual(held.toSorted());
  });

  it("names every path once", () => {
    expect(Object.keys(document.paths as object)).toHaveLength(
      new Set(endpoints.map(({ path }) => path)).size,
    );
  });

  it("has a word on every field and every parameter of a list", () => {
    const fields = Object.entries(components.schemas).flatMap(([name, schema]) =>
      fieldsIn(schema, name),
    );
    const silent = fields.filter(([, { description }]) => !description).map(([at]) => at);
    expect(silent).toEqual([]);
    for (const parameter of endpoints.flatMap(ownParameters))
      expect(parameter.description, parameter.name).toMatch(/\w/);
  });

  it("asks nobody for a parameter that is null", () => {
    const schemas = endpoints.flatMap(ownParameters).map(({ schema }) => JSON.stringify(schema));
    for (const schema of schemas) expect(schema).not.toContain("null");
  });

  it("is made once", () => {
    expect(documentText("http://127.0.0.1:3000")).toBe(documentText("http://127.0.0.1:3000"));
  });
});
