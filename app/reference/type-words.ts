import type { JsonSchema } from "@/lib/api/schema";

const formats: Record<string, string> = {
  uuid: "UUID",
  "date-time": "time",
  date: "day",
  uri: "URL",
};

const plurals: Record<string, string> = { text: "texts", UUID: "UUIDs", object: "objects" };

/** What a value is, in a few words: "UUID or null", "list of 1 to 200 texts". */
export function typeWords(schema: JsonSchema): string {
  const parts = schema.anyOf ?? [schema];
  return [...new Set(parts.flatMap(wordsOfPart))].join(" or ") || "anything";
}

function wordsOfPart(schema: JsonSchema): string[] {
  if (schema.const !== undefined) return [JSON.stringify(schema.const)];
  if (schema.enum) return schema.enum.map(String);
  return [schema.type ?? []].flat().map((type) => {
    if (type === "array") return listWords(schema);
    return [nounOf(type, schema), ...boundsOf(type, schema)].join(", ");
  });
}

function nounOf(type: string, { format = "" }: JsonSchema): string {
  if (type === "string") return formats[format] ?? "text";
  return { integer: "whole number", boolean: "true or false" }[type] ?? type;
}

function boundsOf(type: string, schema: JsonSchema): string[] {
  const { minLength, maxLength, minimum, maximum } = schema;
  if (type === "string" && minLength === 1 && maxLength === undefined) return ["not empty"];
  if (type === "string") return range(minLength, maxLength).map((words) => `${words} characters`);
  if (type === "null" || (minimum === 0 && maximum === undefined)) return [];
  return range(minimum, maximum);
}

function listWords({ items = {}, minItems, maxItems }: JsonSchema): string {
  const [noun = "", ...bounds] = typeWords(items).split(", ");
  const many = [...range(minItems, maxItems), plurals[noun] ?? noun].join(" ");
  return [`list of ${many}`, ...bounds.map((words) => `each ${words}`)].join(", ");
}

function range(least: number | undefined, most: number | undefined): string[] {
  const [from, to] = [least, most].map((bound) => bound?.toLocaleString("en"));
  if (from && to) return [`${from} to ${to}`];
  if (to) return [`at most ${to}`];
  return from ? [`at least ${from}`] : [];
}
