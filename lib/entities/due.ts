import type { Stored } from "./define";

const dayMs = 24 * 3_600_000;

/** Days left at which it is told that something is due; -1: that it is overdue. */
export const dueStages: readonly number[] = [-1, 1, 3, 7];

/** Days from `today` to a due date (both "2026-11-23"); negative when it has passed. */
export function daysLeft(due_date: string, today: string): number {
  return (Date.parse(due_date) - Date.parse(today)) / dayMs;
}

/** What there is to tell with so many days left: 7, 3 or 1, -1 for overdue, null for nothing yet. */
export function dueStage(days_left: number): number | null {
  return dueStages.find((stage) => days_left <= stage) ?? null;
}

/**
 * The `due_told` of a row whose due date is set today (both "2026-11-23"): the stages that lie
 * behind by then count as told, save that it is overdue.
 */
export function dueToldAt(due_date: string | null, today: string): number | null {
  if (due_date === null) return null;
  const days_left = Math.max(-1, daysLeft(due_date, today));
  return dueStages.find((stage) => stage > days_left) ?? null;
}

/** A new due date is told anew, save for the days that lie behind already. */
export function dueTold({ row, before, at }: { row: Stored; before: Stored | null; at: Date }) {
  if (before && before.due_date === row.due_date) return {};
  const today = at.toISOString().slice(0, 10);
  return { due_told: dueToldAt(row.due_date as string | null, today) };
}
