import { isId } from "@/lib/id";
import { nearest } from "@/lib/nearest";
import { isStorable } from "@/lib/text";
import type { Field, Problem } from "./filter-fields";
import { pathText, type Leaf, type Plan, type Scalar } from "./filter-plan";

export const operators = [
  "eq",
  "ne",
  "in",
  "nin",
  "gt",
  "gte",
  "lt",
  "lte",
  "exists",
  "starts_with",
] as const;
export type Operator = (typeof operators)[number];

export function isOperator(word: string): word is Operator {
  return (operators as readonly string[]).includes(word);
}

export function isScalar(value: unknown): value is Scalar {
  if (typeof value === "number") return Number.isFinite(value);
  return value === null || typeof value === "string" || typeof value === "boolean";
}

const order = new Set<Operator>(["gt", "gte", "lt", "lte"]);

/** What is wrong with one value, or one of a list, that a field is compared with; null: nothing. */
export function findFault(field: Field, operator: Operator, value: unknown): Problem | null {
  if (operator === "exists")
    return typeof value === "boolean" ? null : wrongType("must be true or false");
  if (!isScalar(value)) return wrongType("must be a text, a number, true, false or null");
  if (typeof value === "string" && !isStorable(value))
    return { code: "invalid", message: "must not contain NUL or half a surrogate pair" };
  if (field.kind === "id") return faultOfId(operator, value);
  if (field.kind === "actor") return faultOfActor(operator, value);
  if (operator === "starts_with")
    return typeof value === "string" ? null : wrongType("must be a text");
  if (order.has(operator))
    return typeof value === "string" || typeof value === "number"
      ? null
      : wrongType("must be a number or a text");
  return field.choices && faultOfChoice(field.choices, value);
}

function faultOfId(operator: Operator, value: Scalar): Problem | null {
  if (operator === "starts_with" || order.has(operator)) {
    const message = "is not for an id: use eq, ne, in, nin or exists";
    return { code: "not_allowed", message };
  }
  if (value === null || (typeof value === "string" && isId(value))) return null;
  return { code: "invalid", message: "must be a UUID, or null for none" };
}

function faultOfActor(operator: Operator, value: Scalar): Problem | null {
  if (order.has(operator)) {
    const message = "is not for an actor: use eq, ne, in, nin, exists or starts_with";
    return { code: "not_allowed", message };
  }
  if (typeof value === "string") return null;
  return wrongType("must be a name, or type and name such as ai:claude");
}

function faultOfChoice(choices: readonly string[], value: Scalar): Problem | null {
  if (typeof value === "string" && choices.includes(value)) return null;
  const near = nearest(String(value), choices);
  const hint = near ? `did you mean "${near}"?` : `there are ${choices.join(", ")}`;
  return { code: "not_allowed", message: `no event of these types has this value: ${hint}` };
}

function wrongType(message: string): Problem {
  return { code: "wrong_type", message };
}

type Condition = Omit<Leaf, "path">;

/** The condition on a field as a plan, of a value without fault. */
export function planCondition({ kind, paths }: Field, condition: Condition): Plan {
  const { op, value, at } = condition;
  if (kind === "actor") return planActor(condition);
  const wanted = kind === "id" ? lowerCase(value) : value;
  const parts = paths.map((steps) => ({ path: pathText(steps), op, value: wanted, at }));
  const isDenial = op === "ne" || op === "nin" || (op === "exists" && value === false);
  return join(isDenial ? "all" : "any", parts, at);
}

function join(kind: "all" | "any", parts: Plan[], at: string): Plan {
  const [only] = parts;
  if (only && parts.length === 1) return only;
  return kind === "all" ? { all: parts, at } : { any: parts, at };
}

function lowerCase(value: Leaf["value"]): Leaf["value"] {
  if (Array.isArray(value)) return value.map((one) => lowerCase(one) as Scalar);
  return typeof value === "string" ? value.toLowerCase() : value;
}

const withType = /^(user|ai|system):(.*)$/s;

/** An actor is named by type and name, or by the name alone; a list may do either. */
function planActor({ op, value, at }: Condition): Plan {
  if (op === "ne") return { not: planActor({ op: "eq", value, at }), at };
  if (op === "nin") return { not: planActor({ op: "in", value, at }), at };
  if (op === "exists") return { path: pathText(["actor", "name"]), op, value, at };
  const namesOf = new Map<string | undefined, string[]>();
  for (const text of [value].flat().map(String)) {
    const [, type, name = text] = withType.exec(text) ?? [];
    namesOf.set(type, [...(namesOf.get(type) ?? []), name]);
  }
  const parts = [...namesOf].map(([type, names]): Plan => {
    const wanted = Array.isArray(value) ? names : (names[0] ?? "");
    const named: Plan = { path: pathText(["actor", "name"]), op, value: wanted, at };
    if (type === undefined) return named;
    return { all: [{ path: pathText(["actor", "type"]), op: "eq", value: type, at }, named], at };
  });
  return join("any", parts, at);
}
