import type { ZodObject, ZodType } from "zod";
import type { Context } from "@/lib/context";
import { entities } from "@/lib/entities/definitions";
import type { Health } from "@/lib/health";
import type { Outcome } from "./outcome";

export type Method = "GET" | "POST" | "PATCH" | "DELETE";

/** A schema under the name that the document gives it. */
export type Named = { name: string; schema: ZodType };

/** A good answer: a `resource` bears an ETag, a page of a `list` the Link to the next. */
export type Answer = {
  status: 200 | 201 | 202 | 204 | 503;
  kind: "resource" | "list" | "data" | "nothing";
  description: string;
  of?: Named;
  example?: unknown;
  /** In the answer is a Location. */
  isLocated?: true;
};

/** What the service says of itself. */
export type Service = { checkHealth: () => Promise<Health>; describeApi: () => string };

type ParamsOf<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Record<Name, string> & ParamsOf<Rest>
  : unknown;

/** A request that may be made; `params` are those of the path. */
export type Call<Params = Record<string, string>> = {
  ctx: Context;
  params: Params;
  query: URLSearchParams;
  /** The JSON body; undefined when there is none. */
  body: unknown;
  service: Service;
};

type Description<Path extends string> = {
  id: string;
  method: Method;
  path: Path;
  /** One of `groups`. */
  group: string;
  summary: string;
  description?: string;
  /** What the parameters of its path mean, where that is not the id of what it is about. */
  pathWords?: Record<string, string>;
  /** What a list may be asked for beside `limit` and `cursor`; or all that anything else may be. */
  query?: ZodObject;
  body?: { of: Named; isOptional?: true; example: unknown } | undefined;
  /** The first is the usual one. */
  answers: Answer[];
  /** Why it refuses, where that needs a word of its own, by status. */
  refusals?: { 404?: string; 409?: string; 422?: string };
  /** It answers whoever has no key, too, by this alone. */
  runForStrangers?: (service: Service) => Promise<Outcome>;
};

/** One thing that the API does, whole: a method of a path, what it means, and the verb it runs. */
export type Endpoint = Description<string> & { run(call: Call): Promise<Outcome> };

/** An endpoint whose verb gets exactly the parameters that its path names. */
export function endpoint<const Path extends string>(
  given: Description<Path> & { run(call: Call<ParamsOf<Path>>): Promise<Outcome> },
): Endpoint;
export function endpoint(given: Endpoint): Endpoint {
  return given;
}

/** What endpoints are grouped by, in the order they are shown. */
export const groups: Record<string, string> = {
  Webhooks: "Subscriptions: which events go to which URL, signed with which secret.",
  Deliveries:
    "One event for one webhook: when it is sent, what was answered, and sending it again.",
  Events: "What has happened. Events are never changed: a receiver gets the same text every time.",
  "Event types":
    "The catalogue, and types of your own, so that other systems send webhooks by Turbo.",
  ...Object.fromEntries(
    Object.values(entities).map(({ plural, summary }) => [capital(plural), summary]),
  ),
  Service: "What the service says of itself.",
};

/** The names of the parameters in a path: `{id}`. */
export function pathParameters(path: string): string[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? "");
}

/** "Issue" of "issue". */
export function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
