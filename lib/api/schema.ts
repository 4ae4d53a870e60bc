import { z, type ZodType } from "zod";
import { words } from "./words";

/** A JSON Schema (draft 2020-12), as OpenAPI 3.1 has them. */
export type JsonSchema = {
  type?: string | string[];
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  enum?: unknown[];
  const?: unknown;
  format?: string;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  minimum?: number;
  maximum?: number;
  description?: string;
  default?: unknown;
  additionalProperties?: boolean | JsonSchema;
  [keyword: string]: unknown;
};

/**
 * What a request must be (`input`) or an answer is (`output`), with a word on each field. Answers may
 * come to show more fields than these; requests are refused for any other.
 */
export function schemaOf(
  shape: ZodType,
  { io, name }: { io: "input" | "output"; name: string },
): JsonSchema {
  const { $schema: _, ...schema } = z.toJSONSchema(shape, {
    io,
    override: ({ jsonSchema }) => {
      if (jsonSchema.format) delete jsonSchema.pattern;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.propertyNames) {
        delete jsonSchema.propertyNames;
        if (isAnything(jsonSchema.additionalProperties)) jsonSchema.additionalProperties = true;
      } else if (io === "output") delete jsonSchema.additionalProperties;
    },
  });
  return worded(schema as JsonSchema, name);
}

function isAnything(schema: unknown): boolean {
  return typeof schema === "object" && schema !== null && Object.keys(schema).length === 0;
}

/** With what its fields mean; `parent` is the name of what they are in. */
function worded(schema: JsonSchema, parent: string): JsonSchema {
  const { properties, items, anyOf } = schema;
  const fields = Object.entries(properties ?? {}).map(([field, inner]): [string, JsonSchema] => {
    const description = inner.description ?? words[`${parent}.${field}`] ?? words[field];
    return [field, { ...worded(inner, field), ...(description && { description }) }];
  });
  return {
    ...schema,
    ...(properties && { properties: Object.fromEntries(fields) }),
    ...(items && { items: worded(items, parent) }),
    ...(anyOf && { anyOf: anyOf.map((part) => worded(part, parent)) }),
  };
}
