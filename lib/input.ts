import type { ZodError, ZodType } from "zod";
import { invalid, type FieldError } from "./errors";

type Issue = { code: string; path: PropertyKey[]; message: string; keys?: string[] };

/** The parsed input, or a `validation_failed` refusal that points at every wrong field. */
export function parseInput<T>(schema: ZodType<T>, input: unknown): T {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw invalid(...errorsOf(parsed.error, input));
}

/** More wrong fields than these nobody is told of. */
const mostErrors = 100;

/** The wrong fields of an input, as callers are told of them: the first 100. */
export function errorsOf(error: ZodError, input: unknown): FieldError[] {
  const errors = error.issues.flatMap((issue) => fieldErrorsOf(issue as Issue, input));
  return errors.slice(0, mostErrors);
}

function fieldErrorsOf(issue: Issue, input: unknown): FieldError[] {
  if (issue.code === "unrecognized_keys") {
    return (issue.keys ?? []).map((key) => ({
      pointer: pointerTo([...issue.path, key]),
      code: "unknown_field",
      message: "is not a field of this resource",
    }));
  }
  const isOfNoValue = issue.code === "invalid_type" || issue.code === "invalid_value";
  const isMissing = isOfNoValue && valueAt(input, issue.path) === undefined;
  return [
    {
      pointer: pointerTo(issue.path),
      code: isMissing ? "required" : codeOf(issue.code),
      message: isMissing ? "is required" : lowerFirst(issue.message),
    },
  ];
}

function codeOf(zodCode: string): string {
  return { invalid_type: "wrong_type", invalid_value: "not_allowed" }[zodCode] ?? "invalid";
}

function lowerFirst(message: string): string {
  return message.charAt(0).toLowerCase() + message.slice(1);
}

/** A JSON pointer (RFC 6901): "/event_types/0". */
export function pointerTo(path: PropertyKey[]): string {
  return path.map((key) => `/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

function valueAt(input: unknown, path: PropertyKey[]): unknown {
  let value = input;
  for (const key of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}
