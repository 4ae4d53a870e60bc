import type { Operator } from "./filter-values";

export type Scalar = string | number | boolean | null;

/** A condition: what stands at a path of an event, an array of PostgreSQL as text, and a value. */
export type Leaf = { path: string; op: Operator; value: Scalar | Scalar[]; at: string };

/**
 * A filter as turbo_mismatch() in the database reads it; `at` is where it stands in what was given,
 * a JSON pointer that begins with `/filters`.
 */
export type Plan =
  | { all: Plan[]; at: string }
  | { any: Plan[]; at: string }
  | { not: Plan; at: string }
  | Leaf;

/** `{"data","current","status"}`. */
export function pathText(steps: string[]): string {
  return `{${steps.map((step) => `"${step.replaceAll(/["\\]/g, "\\$&")}"`).join(",")}}`;
}
