import type { Flag } from "./command";

export const priorities = ["low", "medium", "high", "critical"] as const;

/** A flag that takes one of these. */
export function choice(name: string, choices: readonly string[], help: string): Flag {
  return { name, placeholder: choices.join("|"), help, choices };
}

export function date(name: string, help: string): Flag {
  return { name, placeholder: "YYYY-MM-DD", help, isClearable: true };
}

export function id(name: string, help: string): Flag {
  return { name, placeholder: "ID", help };
}

export const limit: Flag = {
  name: "limit",
  placeholder: "N",
  help: "How many, 1 to 100",
  kind: "count",
};
export const cursor: Flag = {
  name: "cursor",
  placeholder: "CURSOR",
  help: "Where the next page begins",
};

export const name: Flag = { name: "name", placeholder: "TEXT", help: "1 to 200 characters" };
export const title: Flag = { name: "title", placeholder: "TEXT", help: "1 to 200 characters" };
export const description: Flag = {
  name: "description",
  placeholder: "TEXT",
  help: "What it is about",
  isClearable: true,
};
export const priority = choice("priority", priorities, "How urgent");
export const project = id("project-id", "The project it belongs to");

export const ofProject = id("project-id", "Only those of this project");
export const since: Flag = {
  name: "since",
  placeholder: "TIME",
  help: "From when on: 2026-11-23T08:00:00Z, or so long ago: 90m, 24h, 7d",
  kind: "time",
};
export const until: Flag = {
  name: "until",
  placeholder: "TIME",
  help: "Up to when; else now",
  kind: "time",
};

/** The flags of a change as those of a creation: nothing to clear, and some that must be given. */
export function whenCreating(flags: readonly Flag[], required: readonly string[]): Flag[] {
  return flags.map((flag) => ({
    ...flag,
    isClearable: false,
    isRequired: required.includes(flag.name),
  }));
}

/** Those that must be given. */
export function required(flag: Flag): Flag {
  return { ...flag, isRequired: true };
}
