import { availableParallelism } from "node:os";
import { findingKinds } from "./book";
import { countBy, percentile } from "./group";
import { faultKinds, type FaultKind } from "./plan";
import type { Outcome } from "./run";
import { parallelism, titles, type Topology } from "./topology";

export type Run = { topology: Topology; outcome: Outcome };

export type Totals = {
  events: number;
  deliveries: number;
  kills: number;
  databaseKills: number;
  restarts: number;
  duplicates: number;
  /** Kills times the POSTs that can be under way at once. */
  allowed: number;
  audit: number | null;
};

const appKills: readonly FaultKind[] = ["kill app", "kill app and database"];
const databaseKills: readonly FaultKind[] = ["kill database", "kill app and database"];

/** The figures of some runs together. */
export function totalsOf(runs: readonly Run[]): Totals {
  const sum = (figure: (run: Run) => number) => runs.reduce((all, run) => all + figure(run), 0);
  const audits = runs.flatMap(({ outcome }) => (outcome.audit === null ? [] : [outcome.audit]));
  return {
    events: sum(({ outcome }) => outcome.ledger.events),
    deliveries: sum(({ outcome }) => outcome.ledger.deliveries),
    kills: sum((run) => countFaults(run, appKills)),
    databaseKills: sum((run) => countFaults(run, databaseKills)),
    restarts: sum((run) => countFaults(run, ["restart engine"])),
    duplicates: sum(({ outcome }) => outcome.ledger.duplicates.length),
    allowed: sum(allowedOf),
    audit: audits.length === 0 ? null : audits.reduce((all, one) => all + one, 0),
  };
}

/** Each kill may make a duplicate of each POST whose result was not yet written down. */
function allowedOf(run: Run): number {
  const kills = countFaults(run, [...appKills, "kill database"]);
  return kills * parallelism * run.topology.reachable.length;
}

export function countFaults({ topology }: Run, kinds: readonly FaultKind[]): number {
  return topology.journal.faults.filter(({ kind }) => kinds.includes(kind)).length;
}

/** Why the runs fail, one sentence each; empty: they pass. */
export function failuresOf(runs: readonly Run[]): string[] {
  const failures = runs.flatMap(({ topology, outcome }) => [
    ...topology.journal.surprises.map((text) => `${topology.name} surprise: ${text}`),
    ...outcome.ledger.findings.map(({ kind, text }) => `${topology.name} ${kind}: ${text}`),
  ]);
  const { duplicates, allowed, audit } = totalsOf(runs);
  if (duplicates > allowed) failures.push(`${duplicates} duplicates; ${allowed} are allowed`);
  if (audit) failures.push(`the auditor counts ${audit} mismatches`);
  return failures;
}

/** All of it in one line. */
export function summaryLine(runs: readonly Run[]): string {
  const { events, deliveries, kills, restarts, ...totals } = totalsOf(runs);
  const counts = countBy(
    runs.flatMap(({ outcome }) => outcome.ledger.findings.map(({ kind }) => kind)),
  );
  const surprises = runs.reduce((all, run) => all + run.topology.journal.surprises.length, 0);
  const recoveries = runs.flatMap(({ outcome }) => outcome.ledger.recoveries.map(({ ms }) => ms));
  return [
    `events=${events} deliveries=${deliveries} kills=${kills}`,
    `db_kills=${totals.databaseKills} restarts=${restarts}`,
    ...findingKinds.map((kind) => `${kind}=${counts.get(kind) ?? 0}`),
    `surprises=${surprises} duplicates=${totals.duplicates} (allowed ${totals.allowed})`,
    `audit=${totals.audit ?? "none"}`,
    `recovery_p50=${seconds(recoveries, 0.5)} recovery_p99=${seconds(recoveries, 0.99)}`,
  ].join(" ");
}

function seconds(values: readonly number[], share: number): string {
  const value = percentile(values, share);
  return value === null ? "-" : `${(value / 1000).toFixed(1)} s`;
}

type Row = [name: string, ...cells: string[]];

