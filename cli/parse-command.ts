import { parseArgs } from "node:util";
import { globalFlags, resources } from "./commands";
import type { Command, Flag, Resource } from "./command";
import { Exit, exitCode } from "./exit";
import { takesId, usageLine } from "./help";
import { didYouMean } from "./suggest";

type Options = Record<string, { type: "string" | "boolean"; multiple?: boolean; short?: string }>;
type Value = string | boolean | (string | boolean)[] | undefined;

type Fields = Record<string, string | number | boolean | readonly string[] | null>;

type Settings = {
  isJson: boolean;
  apiUrl: string | undefined;
  apiKey: string | undefined;
  actor: string | undefined;
};

export type Parsed =
  | { kind: "version" }
  | { kind: "help"; resource?: Resource; command?: Command }
  | {
      kind: "run";
      resource: Resource;
      command: Command;
      id: string | undefined;
      fields: Fields;
      settings: Settings;
    };

const globalOptions: Options = {
  ...Object.fromEntries(
    globalFlags.map((flag) => [
      flag.name,
      { type: "placeholder" in flag ? ("string" as const) : ("boolean" as const) },
    ]),
  ),
  help: { type: "boolean", short: "h" },
  version: { type: "boolean", short: "v" },
};

/** What the command line asks for. Throws an `Exit` with the usage code when it cannot be meant. */
export function parseCommand(argv: readonly string[]): Parsed {
  const every = resources.flatMap(({ commands }) => commands.flatMap(({ flags }) => flags));
  const { values, positionals } = parseArgs({
    args: [...argv],
    options: { ...globalOptions, ...optionsOf(every) },
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

function parseFlags(argv: readonly string[], resource: Resource, command: Command): Parsed {
  const usage = usageLine(resource, command);
  const options = { ...globalOptions, ...optionsOf(command.flags) };
  refuseUnknownFlags(argv, { resource, command });
  const { values, positionals } = parseStrictly(argv, options, usage);
  const [id, ...surplus] = positionals.slice(2);
  const unexpected = takesId(command) ? surplus[0] : id;
  if (unexpected !== undefined) throw usageError(`Unexpected argument "${unexpected}".`, usage);
  if (takesId(command)) checkId(id, `${resource.noun.toLowerCase()} ID`, usage);
  const fields = readFields(command, values, usage);
  return {
    kind: "run",
    resource,
    command,
    id: takesId(command) ? id : undefined,
    fields,
    settings: {
      isJson: values.json === true,
      apiUrl: textOf(values["api-url"]),
      apiKey: textOf(values["api-key"]),
      actor: textOf(values.actor),
    },
  };
}

function readFields(command: Command, values: Record<string, Value>, usage: string): Fields {
  const missing = command.flags.filter(
    (flag) => flag.isRequired && values[flag.name] === undefined,
  );
  if (missing.length > 0) {
    const names = missing.map(({ name }) => `--${name}`).join(" and ");
    throw usageError(`Missing ${names}.`, usage);
  }
  const fields: Fields = {};
  for (const flag of command.flags) {
    const value = values[flag.name];
    if (value !== undefined) fields[flag.name.replaceAll("-", "_")] = readFlag(flag, value, usage);
  }
  if (command.method === "PATCH" && Object.keys(fields).length === 0) {
    throw usageError("Nothing to change: give at least one flag.", usage);
  }
  if (command.scopedBy) {
    const scope = values[command.scopedBy.flag];
    if (scope !== undefined) checkId(textOf(scope), `--${command.scopedBy.flag}`, usage);
  }
  return fields;
}

function readFlag(flag: Flag, value: Exclude<Value, undefined>, usage: string): Fields[string] {
  if (Array.isArray(value)) {
    const parts = value.flatMap((part) => String(part).split(","));
    return parts.map((part) => part.trim()).filter((part) => part !== "");
  }
  if (flag.kind === "switch") return value === true;
  const text = String(value);
  if (text === "" && flag.isClearable) return null;
  if (flag.kind === "time") return readTime(text);
  if (flag.kind === "boolean") {
    if (text !== "true" && text !== "false") {
      throw usageError(`--${flag.name} must be true or false, not "${text}".`, usage);
    }
    return text === "true";
  }
  if (flag.kind === "count") {
    if (!/^\d{1,9}$/.test(text)) {
      throw usageError(`--${flag.name} must be a whole number, not "${text}".`, usage);
    }
    return Number(text);
  }
  if (flag.choices && !flag.choices.includes(text)) {
    const hint = didYouMean(text, flag.choices);
    throw usageError(
      `--${flag.name} must be one of ${flag.choices.join(", ")}, not "${text}".${hint}`,
      usage,
    );
  }
  return text;
}

const unitsMs: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** "24h" is the time so long ago; what else it may be, the API judges. */
function readTime(text: string): string {
  const [, amount, unit = ""] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (amount === undefined) return text;
  return new Date(Date.now() - Number(amount) * (unitsMs[unit] ?? 0)).toISOString();
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
  const options = { ...globalOptions, ...optionsOf(command?.flags ?? []) };
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

function checkId(id: string | undefined, what: string, usage: string): void {
  if (id === undefined) throw usageError(`Missing the ${what}.`, usage);
  if (!/^[\w-]+$/.test(id)) throw usageError(`"${id}" cannot be the ${what}.`, usage);
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

function usageError(message: string, usage: string): Exit {
  return new Exit(exitCode.usage, `${message}\n${usage}\nMore: turbo help`);
}
