import { parseArgs } from "node:util";
import { argumentOf, fieldOf, type Command, type Flag, type Resource } from "./command";
import { globalFlagsOf, resources } from "./commands";
import { usageError } from "./exit";
import { usageLine } from "./help";
import { readFlag } from "./read-flag";
import { didYouMean } from "./suggest";

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

/** What the command line asks for. Throws an `Exit` with the usage code when it cannot be meant. */
export async function parseCommand(argv: readonly string[]): Promise<Parsed> {
  const every = resources.flatMap(({ commands }) => commands.flatMap(({ flags }) => flags));
  const { values, positionals } = parseArgs({
    args: [...argv],
    options: { ...globalOptions(), ...optionsOf(every) },
    strict: false,
    allowPositionals: true,
  });
  const isHelpWord = positionals[0] === "help";
  const [resourceName, commandName] = isHelpWord ? positionals.slice(1) : positionals;
  const isHelp = isHelpWord || values.help === true;
  if (resourceName === undefined) {
    if (values.version === true && !isHelp) return { kind: "version" };
    refuseUnknownFlags(argv, {});
    return { kind: "help" };
  }
  const resource = findResource(resourceName);
  if (commandName === undefined && isHelp) return { kind: "help", resource };
  const command = findCommand(resource, commandName);
  if (isHelp) return { kind: "help", resource, command };
  return parseFlags(argv, resource, command);
}

async function parseFlags(
  argv: readonly string[],
  resource: Resource,
  command: Command,
): Promise<Run> {
  const usage = usageLine(resource, command);
  refuseUnknownFlags(argv, { resource, command });
  const options = { ...globalOptions(command), ...optionsOf(command.flags) };
  const { values, positionals } = parseStrictly(argv, options, usage);
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
    fields[fieldOf(flag)] = await readFlag(flag, typed, usage);
  }
  return fields;
}

/** Whether what was given is enough, and goes together. */
function checkGiven(command: Command, given: readonly Flag[], usage: string): void {
  const whole = given.find((flag) => fieldOf(flag) === "");
  const surplus = given.find((flag) => flag !== whole);
  if (whole && surplus) {
    throw usageError(`--${whole.name} holds all of it: leave out --${surplus.name}.`, usage);
  }
  const missing = command.flags.filter((flag) => flag.isRequired && !given.includes(flag));
  if (!whole && missing.length > 0) {
    throw usageError(`Missing ${missing.map(({ name }) => `--${name}`).join(" and ")}.`, usage);
  }
  if (command.method === "PATCH" && given.length === 0) {
    throw usageError("Nothing to change: give at least one flag.", usage);
  }
}

function isInPath({ path, scopedBy }: Command, flag: Flag): boolean {
  return path.includes(`{${fieldOf(flag)}}`) || scopedBy?.flag === flag.name;
}

function parseStrictly(argv: readonly string[], options: Options, usage: string) {
  try {
    return parseArgs({ args: [...argv], options, strict: true, allowPositionals: true });
  } catch (error) {
    throw usageError(error instanceof Error ? error.message : String(error), usage);
  }
}

function refuseUnknownFlags(
  argv: readonly string[],
  { resource, command }: { resource?: Resource; command?: Command },
): void {
  const options = { ...globalOptions(command), ...optionsOf(command?.flags ?? []) };
  const { tokens } = parseArgs({
    args: [...argv],
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  for (const token of tokens) {
    if (token.kind === "option" && !(token.name in options)) {
      const hint = didYouMean(token.name, Object.keys(options), "--");
      throw usageError(`Unknown flag ${token.rawName}.${hint}`, usageLine(resource, command));
    }
  }
}

function findResource(name: string): Resource {
  const found = resources.find((resource) => resource.name === name);
  if (found) return found;
  const hint = didYouMean(name, ["help", ...resources.map((resource) => resource.name)]);
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

function labelOf(key: "id" | "name"): string {
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
