import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { makeDocument } from "@/lib/api/document";
import { readDocument } from "@/scripts/read-document";
import { resources } from "./commands";
import { resourcesOf } from "./from-api";
import { helpText } from "./help";
import { makeRequest } from "./make-request";
import { commandOverrides, viewOverrides } from "./overrides";
import { parseCommand } from "./parse-command";

/** Any file of JSON. */
const packageFile = new URL("../package.json", import.meta.url);
const id = "0199b3f0-6a51-7c70-9d1f-3c5e7a9b1d11";

it("knows the API as it is now: if this fails, run `npm run generate`", async () => {
  const known = JSON.parse(await readFile(new URL("api.json", import.meta.url), "utf8"));
  const now = readDocument(makeDocument(""));
  expect(known).toEqual(JSON.parse(JSON.stringify(now)));
});

describe("the commands that are made from the API", () => {
  const commands = resources.flatMap((resource) =>
    resource.commands.map((command) => ({ ...command, resource: resource.name })),
  );
  const examples = commands.flatMap(({ examples, ...command }) =>
    examples.map((example) => ({ example, resource: command.resource, name: command.name })),
  );

  it.each(examples)("have an example that works: $example", async ({ example, resource, name }) => {
    const parsed = await parseCommand(wordsOf(example.replace(/^.*\| /, "")).slice(1));
    expect(parsed).toMatchObject({ resource: { name: resource }, command: { name } });
  });

  it("are called each by its own name, and so are their flags", () => {
    for (const one of resources) {
      expectUnique(one.commands.map(({ name }) => name));
      for (const { flags } of one.commands) expectUnique(flags.map(({ name }) => name));
    }
    expectUnique(resources.map(({ name }) => name));
    const flags = commands.flatMap((command) => command.flags);
    expect(flags.filter(({ name, help }) => !/^[a-z]+(-[a-z]+)*$/.test(name) || !help)).toEqual([]);
  });

  it("make use of every exception that is written down", () => {
    const { answers } = readDocument(makeDocument(""));
    expect(Object.keys(viewOverrides).filter((name) => !answers[name])).toEqual([]);
    const unused = Object.entries(commandOverrides).filter(([key, { name: own }]) => {
      const [resource, derived] = key.split(" ");
      return !commands.some(
        ({ name, ...one }) =>
          name === (own ?? derived) && (resource === "*" || resource === one.resource),
      );
    });
    expect(unused).toEqual([]);
  });
});

describe("an endpoint that the API comes to have", () => {
  const made = resourcesOf(readDocument(withRobots(makeDocument("") as Document)));
  const run = (args: string[]) => parseCommand(args, made);

  it("is listed with its group, and its commands", async () => {
    const { resource } = helpOf(await run(["help", "robots"]));
    const names = resource?.commands.map(({ name, summary }) => `${name}: ${summary}`);
    expect(resource).toMatchObject({ name: "robots", noun: "Robot", summary: "What works" });
    expect(names).toEqual([
      "create: Build a robot",
      "list: List robots",
      "start: Start a robot",
      "start-robots: Start every robot",
    ]);
  });

  it("takes each field as its kind wants it", async () => {
    const flags = ["--name", "Ro", "--mode", "fast", "--tools", "saw,drill", "--tools", "file"];
    const more = ["--ratio", "0.5", "--is-quiet", "--arm", '{"length": 2}', "--actor-is", "ann"];
    expect(await requestOf(run(["robots", "create", ...flags, ...more]))).toMatchObject({
      method: "POST",
      path: "/robots",
      body: {
        name: "Ro",
        mode: "fast",
        tools: ["saw", "drill", "file"],
        ratio: 0.5,
        is_quiet: true,
        arm: { length: 2 },
        actor: "ann",
      },
    });
    expect(await requestOf(run(["robots", "start", id, "--after", "24h"]))).toMatchObject({
      method: "POST",
      path: `/robots/${id}/start`,
      query: { after: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) },
      body: undefined,
    });
    expect(await requestOf(run(["robots", "list", "--mode", "slow"]))).toMatchObject({
      path: "/robots",
      query: { mode: "slow" },
    });
  });

  it.each([
    [["--mode", "fast"], "Missing --name."],
    [
      ["--name", "Ro", "--mode", "fats"],
      'must be one of slow, fast, not "fats". Did you mean fast?',
    ],
    [["--name", "Ro", "--ratio", "half"], '--ratio must be a number, not "half".'],
    [["--name", "Ro", "--tools", "hamer"], "--tools must be one of saw, drill, file, hammer"],
    [["--nam", "Ro"], "Unknown flag --nam. Did you mean --name?"],
  ])("refuses %j", async (flags, message) => {
    await expect(run(["robots", "create", ...flags])).rejects.toThrow(message);
  });

  it("says in its help what may be given, what must be, and what else", async () => {
    const { resource, command } = helpOf(await run(["robots", "create", "--help"]));
    const text = helpText(resource, command);
    expect(text).toContain("Usage: turbo robots create --name TEXT [flags]");
    expect(text).toMatch(/--mode slow\|fast +How quick \(else slow\)\n/);
    expect(text).toMatch(/--name TEXT +What it is called \(required\)\n/);
    expect(text).toContain('  turbo robots create --name "Ro One"');
  });

  it("is shown with all of its fields", () => {
    const list = made.find(({ name }) => name === "robots")?.commands[1];
    expect(list?.view.plural).toBe("robots");
    expect(list?.view.details.map(({ label }) => label)).toEqual(["ID", "Name", "Built", "Arm"]);
  });
});

