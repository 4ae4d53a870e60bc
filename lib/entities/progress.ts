import type { Stored } from "./define";

const shareOf = (row: Stored) => Number(row.completion_percentage);

/** The thresholds that the share of closed issues has passed upwards, lowest first. */
export function thresholdsCrossed(before: Stored, after: Stored, thresholds: number[]): number[] {
  return thresholds.filter((least) => shareOf(before) < least && shareOf(after) >= least);
}

/** The tenth (0, 10, …, 100) that the share of closed issues has come into, or null: it is the same. */
export function tenthReached(before: Stored, after: Stored): number | null {
  const tenthOf = (row: Stored) => Math.floor(shareOf(row) / 10) * 10;
  return tenthOf(before) === tenthOf(after) ? null : tenthOf(after);
}
