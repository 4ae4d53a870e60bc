import { readFileSync } from "node:fs";
import { callApi, isRecord, openApi, type Api, type ApiAnswer } from "./api-client";
import type { View } from "./command";
import { Exit, exitCode } from "./exit";
import { escapeControls, formatBlock, formatDetails, formatTable } from "./format";
import { helpText } from "./help";
import { makeRequest } from "./make-request";
import { parseCommand, type Run } from "./parse-command";
import { describeCount, watchRecovery } from "./watch-recovery";
import { watchTest, type Outcome } from "./watch-test";

const terminalCellWidth = 48;

/** Runs one command line: data on stdout, notes and errors on stderr. Resolves to the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  // `turbo issues list | head` closes the pipe early, which is no error.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    process.exit(error.code === "EPIPE" ? exitCode.ok : exitCode.failure);
  });
  try {
    const parsed = await parseCommand(argv);
    if (parsed.kind === "run") return await run(parsed);
    print(parsed.kind === "help" ? helpText(parsed.resource, parsed.command) : readVersion());
    return exitCode.ok;
  } catch (error) {
    if (!(error instanceof Exit)) throw error;
    report(error, argv.includes("--json"));
    return error.code;
  }
}

async function run(parsed: Run): Promise<number> {
  const api = openApi(parsed.settings, process.env);
  const answer = await callApi(api, makeRequest(parsed));
  if (answer.isReplayed) note("Asked before under this idempotency key: the answer of that time.");
  if (parsed.command.watched) return watch(api, answer, parsed);
  if (!parsed.settings.isJson) printAnswer(parsed, answer.body);
  else if (answer.body !== undefined) print(JSON.stringify(answer.body, null, 2));
  if (answer.nextCursor !== undefined) {
    note(`More: add --cursor ${escapeControls(answer.nextCursor)}`);
  }
  return exitCode.ok;
}

async function watch(api: Api, { body }: ApiAnswer, { command, settings }: Run): Promise<number> {
  const { answer, isSuccess, text } = await follow(api, body, command.watched);
  if (settings.isJson) print(JSON.stringify(answer, null, 2));
  else if (isSuccess) print(`${paint("✓", "green", process.stdout)} ${text}`);
  else note(`${paint("✗", "red", process.stderr)} ${text}`);
  return isSuccess ? exitCode.ok : exitCode.failure;
}

async function follow(
  api: Api,
  body: unknown,
  watched: Run["command"]["watched"],
): Promise<Outcome> {
  if (watched === "recovery") {
    if (isRecord(body) && "count" in body) {
      return { answer: body, isSuccess: true, text: describeCount(body) };
    }
    return watchRecovery(api, body, note);
  }
  note("Test event sent. Waiting for the outcome …");
  return watchTest(api, body);
}

function printAnswer({ command }: Run, body: unknown): void {
  if (command.done) print(`${paint("✓", "green", process.stdout)} ${command.done}`);
  const { view } = command;
  if (Array.isArray(body) && view.columns.length > 0) {
    const rows = body.filter(isRecord);
    if (rows.length > 0) print(table(rows, view.columns));
    else note(`No ${view.plural}.`);
  } else if (isRecord(body) && view.details.length > 0) {
    printOne(view, body);
  } else if (body !== undefined) {
    print(JSON.stringify(body, null, 2));
  }
  if (command.note) note(command.note);
}

function printOne({ details, tables, blocks }: View, one: Record<string, unknown>): void {
  print(formatDetails(one, details));
  for (const { label, field, columns } of tables) {
    const value = one[field];
    const rows = Array.isArray(value) ? value.filter(isRecord) : [];
    if (rows.length > 0) print(`\n${label}:\n${table(rows, columns)}`);
  }
  for (const block of blocks.map((column) => formatBlock(one, column))) {
    if (block !== "") print(`\n${block}`);
  }
}

function table(rows: readonly Record<string, unknown>[], columns: View["columns"]): string {
  return formatTable(rows, columns, process.stdout.isTTY ? terminalCellWidth : undefined);
}

function report(exit: Exit, isJson: boolean): void {
  if (isJson && exit.answer !== undefined) {
    note(JSON.stringify(exit.answer, null, 2));
    return;
  }
  note(`${paint("✗", "red", process.stderr)} ${escapeControls(exit.message)}`);
}

function readVersion(): string {
  const file: unknown = JSON.parse(
    readFileSync(new URL("../package.json", import.meta.url), "utf8"),
  );
  return isRecord(file) ? String(file.version) : "unknown";
}

function paint(text: string, color: "green" | "red", stream: NodeJS.WriteStream): string {
  const isPlain = !stream.isTTY || Boolean(process.env.NO_COLOR) || process.env.TERM === "dumb";
  return isPlain ? text : `\u001b[${color === "green" ? 32 : 31}m${text}\u001b[0m`;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function note(text: string): void {
  process.stderr.write(`${text}\n`);
}
