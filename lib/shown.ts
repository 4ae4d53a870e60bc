import type { ZodObject, ZodRawShape, z } from "zod";

/** A row from which `T` can be shown: where that shows a text, the row may have a Date. */
type RowOf<T> = { [Key in keyof T]: T[Key] | (string extends T[Key] ? Date : never) };

/** What a shape shows of a row: its fields in its order, times as ISO 8601. */
export function shownBy<Shape extends ZodRawShape>(
  { shape }: ZodObject<Shape>,
  row: RowOf<z.output<ZodObject<Shape>>>,
): z.output<ZodObject<Shape>> {
  const fields: Record<string, unknown> = row;
  const shown = Object.keys(shape).map((name) => {
    const value = fields[name];
    return [name, value instanceof Date ? value.toISOString() : value];
  });
  return Object.fromEntries(shown) as z.output<ZodObject<Shape>>;
}
