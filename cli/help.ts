import { argumentOf, type Command, type Flag, type Resource } from "./command";
import { resources } from "./commands";
import { globalFlagsOf } from "./global-flags";

const lineWidth = 100;

/** "Usage: turbo issues update <id> [flags]" with the required flags spelled out. */
export function usageLine(resource?: Resource, command?: Command): string {
  if (!resource) return "Usage: turbo <resource> <command> [flags]";
  if (!command) {
    const names = resource.commands.map(({ name }) => name).join("|");
    return `Usage: turbo ${resource.name} ${names} [flags]`;
  }
  const key = argumentOf(command);
  const required = command.flags
    .filter((flag) => flag.isRequired)
    .map((flag) => ` --${flag.name} ${flag.placeholder}`)
    .join("");
  return `Usage: turbo ${resource.name} ${command.name}${key ? ` <${key}>` : ""}${required} [flags]`;
}

/** The help of the program, of a resource or of a command. */
export function helpText(resource?: Resource, command?: Command): string {
  if (!resource) return programHelp();
  return command ? commandHelp(resource, command) : resourceHelp(resource);
}

function programHelp(): string {
  return [
    "turbo: projects, issues and webhooks from the command line",
    "",
    usageLine(),
    "",
    section(
      "Resources",
      resources.map(({ name, summary }) => [name, summary]),
    ),
    "",
    "Their commands: turbo help <resource> [command]. The version: turbo --version.",
    "",
    globalSection(),
    "",
    section("Environment", [
      ["TURBO_API_URL", "Where Turbo runs (http://127.0.0.1:3000)"],
      ["TURBO_API_KEY", "The bearer token; better here than as a flag others can see"],
      ["NO_COLOR", "Set: no colour"],
    ]),
    "",
    "Data goes to stdout, notes and errors to stderr.",
    "Exit codes: 0 ok, 1 failure, 2 usage, 3 not found, 4 not authorised, 5 unreachable.",
  ].join("\n");
}

function resourceHelp(resource: Resource): string {
  return [
    `${resource.summary}.`,
    "",
    usageLine(resource),
    "",
    section(
      "Commands",
      resource.commands.map(({ name, summary }) => [name, summary]),
    ),
    "",
    `More: turbo help ${resource.name} <command>`,
  ].join("\n");
}

function commandHelp(resource: Resource, command: Command): string {
  const flags = command.flags.map((flag): [string, string] => [
    `--${flag.name} ${flag.placeholder}`.trimEnd(),
    flag.help + flagRemark(flag),
  ]);
  return [
    `${command.summary}.`,
    ...(command.description ? wrap(command.description, lineWidth) : []),
    "",
    usageLine(resource, command),
    "",
    ...(flags.length > 0 ? [section("Flags", flags), ""] : []),
    globalSection(command),
    "",
    `Example${command.examples.length > 1 ? "s" : ""}:`,
    ...command.examples.map((example) => `  ${example}`),
  ].join("\n");
}

function flagRemark(flag: Flag): string {
  if (flag.isRequired) return " (required)";
  if (flag.kind === "list") return "; repeatable";
  if (flag.default !== undefined) return ` (else ${flag.default})`;
  return flag.isClearable ? ' ("" clears it)' : "";
}

function globalSection(command?: Command): string {
  return section(
    "Flags of every command",
    globalFlagsOf(command).map(({ name, placeholder = "", help }) => [
      `--${name} ${placeholder}`.trimEnd(),
      help,
    ]),
  );
}

function section(heading: string, rows: readonly (readonly [string, string])[]): string {
  const width = Math.min(32, Math.max(...rows.map(([name]) => name.length)));
  const gap = `  ${" ".repeat(width)}  `;
  const lines = rows.flatMap(([name, text]) => {
    const [first = "", ...others] = wrap(text, lineWidth - gap.length).map((line) => gap + line);
    const isLong = name.length > width;
    const beginning = `  ${name}`;
    return [
      ...(isLong ? [beginning, first] : [beginning + first.slice(beginning.length)]),
      ...others,
    ];
  });
  return [`${heading}:`, ...lines].join("\n");
}

function wrap(text: string, width: number): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1) ?? "";
    if (line !== "" && line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
  }
  return lines;
}
