import { fieldOf, pluralOf, type Command, type Flag, type View } from "./command";
import { cursor, limit, required } from "./flags";

type Own = { flags: readonly Flag[]; examples: readonly string[] };

export function createCommand(view: View, own: Own): Command {
  return {
    name: "create",
    summary: `Create ${oneOf(view)}`,
    method: "POST",
    path: `/${view.name}`,
    done: `${view.noun} created successfully!`,
    ...own,
  };
}

/** `flags` are its filters. */
export function listCommand(view: View, { flags, examples }: Own): Command {
  return {
    name: "list",
    summary: `List ${pluralOf(view)}, newest first`,
    method: "GET",
    path: `/${view.name}`,
    flags: [...flags, limit, cursor],
    examples,
  };
}

export function getCommand(view: View): Command {
  return {
    name: "get",
    summary: `Show one ${lower(view)}`,
    method: "GET",
    path: `/${view.name}/{${keyOf(view)}}`,
    flags: [],
    examples: [`turbo ${view.name} get ${sampleOf(view)}`],
  };
}

export function updateCommand(view: View, own: Own): Command {
  return {
    name: "update",
    summary: `Change ${oneOf(view)}`,
    method: "PATCH",
    path: `/${view.name}/{${keyOf(view)}}`,
    done: `${view.noun} updated successfully!`,
    ...own,
  };
}

export function deleteCommand(view: View): Command {
  return {
    name: "delete",
    summary: `Delete ${oneOf(view)}`,
    method: "DELETE",
    path: `/${view.name}/{${keyOf(view)}}`,
    done: `${view.noun} deleted successfully!`,
    flags: [],
    examples: [`turbo ${view.name} delete ${sampleOf(view)}`],
  };
}

type LinkCommand = { name: string; summary: string; done: string };

/** Lists, makes and takes away the links between two things. */
export function linkCommands(
  owner: View,
  linked: { path: string; view: View; flag: Flag; moreFlags?: readonly Flag[] },
  names: { list: Pick<LinkCommand, "name" | "summary">; add: LinkCommand; remove: LinkCommand },
): Command[] {
  const { view, moreFlags = [] } = linked;
  const path = `/${owner.name}/{id}/${linked.path}`;
  const flag = required(linked.flag);
  const exampleOf = (command: string, flags: readonly Flag[]) =>
    [`turbo ${owner.name} ${command} ${sampleOf(owner)}`, ...flags.map(sampleFlag)].join(" ");
  const added = [...moreFlags, flag];
  return [
    {
      ...names.list,
      method: "GET",
      path,
      flags: [limit, cursor],
      view,
      examples: [exampleOf(names.list.name, [])],
    },
    {
      ...names.add,
      method: "POST",
      path,
      flags: added,
      view,
      examples: [exampleOf(names.add.name, added)],
    },
    {
      ...names.remove,
      method: "DELETE",
      path: `${path}/{${fieldOf(flag)}}`,
      flags: [flag],
      examples: [exampleOf(names.remove.name, [flag])],
    },
  ];
}

function sampleFlag({ name, choices }: Flag): string {
  return `--${name} ${choices?.[1] ?? `<${name.endsWith("-id") ? name : "id"}>`}`;
}

function sampleOf(view: View): string {
  return `<${lower(view).replaceAll(" ", "-")}-${keyOf(view)}>`;
}

function keyOf({ key }: View): string {
  return key ?? "id";
}

/** "an issue". */
export function oneOf(view: View): string {
  const noun = lower(view);
  return `${/^[aeiou]/.test(noun) ? "an" : "a"} ${noun}`;
}

function lower({ noun }: View): string {
  return noun.toLowerCase();
}
