type Parsed = { ok: true; value: unknown } | { ok: false; problem: string };

type Expected =
  | "a value"
  | 'a value or "]"'
  | "a name in double quotes"
  | 'a name in double quotes or "}"'
  | '":"'
  | '"," or "}"'
  | '"," or "]"'
  | "nothing more";

const space = /[ \t\r\n]*/y;
const token =
  // eslint-disable-next-line no-control-regex
  /[{}[\]:,]|"[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[\da-fA-F]{4})[^"\\\u0000-\u001f]*)*"|(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-])/y;

const excerptBefore = 40;
const excerptAfter = 20;

/** The value of a JSON text, or where and why it is none: the place, then the line with a mark below. */
export function parseJson(text: string): Parsed {
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch {
    const { index, expected } = findMistake(text);
    return { ok: false, problem: describe(text, index, expected) };
  }
}

function findMistake(text: string): { index: number; expected: Expected } {
  const open: ("}" | "]")[] = [];
  let expected: Expected = "a value";
  let index = 0;
  for (;;) {
    index = match(space, text, index)?.end ?? index;
    const found = match(token, text, index);
    const next: Expected | undefined = found && follow(expected, found.text, open);
    if (!found || next === undefined) return { index, expected };
    expected = next;
    index = found.end;
  }
}

function match(pattern: RegExp, text: string, from: number) {
  pattern.lastIndex = from;
  const found = pattern.exec(text)?.[0];
  return found === undefined ? undefined : { text: found, end: from + found.length };
}

/** What may stand after this token; undefined: it may not stand here. */
function follow(expected: Expected, found: string, open: ("}" | "]")[]): Expected | undefined {
  const closing = open.at(-1);
  if (found === closing && expected.endsWith(`or "${closing}"`)) {
    open.pop();
    return afterValue(open);
  }
  if (expected === '":"') return found === ":" ? "a value" : undefined;
  if (expected.startsWith("a name")) return found.startsWith('"') ? '":"' : undefined;
  if (!expected.startsWith("a value")) {
    if (found !== "," || !closing) return undefined;
    return closing === "}" ? "a name in double quotes" : "a value";
  }
  if (found === "{") return enter(open, "}");
  if (found === "[") return enter(open, "]");
  return /^[}\]:,]/.test(found) ? undefined : afterValue(open);
}

function enter(open: ("}" | "]")[], closing: "}" | "]"): Expected {
  open.push(closing);
  return closing === "}" ? 'a name in double quotes or "}"' : 'a value or "]"';
}

function afterValue(open: readonly ("}" | "]")[]): Expected {
  const closing = open.at(-1);
  return closing ? `"," or "${closing}"` : "nothing more";
}

function describe(text: string, index: number, expected: Expected): string {
  const before = text.slice(0, index);
  const lineStart = before.lastIndexOf("\n") + 1;
  const line = before.split("\n").length;
  const column = index - lineStart + 1;
  const rest = /^[^\r\n]*/.exec(text.slice(index))?.[0] ?? "";
  const shown = before.slice(Math.max(lineStart, index - excerptBefore)).replaceAll("\t", " ");
  return [
    `line ${line}, column ${column}: ${complaint(text, index, expected)}`,
    `  ${shown}${rest.slice(0, excerptAfter)}`,
    `  ${" ".repeat(shown.length)}^`,
  ].join("\n");
}

function complaint(text: string, index: number, expected: Expected): string {
  if (text.trim() === "") return "it is empty";
  if (index === text.length) return `it ends where ${expected} should follow`;
  if (text[index] === '"' && /value|name/.test(expected)) {
    return "this text has no end, or it holds a line break or an escape that JSON does not know";
  }
  return `${expected} should stand here`;
}
