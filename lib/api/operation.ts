import type { ZodObject, ZodType } from "zod";

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

/** One thing that the API does: a method of a path, as it is documented. */
export type Operation = {
  id: string;
  method: Method;
  path: string;
  group: Group;
  summary: string;
  description?: string;
  /** What a list may be asked for beside `limit` and `cursor`; or all that anything else may be. */
  query?: ZodObject;
  body?: { of: Named; isOptional?: true; example: unknown } | undefined;
  answers: Answer[];
  /** Why it refuses, where that needs a word of its own, by status. */
  refusals?: { 404?: string; 409?: string; 422?: string };
  /** It answers whoever has no key, too. */
  isPublic?: true;
};

/** What operations are grouped by, in the order they are shown. */
export const groups = {
  Webhooks: "Subscriptions: which events go to which URL, signed with which secret.",
  Deliveries:
    "One event for one webhook: when it is sent, what was answered, and sending it again.",
  Events: "What has happened. Events are never changed: a receiver gets the same text every time.",
  "Event types":
    "The catalogue, and types of your own, so that other systems send webhooks by Turbo.",
  Projects: "What issues, milestones, initiatives and documents belong to.",
  Issues: "What is to be done, with tags, comments and dependencies on other issues.",
  Milestones: "What a project reaches by a day; its progress follows from its issues.",
  Initiatives: "What spans issues, within a project or across.",
  Comments: "What is said on a project, issue, milestone, initiative or document.",
  Tags: "Words that are put on issues.",
  Documents: "Longer texts, linked to projects, issues and milestones.",
  Service: "What the service says of itself.",
} as const;
export type Group = keyof typeof groups;

/** The names of the parameters in a path: `{id}`. */
export function pathParameters(path: string): string[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? "");
}
