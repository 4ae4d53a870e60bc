import { z, type ZodType } from "zod";
import type { JsonSchema } from "./schema-rules";

/**
 * The JSON Schema (draft 2020-12) of what is shown in a shape. Fields that it does not name may come
 * to be shown: who reads by it must not stumble over them. A format says enough without its pattern.
 */
export function toJsonSchema(shape: ZodType): JsonSchema {
  const { $schema: _, ...schema } = z.toJSONSchema(shape, {
    io: "output",
    override: ({ jsonSchema }) => {
      delete jsonSchema.additionalProperties;
      if (jsonSchema.format) delete jsonSchema.pattern;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    },
  });
  return schema;
}
