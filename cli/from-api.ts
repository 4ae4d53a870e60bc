import type { Command, Flag, Resource } from "./command";
import { globalFlags } from "./global-flags";
import { commandOverrides, placeholders, type CommandOverride } from "./overrides";
import type { Api, Field, Operation } from "./api";
import { viewOf } from "./view-of";

const usual = ["create", "list", "get", "update", "delete"];

/** Every command there is: one for each operation, below the group it belongs to. */
export function resourcesOf(api: Api): Resource[] {
  return api.groups
    .map((group) => {
      const name = group.name.toLowerCase().replaceAll(" ", "-");
      const noun = singularOf(group.name);
      const commands = new Map<string, Command>();
      for (const operation of api.operations.filter((one) => one.group === group.name)) {
        const command = commandOf(api, operation, { name, noun, commands });
        commands.set(command.name, command);
      }
      const summary = sentence(group.description);
      return { name, noun, summary, commands: inOrder([...commands.values()]) };
    })
    .filter(({ commands }) => commands.length > 0);
}

/** The usual ones first. */
function inOrder(commands: readonly Command[]): Command[] {
  const rank = ({ name }: Command) => (usual.includes(name) ? usual.indexOf(name) : usual.length);
  return commands.toSorted((a, b) => rank(a) - rank(b));
}

/** With the commands it has so far. */
type Owner = Pick<Resource, "name" | "noun"> & { commands: ReadonlyMap<string, Command> };

function commandOf(api: Api, operation: Operation, owner: Owner): Command {
  const { method, path, answer, summary, description } = operation;
  const isCollection = api.operations.some((one) => one.path === path && one.method === "GET");
  const derived = nameOf(operation, owner.name, isCollection);
  const override =
    commandOverrides[`${owner.name} ${derived}`] ?? commandOverrides[`* ${derived}`] ?? {};
  const { done, plural = pluralOf(path) } = override;
  const usually = override.name ?? derived;
  const name = owner.commands.has(usually) ? kebab(operation.id) : usually;
  const flags = flagsOf(operation, override);
  const { note, watched, scopedBy, examples } = override;
  return {
    name,
    summary: sentence(summary),
    description: description?.replaceAll("`", ""),
    method,
    path,
    flags,
    query: operation.query.map((field) => field.name),
    view: viewOf(answer, api.answers[answer ?? ""] ?? [], plural),
    done: done ?? doneOf(operation, owner, derived),
    note,
    watched,
    scopedBy,
    examples: examples ?? [exampleOf(operation, owner, { name, flags })],
  };
}

/** "create" for POST /issues, "add-tag" for POST /issues/{id}/tags, "pause" for …/{id}/pause. */
function nameOf({ method, path }: Operation, owner: string, isCollection: boolean): string {
  const [first, ...inner] = path.slice(1).split("/");
  const words = first === owner ? inner : [first ?? "", ...inner];
  const isOfOne = words.at(-1)?.startsWith("{") ?? false;
  const word = words.findLast((one) => !one.startsWith("{"))?.replace(/\.\w+$/, "");
  const verbs: Record<string, string> = isOfOne
    ? { GET: "get", PATCH: "update", PUT: "replace", DELETE: "delete" }
    : { GET: "list", POST: "create" };
  if (word === undefined) return verbs[method] ?? method.toLowerCase();
  if (method === "GET") return isOfOne ? singularOf(word) : word;
  if (method === "POST") return isCollection ? `add-${singularOf(word)}` : word;
  const verb = method === "DELETE" ? "remove" : (verbs[method] ?? method.toLowerCase());
  return `${verb}-${isOfOne ? singularOf(word) : word}`;
}

function doneOf({ method, summary }: Operation, { noun }: Owner, name: string): string | undefined {
  const past: Record<string, string> = { create: "created", update: "updated", delete: "deleted" };
  const [verb = "", other] = name.split(/-(.*)/);
  if (method === "GET") return undefined;
  if (past[name]) return `${noun} ${past[name]} successfully!`;
  if (other !== undefined && (verb === "add" || verb === "remove")) {
    return `${capital(other.replaceAll("-", " "))} ${verb === "add" ? "added" : "removed"} successfully!`;
  }
  return `${sentence(summary)}: done!`;
}

