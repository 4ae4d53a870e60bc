import { z } from "zod";
import { Event } from "@/lib/events/event-schema";
import { listParameters } from "@/lib/page";
import { version } from "@/lib/version";
import {
  deliveryHeaders,
  everywhere,
  headers,
  headersOf,
  headersOfProblem,
  parameters,
  parametersOf,
  problems,
  problemsOf,
  type HeaderName,
  type ProblemStatus,
} from "./conventions";
import { groups, pathParameters, type Answer, type Endpoint, type Named } from "./endpoint";
import { endpoints } from "./endpoints";
import { Problem } from "./problem";
import { schemaOf, type JsonSchema } from "./schema";

type Json = Record<string, unknown>;

const event: Named = { name: "Event", schema: Event };
const problem: Named = { name: "Problem", schema: Problem };

const texts = new Map<string, string>();

/** The document as JSON, made once. */
export function documentText(baseUrl: string): string {
  const text = texts.get(baseUrl) ?? JSON.stringify(makeDocument(baseUrl));
  texts.set(baseUrl, text);
  return text;
}

/** The OpenAPI 3.1 document of the API as it is served at `baseUrl`. */
export function makeDocument(baseUrl: string): Json {
  return {
    openapi: "3.1.0",
    info: {
      title: "Turbo Webhooks",
      version,
      license: { name: "MIT", identifier: "MIT" },
      description:
        "Every change is an event; every event arrives signed or is shown as failed. What all " +
        `operations have in common, and the grammar of filters: ${baseUrl}/reference`,
    },
    servers: [{ url: baseUrl }],
    security: [{ key: [] }, {}],
    tags: Object.entries(groups).map(([name, description]) => ({ name, description })),
    paths: pathsOf(endpoints),
    webhooks: { event: { post: receivedEvent() } },
    components: {
      schemas: componentsOf(endpoints),
      parameters,
      headers,
      responses: Object.fromEntries(
        Object.entries(problems).map(([status, description]) => [
          `Problem${status}`,
          describeProblem(Number(status) as ProblemStatus, description),
        ]),
      ),
      securitySchemes: {
        key: {
          type: "http",
          scheme: "bearer",
          description:
            "An API key; an installation that only its own computer reaches asks for none.",
        },
      },
    },
  };
}

function pathsOf(all: Endpoint[]): Json {
  const paths: Record<string, Json> = {};
  for (const endpoint of all) {
    const { method, path } = endpoint;
    paths[path] = { ...paths[path], [method.toLowerCase()]: describe(endpoint) };
  }
  return paths;
}

function describe(endpoint: Endpoint): Json {
  const { id, group, summary, description, body, answers, runForStrangers } = endpoint;
  return {
    operationId: id,
    tags: [group],
    summary,
    ...(description && { description }),
    ...(runForStrangers && { security: [{}] }),
    parameters: [
      ...ownParameters(endpoint),
      ...parametersOf(endpoint).map((name) => refTo("parameters", name)),
    ],
    ...(body && {
      requestBody: {
        required: !body.isOptional,
        content: { "application/json": { schema: schemaRef(body.of), example: body.example } },
      },
    }),
    responses: {
      ...Object.fromEntries(
        answers.map((answer) => [answer.status, describeAnswer(endpoint, answer)]),
      ),
      ...refusalsOf(endpoint),
    },
  };
}

type Parameter = {
  name: string;
  in: "path" | "query";
  required: boolean;
  description: string;
  schema: JsonSchema;
};

