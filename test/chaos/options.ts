import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";

export const topologyNames = ["A", "B", "C"] as const;
export type TopologyName = (typeof topologyNames)[number];

export type Options = {
  seed: number;
  /** What part of the full run's faults is made; null: the short form. */
  share: number | null;
  only: TopologyName | null;
  /** The document whose table is written; null: none. */
  out: string | null;
  /** Leaves the temporary folder, with the logs, whatever comes of the run. */
  keep: boolean;
};

/** How long the full run takes, about; `--minutes` is measured against it. */
export const fullMinutes = 28;

export const usage = `npm run chaos -- [options]
  --short        a few faults of each kind, under three minutes
  --minutes N    a part of the full run that takes about so long (the full run: ${fullMinutes})
  --only A|B|C   one topology: A one process, B two processes, C an Inngest server
  --seed N       the same choices as another run
  --out FILE     the document whose table of results is written
                 (docs/durability.md for a full run, else none)
  --keep         leave the logs of a run that passes, as of one that fails
`;

/** Throws one sentence when the arguments are not understood. */
export function readOptions(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      short: { type: "boolean", default: false },
      minutes: { type: "string" },
      only: { type: "string" },
      seed: { type: "string" },
      out: { type: "string" },
      keep: { type: "boolean", default: false },
    },
  });
  const only = topologyNames.find((name) => name === values.only) ?? null;
  if (values.only !== undefined && !only) throw new Error("--only: must be A, B or C");
  const minutes = numberOf("--minutes", values.minutes, { least: 1, most: 600 });
  const seed = numberOf("--seed", values.seed, { least: 0, most: 2 ** 31 });
  const isFull = !values.short && minutes === null && only === null;
  return {
    seed: seed ?? randomInt(1_000_000),
    share: values.short ? null : (minutes ?? fullMinutes) / fullMinutes,
    only,
    keep: values.keep,
    out: values.out ?? (isFull ? "docs/durability.md" : null),
  };
}

function numberOf(
  name: string,
  text: string | undefined,
  { least, most }: { least: number; most: number },
): number | null {
  if (text === undefined) return null;
  const value = Number(text);
  if (text.trim() !== "" && value >= least && value <= most) return value;
  throw new Error(`${name}: must be a number from ${least} to ${most}`);
}