function flagsOf(operation: Operation, override: CommandOverride): Flag[] {
  const { method, inPath, query, body } = operation;
  const { omit = [], expand = [] } = override;
  const inBody = body?.fields.flatMap((field) =>
    expand.includes(field.name) && field.fields
      ? field.fields.map((inner): Field => {
          const isRequired = field.isRequired && inner.isRequired;
          return { ...inner, name: `${field.name}.${inner.name}`, isRequired };
        })
      : [field],
  );
  const fields = [...inPath.slice(1), ...query, ...(inBody ?? [])];
  const flags = fields
    .filter(({ name }) => !omit.includes(name))
    .map((field) => flagOf(field, method, override));
  return body && (body.takesMany || body.fields.length === 0) ? [...flags, wholeBody] : flags;
}

const wholeBody: Flag = {
  name: "file",
  placeholder: "FILE|-",
  help: "All that is sent, as JSON, instead of the flags above; also an array where the API takes many",
  field: "",
  kind: "file",
};

const hints: Partial<Record<Field["kind"], string>> = {
  id: "ID",
  date: "YYYY-MM-DD",
  time: "TIME",
  integer: "N",
  number: "NUMBER",
  boolean: "true|false",
  object: "JSON|@FILE",
  rows: "JSON|@FILE",
};

function flagOf(field: Field, method: string, { flags = {} }: CommandOverride): Flag {
  const { choices, isRequired, isNullable } = field;
  const last = field.name.split(".").at(-1) ?? field.name;
  const kind = kindOf(field);
  const word = choices?.join("|") ?? hints[field.kind] ?? placeholders[last] ?? "TEXT";
  const shown = ["string", "number"].includes(typeof field.default);
  return {
    name: flags[field.name] ?? freeName(last.replaceAll("_", "-")),
    field: field.name,
    kind,
    placeholder: kind === "switch" ? "" : `${word}${kind === "list" ? ",…" : ""}`,
    help: helpOf(field),
    choices,
    default: shown ? String(field.default) : undefined,
    isRequired,
    isClearable: isNullable && method === "PATCH",
  };
}

function kindOf({ kind, default: usually }: Field): Flag["kind"] {
  if (kind === "boolean") return usually === false ? "switch" : "boolean";
  if (kind === "id" || kind === "date") return "text";
  return kind === "object" || kind === "rows" ? "json" : kind;
}

/** A field that is called as a flag of every command gets another name. */
function freeName(name: string): string {
  return globalFlags.some((flag) => flag.name === name) ? `${name}-is` : name;
}

function helpOf({ name, kind, description }: Field): string {
  const said = sentence(description ?? `The ${name.replace(/_id$/, "").replaceAll("_", " ")}`);
  return kind === "time" ? `${said}, or so long ago: 90m, 24h, 7d` : said;
}

/** With every flag that must be given, or one that the document's own example gives. */
function exampleOf(
  { method, path, body }: Operation,
  { name: resource, noun }: Owner,
  { name, flags }: Pick<Command, "name" | "flags">,
): string {
  const given = body?.example ?? {};
  const key = /\{(\w+)\}/.exec(path)?.[1];
  const needed = flags.filter((flag) => flag.isRequired);
  const first = flags.filter(({ field }) => method === "PATCH" && field in given).slice(0, 1);
  const sample = ({ name: flag, field, choices, placeholder }: Flag) => {
    const stand = `<${flag.endsWith("-id") ? flag : "id"}>`;
    const value = placeholder === "ID" ? stand : (given[field] ?? choices?.[1] ?? stand);
    return `--${flag} ${quote(value)}`;
  };
  const argument = key ? [`<${noun.toLowerCase().replaceAll(" ", "-")}-${key}>`] : [];
  const shown = (needed.length > 0 ? needed : first).map(sample);
  return ["turbo", resource, name, ...argument, ...shown].join(" ");
}

function quote(value: unknown): string {
  const text = Array.isArray(value) ? value.join(",") : value;
  if (typeof text !== "string") return `'${JSON.stringify(text)}'`;
  return /^[\w./:@<>,+-]+$/.test(text) ? text : `"${text}"`;
}

/** What a list at this path holds: "event types". */
function pluralOf(path: string): string {
  const word = path.split("/").findLast((one) => !one.startsWith("{")) ?? "";
  return word.replaceAll("-", " ");
}

function singularOf(plural: string): string {
  return plural.replace(/ies$/, "y").replace(/([^s])s$/, "$1");
}

function kebab(camel: string): string {
  return camel.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** As a line of help: without marks of code, and without the stop at the end. */
function sentence(text: string): string {
  return text.replaceAll("`", "").replace(/\.$/, "");
}
