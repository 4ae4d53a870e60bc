import { spawn } from "node:child_process";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const results = join(root, "test-results");

type Counts = { passed: number; failed: number; skipped: number };
type Stage = {
  name: string;
  command: string[];
  /** Reads the runner's own report; a check without one counts as one test. */
  counts: (() => Promise<Counts>) | undefined;
};

const stages: Stage[] = [
  ...["format:check", "lint", "types", "unused"].map((script) => ({
    name: script,
    command: ["npm", "run", "--silent", script],
    counts: undefined,
  })),
  {
    name: "unit",
    command: [
      ...["npx", "vitest", "run", "--reporter=default", "--reporter=json"],
      "--outputFile.json=test-results/unit.json",
    ],
    counts: readVitest,
  },
  { name: "e2e", command: ["npx", "playwright", "test"], counts: readPlaywright },
  {
    name: "chaos",
    command: ["npm", "run", "--silent", "chaos", "--", "--short"],
    counts: undefined,
  },
];

/** `npm test`: every check in turn; closes with one line of counts over all of them. */
async function main(): Promise<void> {
  await rm(results, { recursive: true, force: true });
  const all: Counts = { passed: 0, failed: 0, skipped: 0 };
  for (const stage of stages) {
    process.stdout.write(`\n--- ${stage.name}\n`);
    const counts = await runStage(stage);
    all.passed += counts.passed;
    all.failed += counts.failed;
    all.skipped += counts.skipped;
  }
  process.stdout.write(`\n${all.passed} passed, ${all.failed} failed, ${all.skipped} skipped\n`);
  process.exitCode = all.failed === 0 ? 0 : 1;
}

async function runStage({ command, counts }: Stage): Promise<Counts> {
  const isGreen = await run(command);
  const own = { passed: Number(isGreen), failed: Number(!isGreen), skipped: 0 };
  if (!counts) return own;
  const reported = await counts().catch(() => own);
  // A runner that fails without a failed test (a crash, a bad set-up) is a failure all the same.
  return isGreen ? reported : { ...reported, failed: Math.max(1, reported.failed) };
}

async function run([program, ...args]: string[]): Promise<boolean> {
  const child = spawn(program ?? "", args, { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
  return new Promise((resolve) => {
    child.once("error", () => resolve(false));
    child.once("exit", (code) => resolve(code === 0));
  });
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

await main();