/** The results as Markdown: what was run, the faults, the ledger, the times to recover. */
export function resultTables(runs: readonly Run[], about: string): string {
  const heads = runs.map(({ topology }) => `${topology.name}: ${titles[topology.name]}`);
  const each = (name: string, figure: (run: Run) => string | number): Row => [
    name,
    ...runs.map((run) => String(figure(run))),
  ];
  const faults = faultKinds
    .map((kind) => each(kind, (run) => countFaults(run, [kind])))
    .filter(([, ...cells]) => cells.some((cell) => cell !== "0"));
  const recovery = faultKinds
    .map((kind) => each(kind, (run) => recoveryOf(run, kind)))
    .filter(([, ...cells]) => cells.some((cell) => cell !== ""));
  const silence = each("longest silence of a steady receiver", ({ outcome }) =>
    seconds([outcome.ledger.longestSilenceMs], 1),
  );
  return [
    `${about} ${machine(runs)}.`,
    table(["Faults", ...heads], faults),
    table(["Ledger", ...heads], ledgerRows(each)),
    table(["Time to recover: p50 · p99 · longest", ...heads], [...recovery, silence]),
  ].join("\n\n");
}

function machine(runs: readonly Run[]): string {
  const databases = new Set(runs.map(({ outcome }) => `PostgreSQL ${outcome.databaseVersion}`));
  const node = `Node ${process.versions.node}`;
  return [...databases, node, process.platform, `${availableParallelism()} cores`].join(", ");
}

function ledgerRows(each: (name: string, figure: (run: Run) => string | number) => Row): Row[] {
  const ledger = (run: Run) => run.outcome.ledger;
  const answered = ({ topology }: Run, what: string) => topology.journal.answers.get(what) ?? 0;
  const found = (run: Run, kind: string) =>
    ledger(run).findings.filter((finding) => finding.kind === kind).length;
  return [
    each("requests answered 503", (run) => answered(run, "503")),
    each("requests without an answer", (run) => answered(run, "lost")),
    each("changes answered as done", (run) => ledger(run).committed),
    each("… done though their answer was lost", (run) => ledger(run).answersLost),
    each("events", (run) => ledger(run).events),
    each("deliveries", (run) => ledger(run).deliveries),
    each("POSTs that receivers saw", (run) => ledger(run).posts),
    each("deliveries that arrived", (run) => ledger(run).arrived),
    each(
      "… cancelled: their webhook was deleted",
      (run) => ledger(run).statuses.get("cancelled") ?? 0,
    ),
    each("… shown as failed", (run) => ledger(run).statuses.get("failed") ?? 0),
    ...findingKinds.map((kind) => each(findingNames[kind], (run) => `**${found(run, kind)}**`)),
    each("arrived twice", (run) => ledger(run).duplicates.length),
    each("… allowed: kills × POSTs at once", allowedOf),
    each("auditor's mismatches", ({ outcome }) => outcome.audit ?? "none"),
    each("nothing pending, seconds after the end", (run) =>
      (run.outcome.settledMs / 1000).toFixed(1),
    ),
    each("minutes", ({ outcome }) => (outcome.durationMs / 60_000).toFixed(1)),
  ];
}

const findingNames: Record<(typeof findingKinds)[number], string> = {
  lost: "lost",
  stuck: "stuck",
  unrecorded: "changes answered without their events",
  unexpected: "events or deliveries that nothing accounts for",
  unexplained: "rows and POSTs that contradict each other",
  overlaps: "two attempts of one delivery at once",
  disorder: "attempt numbers out of order or with gaps",
  early: "attempts before they were due",
  bytes: "an event's bytes differing",
  unsigned: "signatures that do not verify",
  after_delete: "POSTs after a delete was answered",
  while_paused: "POSTs while paused",
};

function recoveryOf({ outcome }: Run, kind: FaultKind): string {
  const own = outcome.ledger.recoveries.filter((one) => one.kind === kind).map(({ ms }) => ms);
  if (own.length === 0) return "";
  return `${seconds(own, 0.5)} · ${seconds(own, 0.99)} · ${seconds(own, 1)}`;
}

/** A Markdown table in columns. */
function table(head: string[], rows: Row[]): string {
  const lines = [head, ...rows];
  const widths = head.map((_, column) =>
    Math.max(3, ...lines.map((line) => line[column]?.length ?? 0)),
  );
  const show = (cells: string[]) =>
    `| ${widths.map((width, column) => (cells[column] ?? "").padEnd(width)).join(" | ")} |`;
  const rule = widths.map((width) => "-".repeat(width));
  return [show(head), show(rule), ...rows.map(show)].join("\n");
}
