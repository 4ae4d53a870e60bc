import { readFileSync } from "node:fs";
import { callApi, isRecord, openApi } from "./api-client";
import type { Api, ApiAnswer } from "./api-client";
import { Exit, exitCode } from "./exit";
import { escapeControls, formatDetails, formatTable } from "./format";
import { helpText } from "./help";
import type { Outcome } from "./outcome";
import { parseCommand } from "./parse-command";
import type { Parsed } from "./parse-command";
import { describeCount, watchRecovery } from "./watch-recovery";
import { watchTest } from "./watch-test";

type Run = Extract<Parsed, { kind: "run" }>;

const terminalCellWidth = 48;

/** Runs one command line: data on stdout, notes and errors on stderr. Resolves to the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  // `turbo issues list | head` closes the pipe early, which is no error.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    process.exit(error.code === "EPIPE" ? exitCode.ok : exitCode.failure);
  });
  try {
    const parsed = parseCommand(argv);
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
  const answer = await callApi(api, requestOf(parsed));
  if (parsed.command.watched) return watch(api, answer, parsed);
  if (parsed.settings.isJson) print(JSON.stringify(answer.body, null, 2));
  else printAnswer(parsed, answer.body);
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

function requestOf({ command, id, fields }: Run) {
  const { method, scopedBy } = command;
  if (method !== "GET")
    return { method, path: fillId(command.path, id), body: bodyOf(method, fields) };
  const query = Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [key, String(value)]),
  );
  const scopeField = scopedBy?.flag.replaceAll("-", "_") ?? "";
  const scope = query[scopeField];
  if (!scopedBy || scope === undefined) return { method, path: fillId(command.path, id), query };
  delete query[scopeField];
  return { method, path: fillId(scopedBy.path, scope), query };
}

function bodyOf(method: string, fields: Run["fields"]): Run["fields"] | undefined {
  return method === "POST" && Object.keys(fields).length === 0 ? undefined : fields;
}

function fillId(path: string, id: string | undefined): string {
  return path.replace("{id}", encodeURIComponent(id ?? ""));
}

function printAnswer({ resource, command }: Run, body: unknown): void {
  if (Array.isArray(body)) {
    const rows = body.filter(isRecord);
    const cellWidth = process.stdout.isTTY ? terminalCellWidth : undefined;
    if (rows.length > 0) print(formatTable(rows, resource.columns, cellWidth));
    else note(`No ${resource.name}.`);
    return;
  }
  if (command.done) {
    const tick = paint("✓", "green", process.stdout);
    print(`${tick} ${resource.noun} ${command.done} successfully!`);
  }
  if (!isRecord(body)) return;
  print(formatDetails(body, resource.details));
  if (command.done === "created" && "secret_token" in body) {
    note("Keep the secret: it is shown in full only now.");
  }
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
