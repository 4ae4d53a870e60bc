import { readFile } from "node:fs/promises";
import { buffer } from "node:stream/consumers";
import type { Flag } from "./command";
import { didYouMean, usageError } from "./exit";

/** A flag as it was typed. */
type Typed = string | boolean | (string | boolean)[];

/**
 * What the API is sent for a flag; reads the files it names, and what is piped in. Throws a usage
 * error for what the flag cannot be.
 */
export async function readFlag(flag: Flag, typed: Typed, usage: string): Promise<unknown> {
  if (Array.isArray(typed)) {
    const parts = typed.flatMap((part) => String(part).split(",")).map((part) => part.trim());
    return parts.filter((part) => part !== "").map((part) => checkChoice(flag, part, usage));
  }
  if (flag.kind === "switch") return typed === true;
  const text = String(typed);
  if (text === "" && flag.isClearable) return null;
  if (flag.kind === "json" || flag.kind === "file") return readJson(flag, text, usage);
  if (flag.kind === "time") return readTime(text);
  return readText(flag, text, usage);
}

function readText(flag: Flag, text: string, usage: string): string | number | boolean {
  if (flag.kind === "boolean") {
    if (text === "true" || text === "false") return text === "true";
    throw usageError(`--${flag.name} must be true or false, not "${text}".`, usage);
  }
  if (flag.kind === "integer") {
    if (/^-?\d{1,15}$/.test(text)) return Number(text);
    throw usageError(`--${flag.name} must be a whole number, not "${text}".`, usage);
  }
  if (flag.kind === "number") {
    if (text.trim() !== "" && Number.isFinite(Number(text))) return Number(text);
    throw usageError(`--${flag.name} must be a number, not "${text}".`, usage);
  }
  return checkChoice(flag, text, usage);
}

function checkChoice({ name, choices }: Flag, text: string, usage: string): string {
  if (!choices || choices.includes(text)) return text;
  const hint = didYouMean(text, choices);
  throw usageError(`--${name} must be one of ${choices.join(", ")}, not "${text}".${hint}`, usage);
}

const unitsMs: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** "24h" is the time so long ago; what else it may be, the API judges. */
function readTime(text: string): string {
  const [, amount, unit = ""] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (amount === undefined) return text;
  return new Date(Date.now() - Number(amount) * (unitsMs[unit] ?? 0)).toISOString();
}

async function readJson(flag: Flag, typed: string, usage: string): Promise<unknown> {
  const file = flag.kind === "file" ? typed : /^@(.*)$/s.exec(typed)?.[1];
  const text = file === undefined ? typed : await readSource(flag, file, usage);
  const what = file === undefined ? `--${flag.name}` : `--${flag.name}: ${sourceName(file)}`;
  if (text.trim() === "") throw usageError(`${what} is empty, where JSON is needed.`, usage);
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw usageError(`${what} is not JSON: ${reason}.`, usage);
  }
}

async function readSource(flag: Flag, file: string, usage: string): Promise<string> {
  try {
    const bytes = file === "-" ? await buffer(process.stdin) : await readFile(file);
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    const reason = reasonOf(error);
    throw usageError(`--${flag.name} cannot read ${sourceName(file)}: ${reason}.`, usage);
  }
}

function sourceName(file: string): string {
  return file === "-" ? "what is piped in" : `"${file}"`;
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "ENOENT") return "there is no such file";
  if (code === "EISDIR") return "it is a folder";
  if (code === "ERR_ENCODING_INVALID_ENCODED_DATA") return "it is not UTF-8 text";
  return code || String(error);
}
