import { parseArgs } from "node:util";
import { argumentOf, type Command, type Flag, type Resource } from "./command";
import { resources } from "./commands";
import { didYouMean, usageError } from "./exit";
import { globalFlags, globalFlagsOf } from "./global-flags";
import { usageLine } from "./help";
import { readFlag } from "./read-flag";

type Options = Record<string, { type: "string" | "boolean"; multiple?: boolean; short?: string }>;
type Value = string | boolean | (string | boolean)[] | undefined;
type Values = Record<string, Value>;

type Settings = {
  isJson: boolean;
  apiUrl: string | undefined;
  apiKey: string | undefined;
  actor: string | undefined;
  causation: string | undefined;
  idempotencyKey: string | undefined;
};

export type Run = {
  kind: "run";
  resource: Resource;
  command: Command;
  /** The id or the name that the command is about. */
  argument: string | undefined;
  /** What the flags give, by the API's fields. */
  fields: Record<string, unknown>;
  settings: Settings;
};

export type Parsed =
  | { kind: "version" }
  | { kind: "help"; resource?: Resource; command?: Command }
  | Run;

/** What the command line asks for. Throws an `Exit` with the usage code when it is not clear. */
export async function parseCommand(argv: readonly string[], from = resources): Promise<Parsed> {
  const { words, flags } = wordsOf(argv, from);
  const isHelpWord = words[0] === "help";
  const [resourceName, commandName] = isHelpWord ? words.slice(1) : words;
  const isHelp = isHelpWord || flags.includes("--help") || flags.includes("-h");
  if (resourceName === undefined) {
    const { values } = parseFlags(argv, globalOptions(), usageLine());
    return values.version === true && !isHelp ? { kind: "version" } : { kind: "help" };
  }
  const resource = findResource(from, resourceName);
  if (commandName === undefined && isHelp) return { kind: "help", resource };
  const command = findCommand(resource, commandName);
  return isHelp ? { kind: "help", resource, command } : parseRun(argv, resource, command);
}

/**
 * The words and the flags of a command line, without the flags' values. Which command's flags they
 * are is not known yet, so a flag takes a value if it does in any command.
 */
function wordsOf(argv: readonly string[], from: readonly Resource[]) {
  const known = from.flatMap(({ commands }) => commands.flatMap((command) => command.flags));
  const valued = new Set([
    ...globalFlags.filter(({ placeholder }) => placeholder).map(({ name }) => `--${name}`),
    ...known.filter(({ kind }) => kind !== "switch").map(({ name }) => `--${name}`),
  ]);
  const words: string[] = [];
  const flags: string[] = [];
  for (const [index, word] of argv.entries()) {
    if (valued.has(argv[index - 1] ?? "")) continue;
    (word.startsWith("-") ? flags : words).push(word);
  }
  return { words, flags };
}

async function parseRun(
  argv: readonly string[],
  resource: Resource,
  command: Command,
): Promise<Run> {
  const usage = usageLine(resource, command);
  const options = { ...globalOptions(command), ...optionsOf(command.flags) };
  const { values, positionals } = parseFlags(argv, options, usage);
  const [argument, ...surplus] = positionals.slice(2);
  const key = argumentOf(command);
  const unexpected = key ? surplus[0] : argument;
  if (unexpected !== undefined) throw usageError(`Unexpected argument "${unexpected}".`, usage);
  if (key) checkArgument(argument, `${resource.noun.toLowerCase()} ${labelOf(key)}`, usage);
  return {
    kind: "run",
    resource,
    command,
    argument,
    fields: await readFields(command, values, usage),
    settings: {
      isJson: values.json === true,
      apiUrl: textOf(values["api-url"]),
      apiKey: textOf(values["api-key"]),
      actor: textOf(values.actor),
      causation: textOf(values.causation),
      idempotencyKey: textOf(values["idempotency-key"]),
    },
  };
}