/** Those of its path and, of a list, of its query. */
export function ownParameters({ path, pathWords = {}, query, answers }: Endpoint): Parameter[] {
  const isList = query !== undefined || answers.some(({ kind }) => kind === "list");
  const asked = isList ? schemaOf(listParameters(query ?? z.object({})), "input") : {};
  const inPath = pathParameters(path).map((name) => ({
    name,
    in: "path" as const,
    required: true,
    description: pathWords[name] ?? "The id, as answers show it.",
    schema: name === "name" ? { type: "string" } : { type: "string", format: "uuid" },
  }));
  const inQuery = Object.entries(asked.properties ?? {}).map(
    ([name, { description = "", ...schema }]) => ({
      name,
      in: "query" as const,
      required: false,
      description,
      schema: withoutNull(schema),
    }),
  );
  return [...inPath, ...inQuery];
}

/** Null cannot be asked for: a parameter is a text, or left out. */
function withoutNull(schema: JsonSchema): JsonSchema {
  const { type, anyOf, ...rest } = schema;
  const ofText = [type ?? []].flat().find((one) => one !== "null");
  const parts = anyOf?.filter((part) => part.type !== "null") ?? [];
  const [only] = parts;
  if (only && parts.length === 1) return { ...rest, ...only };
  return {
    ...rest,
    ...(ofText && { type: ofText }),
    ...(parts.length > 0 && { anyOf: parts }),
  };
}

function describeAnswer(endpoint: Endpoint, answer: Answer): Json {
  const { description, kind, of, example } = answer;
  const isList = kind === "list";
  const ref = of && schemaRef(of);
  const shown = isList && example !== undefined ? [example] : example;
  return {
    description,
    headers: headerRefs(headersOf(endpoint, answer)),
    ...(ref && {
      content: {
        "application/json": {
          schema: isList ? { type: "array", items: ref } : ref,
          ...(shown !== undefined && { example: shown }),
        },
      },
    }),
  };
}

function refusalsOf(endpoint: Endpoint): Json {
  const { answers, refusals = {} } = endpoint;
  const statuses = problemsOf(endpoint).filter(
    (status) => !answers.some((answer) => answer.status === status),
  );
  const own: Partial<Record<ProblemStatus, string>> = refusals;
  return Object.fromEntries(
    statuses.map((status) => {
      const reason = own[status];
      const whole = reason && describeProblem(status, `${reason} Or: ${problems[status]}`);
      return [status, whole ?? refTo("responses", `Problem${status}`)];
    }),
  );
}

function describeProblem(status: ProblemStatus, description: string): Json {
  return {
    description,
    headers: headerRefs(headersOfProblem(status)),
    content: { "application/problem+json": { schema: schemaRef(problem) } },
  };
}

function headerRefs(names: HeaderName[]): Json {
  const all = [...names, ...everywhere];
  return Object.fromEntries(all.map((name) => [name, refTo("headers", name)]));
}

function refTo(kind: string, name: string): { $ref: string } {
  return { $ref: `#/components/${kind}/${name}` };
}

function schemaRef({ name }: Named): { $ref: string } {
  return refTo("schemas", name);
}

/** Every schema that an endpoint names, once. */
function componentsOf(all: Endpoint[]): Record<string, JsonSchema> {
  const inputs = all.flatMap(({ body }) => (body ? [body.of] : []));
  const outputs = all.flatMap(({ answers }) => answers.flatMap(({ of }) => of ?? []));
  const described = (named: Named[], io: "input" | "output") =>
    named.map(({ name, schema }) => [name, schemaOf(schema, io)]);
  return Object.fromEntries([
    ...described(inputs, "input"),
    ...described([...outputs, event, problem], "output"),
  ]);
}

function receivedEvent(): Json {
  return {
    operationId: "receiveEvent",
    summary: "An event, as a webhook's receiver gets it",
    description: "At least once. The same event has the same bytes on every attempt.",
    security: [],
    parameters: deliveryHeaders,
    requestBody: {
      required: true,
      content: { "application/json": { schema: schemaRef(event) } },
    },
    responses: {
      "2XX": { description: "It has arrived." },
      "410": { description: "Nothing is wanted any more: the webhook is disabled." },
      default: { description: "It is sent again, later each time. Redirects are not followed." },
    },
  };
}
