import { z, type ZodType } from "zod";

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
 * What a request must be (`input`) or an answer is (`output`). Answers may come to show more fields
 * than these; requests are refused for any other.
 */
export function schemaOf(shape: ZodType, io: "input" | "output"): JsonSchema {
  const { $schema: _, ...schema } = z.toJSONSchema(shape, {
    io,
    override: ({ jsonSchema }) => {
      if (jsonSchema.format) delete jsonSchema.pattern;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.propertyNames) {
        delete jsonSchema.propertyNames;
        if (isAnything(jsonSchema.additionalProperties)) jsonSchema.additionalProperties = true;
      } else if (jsonSchema.additionalProperties === false && io === "output")
        delete jsonSchema.additionalProperties;
    },
  });
  return schema as JsonSchema;
}

function isAnything(schema: unknown): boolean {
  return typeof schema === "object" && schema !== null && Object.keys(schema).length === 0;
}