async function readFields(
  command: Command,
  values: Values,
  usage: string,
): Promise<Record<string, unknown>> {
  const given = command.flags.filter(({ name }) => values[name] !== undefined);
  checkGiven(command, given, usage);
  const fields: Record<string, unknown> = {};
  for (const flag of given) {
    const typed = values[flag.name] ?? "";
    if (isInPath(command, flag)) checkArgument(textOf(typed), `--${flag.name}`, usage);
    fields[flag.field] = await readFlag(flag, typed, usage);
  }
  return fields;
}

/** Whether what was given is enough, and goes together. */
function checkGiven(command: Command, given: readonly Flag[], usage: string): void {
  const whole = given.find(({ field }) => field === "");
  const surplus = given.find((flag) => flag !== whole && !isInPath(command, flag));
  if (whole && surplus) {
    throw usageError(`--${whole.name} holds all of it: leave out --${surplus.name}.`, usage);
  }
  const missing = command.flags.filter(
    (flag) => flag.isRequired && !given.includes(flag) && (!whole || isInPath(command, flag)),
  );
  if (missing.length > 0) {
    throw usageError(`Missing ${missing.map(({ name }) => `--${name}`).join(" and ")}.`, usage);
  }
  if (command.method === "PATCH" && given.every((flag) => isInPath(command, flag))) {
    throw usageError("Nothing to change: give at least one flag.", usage);
  }
}

function isInPath({ path, scopedBy }: Command, { name, field }: Flag): boolean {
  return path.includes(`{${field}}`) || scopedBy?.flag === name;
}

function parseFlags(argv: readonly string[], options: Options, usage: string) {
  try {
    return parseArgs({ args: [...argv], options, strict: true, allowPositionals: true });
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException; // all that parseArgs throws
    const unknown = /'(-[^']*)'/.exec(message)?.[1];
    if (code !== "ERR_PARSE_ARGS_UNKNOWN_OPTION" || !unknown) throw usageError(message, usage);
    const hint = didYouMean(unknown.replace(/^-+/, ""), Object.keys(options), "--");
    throw usageError(`Unknown flag ${unknown}.${hint}`, usage);
  }
}

function findResource(from: readonly Resource[], name: string): Resource {
  const found = from.find((resource) => resource.name === name);
  if (found) return found;
  const hint = didYouMean(name, ["help", ...from.map((resource) => resource.name)]);
  throw usageError(`Unknown command "${name}".${hint}`, usageLine());
}

function findCommand(resource: Resource, name: string | undefined): Command {
  const names = resource.commands.map((command) => command.name);
  const found = resource.commands.find((command) => command.name === name);
  if (found) return found;
  throw usageError(
    name === undefined
      ? `Which command? ${resource.name} has ${names.join(", ")}.`
      : `Unknown command "${resource.name} ${name}".${didYouMean(name, names, `${resource.name} `)}`,
    usageLine(resource),
  );
}

function checkArgument(given: string | undefined, what: string, usage: string): void {
  if (given === undefined) throw usageError(`Missing the ${what}.`, usage);
  if (!/^[\w-]+(?:\.[\w-]+)*$/.test(given)) {
    throw usageError(`"${given}" cannot be the ${what}.`, usage);
  }
}

function labelOf(key: string): string {
  return key === "id" ? "ID" : key;
}

function globalOptions(command?: Command): Options {
  const options = globalFlagsOf(command).map(({ name, placeholder }): [string, Options[string]] => [
    name,
    { type: placeholder ? "string" : "boolean" },
  ]);
  return {
    ...Object.fromEntries(options),
    help: { type: "boolean", short: "h" },
    version: { type: "boolean", short: "v" },
  };
}

function optionsOf(flags: readonly Flag[]): Options {
  return Object.fromEntries(
    flags.map(({ name, kind }) => [
      name,
      { type: kind === "switch" ? "boolean" : "string", multiple: kind === "list" },
    ]),
  );
}

function textOf(value: Value): string | undefined {
  return typeof value === "string" ? value : undefined;
}
