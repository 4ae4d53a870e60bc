import { type Filters, isObject } from "./filter-value";

/** What an id is called; undefined: nobody knows. */
export type NameOf = (id: string) => string | undefined;

const subjects: Record<string, string> = {
  project_id: "project",
  milestone_id: "milestone",
  initiative_id: "initiative",
  issue_id: "issue",
};

const verbs: Record<string, string> = {
  eq: "is",
  ne: "is not",
  in: "is",
  nin: "is not",
  gt: ">",
  gte: "≥",
  lt: "<",
  lte: "≤",
  starts_with: "starts with",
};

/** A filter in words, a phrase for each of its conditions. */
export function describeFilters(filters: Filters, nameOf: NameOf): string[] {
  return Object.entries(filters).flatMap(([key, condition]) => {
    if (key === "and" || key === "or") return describeGroup(condition, key, nameOf);
    if (key === "not") return `not (${join(condition, nameOf)})`;
    return describeCondition(key, condition, nameOf);
  });
}

function describeGroup(parts: unknown, word: "and" | "or", nameOf: NameOf): string[] {
  if (!Array.isArray(parts)) return [`${word} ${JSON.stringify(parts)}`];
  const phrases = parts.map((part) => join(part, nameOf));
  return word === "and" ? phrases : [phrases.map((phrase) => `(${phrase})`).join(" or ")];
}

function join(filters: unknown, nameOf: NameOf): string {
  return isObject(filters)
    ? describeFilters(filters, nameOf).join(" and ")
    : JSON.stringify(filters);
}

function describeCondition(path: string, condition: unknown, nameOf: NameOf): string[] {
  const subject = subjects[path] ?? path;
  if (!isObject(condition)) {
    const values = describeValues(condition, nameOf);
    return [path === "changes" ? `${values} changed` : `${subject} is ${values}`];
  }
  return Object.entries(condition).map(([operator, value]) =>
    operator === "exists"
      ? `${subject} is ${value === false ? "absent" : "present"}`
      : `${subject} ${verbs[operator] ?? operator} ${describeValues(value, nameOf)}`,
  );
}

function describeValues(value: unknown, nameOf: NameOf): string {
  const list: unknown[] = Array.isArray(value) ? value : [value];
  return list
    .map((one) => (typeof one === "string" ? (nameOf(one) ?? one) : JSON.stringify(one)))
    .join(" or ");
}
