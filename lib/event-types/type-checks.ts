import type { Statements } from "@/db/client";
import { catalogue } from "./catalogue";
import { toJsonSchema } from "./json-schema";
import { compileSchema, type Check } from "./schema-check";
import type { JsonSchema } from "./schema-rules";
import { systemShapes } from "./system-shapes";

/** So many compiled schemas are kept, those that were asked for last. */
const mostKept = 100;
const kept = new Map<string, { changedAt: string; check: Check }>();

/** The types of the catalogue that others tell of. */
const postedTypes: ReadonlySet<string> = new Set(
  catalogue.flatMap((entry) => ("isPosted" in entry ? [entry.type] : [])),
);

/** What checks a `data.current` of each of these types; those that nobody may send are left out. */
export async function checksOf(sql: Statements, types: string[]): Promise<Map<string, Check>> {
  const checks = new Map<string, Check>();
  const others = types.filter((type) => !postedTypes.has(type));
  for (const type of types) if (postedTypes.has(type)) checks.set(type, postedCheck(type));
  if (others.length === 0) return checks;
  const rows = await sql<{ name: string; changed_at: string }[]>`
    select name, updated_at::text as changed_at from event_types where name = any(${others}::text[])`;
  const missing: string[] = [];
  for (const { name, changed_at } of rows) {
    const found = kept.get(name);
    if (found?.changedAt !== changed_at) missing.push(name);
    else checks.set(name, keep(name, found));
  }
  for (const [name, check] of await readChecks(sql, missing)) checks.set(name, check);
  return checks;
}

function postedCheck(type: string): Check {
  const action = type.slice(type.indexOf(".") + 1) as keyof typeof systemShapes;
  const found = kept.get(type);
  const check = found?.check ?? compileSchema(toJsonSchema(systemShapes[action]));
  return keep(type, { changedAt: "", check });
}

async function readChecks(sql: Statements, names: string[]): Promise<[string, Check][]> {
  if (names.length === 0) return [];
  const rows = await sql<{ name: string; changed_at: string; schema: JsonSchema }[]>`
    select name, updated_at::text as changed_at, schema from event_types
    where name = any(${names}::text[])`;
  return rows.map(({ name, changed_at, schema }) => {
    const check = compileSchema(schema);
    return [name, keep(name, { changedAt: changed_at, check })];
  });
}

function keep(name: string, one: { changedAt: string; check: Check }): Check {
  kept.delete(name);
  kept.set(name, one);
  const oldest = kept.keys().next().value;
  if (kept.size > mostKept && oldest !== undefined) kept.delete(oldest);
  return one.check;
}
