import type { TopologyName } from "./options";
import type { Random } from "./random";

export const faultKinds = [
  "kill app",
  "kill app and database",
  "kill database",
  "freeze database",
  "freeze app",
  "restart engine",
  "cut receivers",
  "stall receivers",
  "cut database",
  "stall database",
  "cut engine",
  "stall engine",
] as const;
export type FaultKind = (typeof faultKinds)[number];

/** How often each fault is made; restarts count one for each process that is restarted. */
type Amounts = Partial<Record<FaultKind, number>>;

const full: Record<TopologyName, Amounts> = {
  A: {
    "kill app": 90,
    "kill app and database": 16,
    "kill database": 18,
    "freeze database": 8,
    "restart engine": 14,
    "cut receivers": 20,
    "stall receivers": 12,
  },
  B: {
    "kill app": 94,
    "kill app and database": 10,
    "kill database": 16,
    "freeze database": 8,
    "freeze app": 8,
    "restart engine": 7,
    "cut receivers": 12,
    "stall receivers": 8,
    "cut database": 22,
    "stall database": 12,
  },
  C: {
    "kill app": 20,
    "kill app and database": 4,
    "kill database": 4,
    "freeze database": 2,
    "restart engine": 4,
    "cut receivers": 6,
    "stall receivers": 4,
    "cut engine": 10,
    "stall engine": 6,
  },
};

const short: Record<TopologyName, Amounts> = {
  A: {
    "kill app": 4,
    "kill app and database": 1,
    "kill database": 2,
    "freeze database": 1,
    "restart engine": 1,
    "cut receivers": 2,
    "stall receivers": 1,
  },
  B: {
    "kill app": 4,
    "kill app and database": 1,
    "kill database": 1,
    "freeze database": 1,
    "freeze app": 1,
    "restart engine": 1,
    "cut receivers": 1,
    "stall receivers": 1,
    "cut database": 2,
    "stall database": 1,
  },
  C: { "kill app": 2, "kill database": 1, "cut engine": 2, "stall engine": 1 },
};

/** What the full run owes. */
export const promised = { kills: 200, databaseKills: 50, restarts: 20, events: 10_000 };

/**
 * The faults of a topology in the order they are made; `share` null: the short form, which has one
 * of each kind before the others, for it may be ended early.
 */
export function planFaults(
  topology: TopologyName,
  share: number | null,
  random: Random,
): FaultKind[] {
  const amounts = share === null ? short[topology] : full[topology];
  const kinds = faultKinds.filter((kind) => amounts[kind]);
  const repeated = kinds.flatMap((kind) => {
    const amount = Math.ceil((amounts[kind] ?? 0) * (share ?? 1));
    return Array.from({ length: amount - 1 }, () => kind);
  });
  return share === null
    ? [...random.shuffle(kinds), ...random.shuffle(repeated)]
    : random.shuffle([...kinds, ...repeated]);
}
