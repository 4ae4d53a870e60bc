import type { Stored } from "./define";
import { dueToldAt } from "./due";

/** A new due date is told anew, save for the days that lie behind already. */
export function dueTold({ row, before, at }: { row: Stored; before: Stored | null; at: Date }) {
  if (before && before.due_date === row.due_date) return {};
  const today = at.toISOString().slice(0, 10);
  return { due_told: dueToldAt(row.due_date as string | null, today) };
}
