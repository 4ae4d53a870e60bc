import { mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { reasonOf } from "@/lib/log";
import { buildIfStale } from "@/server/build";
import { readOptions, topologyNames, usage, type Options, type TopologyName } from "./options";
import { promised } from "./plan";
import { Random } from "./random";
import { failuresOf, resultTables, summaryLine, totalsOf, type Run } from "./report";
import { run } from "./run";
import { closeTopology, openTopology, titles, type Topology } from "./topology";

const root = fileURLToPath(new URL("../..", import.meta.url));
const engineUrl = process.env.INNGEST_TEST_URL;
const mostFailuresShown = 20;

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  say(`seed ${options.seed}`);
  process.chdir(root);
  Object.assign(process.env, { NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1" });
  await buildIfStale();
  const dir = await realpath(await mkdtemp(join(tmpdir(), "turbo-chaos-")));
  const runs: Run[] = [];
  const failures: string[] = [];
  const kept: string[] = [];
  for (const name of topologyNames) {
    if (options.only && options.only !== name) continue;
    if (name === "C" && !engineUrl) {
      say("C is skipped: INNGEST_TEST_URL names no Inngest server");
      continue;
    }
    say(`${name}: ${titles[name]}`);
    const end = await runOne(name, options, join(dir, name));
    if (end.run) runs.push(end.run);
    failures.push(...end.failures);
    kept.push(...end.kept);
    if (isInterrupted()) break;
  }
  failures.push(...shortfallsOf(options, runs));
  await tell(options, { runs, failures, dir });
  const isKept = (failures.length > 0 && !isInterrupted()) || options.keep;
  if (isKept) say(`kept: ${[dir, ...kept].join(" ")}`);
  else await rm(dir, { recursive: true, force: true });
  say(runs.length > 0 ? summaryLine(runs) : "no run came to its end: nothing was compared");
  return failures.length === 0 ? 0 : 1;
}

type End = { run: Run | null; failures: string[]; kept: string[] };

async function runOne(name: TopologyName, options: Options, dir: string): Promise<End> {
  const random = (purpose: string) => new Random(options.seed, `${name} ${purpose}`);
  const made: Partial<Topology> = {};
  const end: End = { run: null, failures: [], kept: [] };
  try {
    const opening = openTopology({ name, dir, random: random("receivers"), engineUrl }, made);
    const topology = await Promise.race([opening, interruption]);
    const running = run(topology, { share: options.share, random });
    end.run = { topology, outcome: await Promise.race([running, interruption]) };
    end.failures.push(...failuresOf([end.run]));
  } catch (error) {
    end.failures.push(`${name}: ${reasonOf(error)}`, ...(made.journal?.surprises ?? []));
  }
  const keepFiles = end.failures.length > 0 && !isInterrupted();
  const kept = await closeTopology(made, { keepFiles });
  if (kept) end.kept.push(kept);
  return end;
}

/** A full run must have been one. */
function shortfallsOf({ share, only }: Options, runs: readonly Run[]): string[] {
  if (share !== 1 || only) return [];
  const totals = totalsOf(runs);
  return (Object.keys(promised) as (keyof typeof promised)[])
    .filter((what) => totals[what] < promised[what])
    .map((what) => `${what}: ${totals[what]}, of ${promised[what]} that a full run makes`);
}

type Told = { runs: Run[]; failures: string[]; dir: string };

async function tell({ seed, share, out }: Options, { runs, failures, dir }: Told): Promise<void> {
  for (const failure of failures.slice(0, mostFailuresShown)) say(`FAILED ${failure}`);
  if (failures.length > mostFailuresShown) {
    await writeFile(join(dir, "failures.txt"), failures.join("\n"));
    say(`… and ${failures.length - mostFailuresShown} more in failures.txt`);
  }
  if (runs.length === 0) return;
  const form =
    share === null ? "The short form" : share === 1 ? "The full run" : "A part of the full run";
  const tables = resultTables(runs, `${form}, seed ${seed}.`);
  process.stdout.write(`\n${tables}\n\n`);
  for (const { topology, outcome } of runs) {
    for (const [reason, count] of outcome.ledger.explained) {
      say(`${topology.name} explained: ${count} ${reason}`);
    }
  }
  if (out && failures.length === 0) await writeResults(resolve(root, out), tables);
}

const begin = "<!-- results of the last full run -->";
const end = "<!-- end of results -->";

/** Replaces what stands between the marks of the document. */
async function writeResults(path: string, tables: string): Promise<void> {
  const text = await readFile(path, "utf8").catch(() => `${begin}\n${end}\n`);
  const [before = ""] = text.split(begin);
  const after = text.split(end)[1] ?? "\n";
  await writeFile(path, `${before}${begin}\n\n${tables}\n\n${end}${after}`);
  say(`results written to ${path}`);
}

let interruptedBy: string | null = null;
const isInterrupted = () => interruptedBy !== null;
const interruption = new Promise<never>((_, reject) => {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      if (interruptedBy) process.exit(1);
      interruptedBy = signal;
      reject(new Error(`interrupted by ${signal}; ending what was started`));
    });
  }
});
interruption.catch(() => {});

function say(text: string): void {
  process.stdout.write(`chaos: ${text}\n`);
}

if (process.argv.includes("--help")) {
  process.stdout.write(usage);
} else {
  // What an interrupted step still waits for must not hold the end up.
  process.exit(await main().catch((error: unknown) => (say(reasonOf(error)), 1)));
}
