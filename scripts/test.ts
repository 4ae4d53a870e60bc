import { spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildCommand } from "@/test/kit/app";

const root = fileURLToPath(new URL("..", import.meta.url));
const results = join(root, "test-results");
const tellEveryMs = 30_000;
const tailLines = 150;

type Counts = { passed: number; failed: number; skipped: number };
type Stage = {
  name: string;
  command: string[];
  /** Reads the runner's own report; a check without one counts as one test. */
  counts?: () => Promise<Counts>;
};

const check = (name: string): Stage => ({ name, command: ["npm", "run", "--silent", name] });

/** The stages of a tier: those of one group run side by side, the groups one after the other. */
function plan(isAll: boolean): Stage[][] {
  const unit = ["npx", "vitest", "run", "--reporter=default", "--reporter=json"];
  const slow = isAll ? [] : ["--exclude=**/*.slow.test.ts"];
  const projects = isAll ? [] : ["--project=main"];
  return [
    ["format:check", "lint", "types", "unused"].map(check),
    [
      {
        name: "unit",
        command: [...unit, "--outputFile.json=test-results/unit.json", ...slow],
        counts: readVitest,
      },
      { name: "build", command: buildCommand },
    ],
    [{ name: "e2e", command: ["npx", "playwright", "test", ...projects], counts: readPlaywright }],
    ...(isAll
      ? [[{ name: "chaos", command: ["npm", "run", "--silent", "chaos", "--", "--short"] }]]
      : []),
  ];
}

/** `npm test`, and with `--all` `npm run test:all`; closes with one line of counts over all of it. */
async function main(): Promise<void> {
  const isAll = process.argv.includes("--all");
  await rm(results, { recursive: true, force: true });
  await mkdir(results, { recursive: true });
  const startedAtMs = performance.now();
  const all: Counts = { passed: 0, failed: 0, skipped: 0 };
  for (const group of plan(isAll)) {
    for (const counts of await Promise.all(group.map(runStage))) {
      all.passed += counts.passed;
      all.failed += counts.failed;
      all.skipped += counts.skipped;
    }
  }
  say(`\n${isAll ? "test:all" : "test"} took ${since(startedAtMs)}`);
  say(tell(all));
  process.exitCode = all.failed === 0 ? 0 : 1;
}

async function runStage(stage: Stage): Promise<Counts> {
  const startedAtMs = performance.now();
  say(`▸ ${stage.name}`);
  const { isGreen, lines } = await run(stage);
  const counts = await count(stage, isGreen);
  say(`${isGreen ? "✓" : "✗"} ${stage.name}: ${tell(counts)} in ${since(startedAtMs)}`);
  for (const line of lines.filter((line) => /^skipped\b/.test(line))) say(`  ${line}`);
  if (!isGreen) say(`${lines.slice(-tailLines).join("\n")}\n✗ ${stage.name} (above: its end)`);
  return counts;
}

async function count({ counts }: Stage, isGreen: boolean): Promise<Counts> {
  const own = { passed: Number(isGreen), failed: Number(!isGreen), skipped: 0 };
  if (!counts) return own;
  const reported = await counts().catch(() => own);
  // A runner that fails without a failed test (a crash, a bad set-up) is a failure all the same.
  return isGreen ? reported : { ...reported, failed: Math.max(1, reported.failed) };
}

/** Runs a stage; what it prints goes into test-results/NAME.log, and now and then a line of it here. */
async function run({ name, command }: Stage): Promise<{ isGreen: boolean; lines: string[] }> {
  const [program = "", ...args] = command;
  const env = { ...process.env, NEXT_TELEMETRY_DISABLED: "1", FORCE_COLOR: "0" };
  const child = spawn(program, args, { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] });
  const log = createWriteStream(join(results, `${name.replace(":", "-")}.log`));
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (part: string) => {
      text += part;
      log.write(part);
    });
  }
  const telling = setInterval(() => {
    say(`  ${name}: ${text.trimEnd().split("\n").at(-1)?.trim().slice(0, 120) ?? ""}`);
  }, tellEveryMs);
  const code = await new Promise<number | null>((resolve) => {
    child.once("error", (error) => {
      text += String(error);
      resolve(null);
    });
    child.once("close", resolve);
  });
  clearInterval(telling);
  log.end();
  return { isGreen: code === 0, lines: text.trimEnd().split("\n") };
}

async function readReport(file: string): Promise<Record<string, unknown>> {
  return JSON.parse(await readFile(join(results, file), "utf8"));
}

async function readVitest(): Promise<Counts> {
  const report = await readReport("unit.json");
  return {
    passed: Number(report.numPassedTests),
    failed: Number(report.numFailedTests),
    skipped: Number(report.numPendingTests) + Number(report.numTodoTests),
  };
}

async function readPlaywright(): Promise<Counts> {
  const { stats } = (await readReport("e2e.json")) as { stats: Record<string, number> };
  return {
    passed: (stats.expected ?? 0) + (stats.flaky ?? 0),
    failed: stats.unexpected ?? 0,
    skipped: stats.skipped ?? 0,
  };
}

function tell({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

function since(startedAtMs: number): string {
  const seconds = Math.round((performance.now() - startedAtMs) / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

await main();
