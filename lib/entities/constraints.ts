import { invalid } from "@/lib/errors";
import type { Row } from "@/lib/events/changes";
import type { Entity } from "./define";

const foreignKeyViolation = "23503";
const uniqueViolation = "23505";

/** Turns what the database refuses into a refusal of the field that gave it. */
export async function checkingConstraints<T>(
  entity: Entity,
  row: Row,
  write: () => Promise<T>,
): Promise<T> {
  try {
    return await write();
  } catch (error) {
    const { code, constraint } = violationOf(error);
    if (code === foreignKeyViolation) throw unknownReference(entity, row, constraint) ?? error;
    const field = code === uniqueViolation ? entity.unique?.[constraint] : undefined;
    if (!field) throw error;
    const message = `there is a ${entity.name} with the ${field} "${String(row[field])}" already`;
    throw invalid({ pointer: `/${field}`, code: "taken", message });
  }
}

/** By its fields, not its class: launcher and routes have a copy of the driver each. */
export function violationOf(error: unknown): { code: string; constraint: string } {
  const at = (name: string) =>
    error instanceof Error && name in error ? String(Reflect.get(error, name)) : "";
  return { code: at("code"), constraint: at("constraint_name") };
}

function unknownReference(entity: Entity, row: Row, constraint: string) {
  const column = Object.keys(entity.references).find((name) => constraint.includes(`_${name}_`));
  const reference = column ? entity.references[column] : undefined;
  if (!column || !reference) return undefined;
  const { entity: named, field = column } = reference;
  const message = `no ${named} has the id ${String(row[field])}`;
  return invalid({ pointer: `/${field}`, code: "unknown_reference", message });
}
