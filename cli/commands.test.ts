import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { entities } from "@/lib/entities/definitions";
import { EventTypeFilters } from "@/lib/entities/event-types";
import { links } from "@/lib/entities/links";
import { EventFilters } from "@/lib/events/list-events";
import { PostedEvent } from "@/lib/events/post-events";
import { CreateEventType, UpdateEventType } from "@/lib/events/registered-types";
import { DeliveryFilters } from "@/lib/webhooks/delivery-schema";
import { RecoverWebhook } from "@/lib/webhooks/recovery-schema";
import { CreateWebhook, DryRunWebhook, UpdateWebhook } from "@/lib/webhooks/schema";
import { fieldOf } from "./command";
import { resources } from "./commands";
import { parseCommand } from "./parse-command";

const id = "0199b3f0-6a51-7c70-9d1f-3c5e7a9b1d11";
const commands = resources.flatMap((resource) =>
  resource.commands.map((command) => ({ resource: resource.name, ...command })),
);
const examples = commands.flatMap(({ examples, ...command }) =>
  examples.map((example) => ({ example, resource: command.resource, name: command.name })),
);

let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "turbo-cli-"));
  await writeFile(join(folder, "any.json"), "{}");
});

afterAll(() => rm(folder, { recursive: true }));

describe("the table of commands", () => {
  it.each(examples)("has an example that works: $example", async ({ example, resource, name }) => {
    const args = wordsOf(example.replace(/^.*\| /, "")).slice(1);
    const parsed = await parseCommand(args);
    expect(parsed).toMatchObject({ resource: { name: resource }, command: { name } });
  });

  it("names every command and every flag once", () => {
    for (const { commands } of resources) {
      expectUnique(commands.map(({ name }) => name));
      for (const { flags } of commands) expectUnique(flags.map(({ name }) => name));
    }
    expectUnique(resources.map(({ name }) => name));
  });

  it("says in every flag what the API's field is, in words of a command line", () => {
    const flags = commands.flatMap(({ flags }) => flags);
    expect(flags.filter(({ name, help }) => !/^[a-z]+(-[a-z]+)*$/.test(name) || !help)).toEqual([]);
  });
});

const known = Object.values(entities).filter(({ plural }) =>
  resources.some(({ name }) => name === plural),
);

describe.each(known)("the commands of $plural", (entity) => {
  const ofEntity = commands.filter(({ resource }) => resource === entity.plural);
  const flagsOf = (name: string) => ofEntity.find((command) => command.name === name)?.flags ?? [];
  const fieldsOf = (name: string) => flagsOf(name).map(fieldOf).toSorted();
  const input = z.toJSONSchema(entity.create, { io: "input" });

  it("have a flag for each field that the API takes", () => {
    expect(fieldsOf("create")).toEqual(Object.keys(entity.fields).toSorted());
    const { fixed = [] } = entity;
    const changeable = Object.keys(entity.fields).filter((field) => !fixed.includes(field));
    expect(fieldsOf("update")).toEqual(changeable.toSorted());
  });

  it("need what the API needs, and know its choices", () => {
    const required = flagsOf("create").filter((flag) => flag.isRequired);
    expect(required.map(fieldOf).toSorted()).toEqual((input.required ?? []).toSorted());
    for (const flag of [...flagsOf("create"), ...flagsOf("update")]) {
      const property = input.properties?.[fieldOf(flag)];
      expect(flag.choices).toEqual(typeof property === "object" ? property.enum : undefined);
    }
  });

  it("list by each filter of the API", () => {
    expect(fieldsOf("list")).toEqual([...entity.filters, "cursor", "limit"].toSorted());
  });
});

describe.each(links)("the commands of $table", ({ owner, path, field, others }) => {
  it("list, make and take away its links", () => {
    const place = `/${owner.plural}/{id}/${path}`;
    const ofLink = commands.filter((command) => command.path.startsWith(place));
    expect(ofLink.map((command) => [command.method, command.path])).toEqual([
      ["GET", place],
      ["POST", place],
      ["DELETE", `${place}/{${field}}`],
    ]);
    const needed = others.length > 1 ? ["entity_type", field] : [field];
    expect(ofLink[1]?.flags.map(fieldOf)).toEqual(needed);
  });
});

describe.each([
  { name: "webhooks create", fields: CreateWebhook.shape },
  { name: "webhooks update", fields: UpdateWebhook.shape },
  { name: "webhooks dry-run", fields: DryRunWebhook.shape },
  { name: "webhooks recover", fields: RecoverWebhook.shape },
  { name: "deliveries list", fields: { ...DeliveryFilters.shape, limit: 0, cursor: "" } },
  { name: "events list", fields: { ...EventFilters.shape, limit: 0, cursor: "" } },
  { name: "event-types create", fields: CreateEventType.shape },
  { name: "event-types update", fields: UpdateEventType.shape },
  { name: "event-types list", fields: { ...EventTypeFilters.shape, limit: 0, cursor: "" } },
])("the command $name", ({ name, fields }) => {
  it("has a flag for each field that the API takes", () => {
    const command = commands.find((command) => `${command.resource} ${command.name}` === name);
    expect(command?.flags.map(fieldOf).toSorted()).toEqual(Object.keys(fields).toSorted());
  });
});

it("lets an event say all that the API takes, the actor by the flag of every command", () => {
  const emit = commands.find(({ name }) => name === "emit")?.flags.map(fieldOf) ?? [];
  const { data, actor: _, ...fields } = PostedEvent.shape;
  const inner = Object.keys(data.shape).map((field) => `data.${field}`);
  expect(emit.toSorted()).toEqual(["", ...Object.keys(fields), ...inner].toSorted());
});

/** As a shell would split it; what stands for an id or a file is given one. */
function wordsOf(example: string): string[] {
  const words = example.replaceAll("\\\n", " ").matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g);
  return [...words]
    .map(([, double, single, bare]) => double ?? single ?? bare ?? "")
    .map((word) => word.replaceAll(/<[\w-]+>/g, id))
    .map((word) => word.replace(/[\w-]+\.json|^-$/, join(folder, "any.json")));
}

function expectUnique(names: readonly string[]): void {
  expect(names).toEqual([...new Set(names)]);
}