it("gives a webhook's new field a flag that clears it, and shows it", async () => {
  const made = resourcesOf(readDocument(withMotto(makeDocument("") as Document)));
  const run = (args: string[]) => parseCommand(args, made);
  const request = await requestOf(run(["webhooks", "update", id, "--motto", ""]));
  expect(request.body).toEqual({ motto: null });
  const { command } = helpOf(await run(["webhooks", "get", "--help"]));
  expect(command?.view.details).toContainEqual({ label: "Motto", field: "motto" });
});

type Schemas = Record<string, { properties: Record<string, unknown> }>;
type Document = { tags: unknown[]; paths: object; components: { schemas: Schemas } };

function withRobots(document: Document): Document {
  const mode = { type: "string", enum: ["slow", "fast"] };
  const tool = { type: "string", enum: ["saw", "drill", "file", "hammer"] };
  const input = {
    type: "object",
    required: ["name"],
    properties: {
      name: { type: "string", description: "What it is called." },
      mode: { ...mode, default: "slow", description: "How quick." },
      tools: { type: "array", items: tool },
      ratio: { type: "number" },
      is_quiet: { type: "boolean", default: false },
      arm: { type: "object", properties: { length: { type: "integer" } } },
      actor: { type: "string" },
    },
  };
  const robot = {
    type: "object",
    properties: {
      id: { type: "string", format: "uuid" },
      name: { type: "string" },
      built_at: { anyOf: [{ type: "string", format: "date-time" }, { type: "null" }] },
      arm: { type: "object", additionalProperties: true },
    },
  };
  const answer = (schema: object) => ({ content: { "application/json": { schema } } });
  const list = { type: "array", items: { $ref: "#/components/schemas/Robot" } };
  const operation = (operationId: string, summary: string) => ({
    operationId,
    summary,
    tags: ["Robots"],
    responses: { 200: answer({ $ref: "#/components/schemas/Robot" }) },
  });
  const paths = {
    "/api/v1/robots/{id}/start": {
      post: {
        ...operation("startRobot", "Start a robot"),
        parameters: [
          { name: "id", in: "path", required: true, schema: { type: "string" } },
          { name: "after", in: "query", schema: { type: "string", format: "date-time" } },
        ],
      },
    },
    "/api/v1/robots/start": { post: operation("startRobots", "Start every robot") },
    "/api/v1/robots": {
      get: {
        ...operation("listRobots", "List robots"),
        parameters: [{ name: "mode", in: "query", schema: mode }],
        responses: { 200: answer(list) },
      },
      post: {
        ...operation("buildRobot", "Build a robot"),
        requestBody: {
          content: { "application/json": { schema: input, example: { name: "Ro One" } } },
        },
      },
    },
  };
  return {
    tags: [...document.tags, { name: "Robots", description: "What works." }],
    paths: { ...document.paths, ...paths },
    components: { schemas: Object.assign({ Robot: robot }, document.components.schemas) },
  };
}

function withMotto(document: Document): Document {
  for (const name of ["CreateWebhook", "UpdateWebhook", "Webhook"]) {
    const properties = document.components.schemas[name]?.properties ?? {};
    properties.motto = { type: ["string", "null"], description: "What it is for." };
  }
  return document;
}

function helpOf(parsed: Awaited<ReturnType<typeof parseCommand>>) {
  if (parsed.kind !== "help") throw new Error(`help was expected, not ${parsed.kind}`);
  return parsed;
}

async function requestOf(run: ReturnType<typeof parseCommand>) {
  const parsed = await run;
  if (parsed.kind !== "run") throw new Error(`a command was expected, not ${parsed.kind}`);
  return makeRequest(parsed);
}

/** As a shell would split it; what stands for an id or a file is given one. */
function wordsOf(example: string): string[] {
  const words = example.replaceAll("\\\n", " ").matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g);
  return [...words]
    .map(([, double, single, bare]) => double ?? single ?? bare ?? "")
    .map((word) => word.replaceAll(/<[\w-]+>/g, id))
    .map((word) => word.replace(/[\w-]+\.json|^-$/, fileURLToPath(packageFile)));
}

function expectUnique(names: readonly string[]): void {
  expect(names).toEqual([...new Set(names)]);
}
