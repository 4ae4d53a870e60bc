import { z } from "zod";
import { count } from "@/lib/fields";
import type { Derived, Stored } from "./define";

type Linked = { table: string; column: string; by: string };

/** The ids in a column of a table of links, of the rows whose `by` names this one, oldest first. */
export function linkedIds(words: string, { table, column, by }: Linked): Derived {
  return {
    shape: z.array(z.uuid()).describe(words),
    fresh: [],
    select: `array(
      select ${column} from ${table} where ${by} = entity.id order by created_at, ${column})`,
  };
}

/** How many issues, as rows of a table, name this one in a column. */
export function countOf(table: string, by: string): Derived {
  return {
    shape: count.describe("How many issues belong to it."),
    fresh: 0,
    select: `(select count(*)::int from ${table} where ${by} = entity.id)`,
  };
}

/** The share of closed ones among issues, in whole percent; `from` names them "issue" and ends in a condition. */
export function closedShare(from: string): Derived {
  return {
    shape: z
      .int()
      .min(0)
      .max(100)
      .describe("The share of its issues that is closed, rounded down."),
    fresh: 0,
    select: `(
      select coalesce(100 * count(*) filter (where issue.status = 'closed') / nullif(count(*), 0), 0)::int
      from ${from})`,
  };
}

/** That share of the issues linked to this one by a table of links. */
export function closedShareOf(table: string, by: string): Derived {
  return closedShare(
    `${table} link join issues issue on issue.id = link.issue_id where link.${by} = entity.id`,
  );
}

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
