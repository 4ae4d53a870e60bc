import { createHash } from "node:crypto";
import type { Context } from "./context";
import { AppError } from "./errors";

/**
 * The entity tag of a JSON text: a hash of it and, where what it shows has one, the version:
 * `"v3-q1w2e3r4t5"`. The hash also changes with what is derived from elsewhere.
 */
export function tagOf(text: string, version?: number): string {
  const hash = createHash("sha256").update(text).digest("base64url").slice(0, 12);
  return version === undefined ? `"${hash}"` : `"v${version}-${hash}"`;
}

/** Does `If-None-Match` name this tag? Then who asks has it already. Weak tags count as strong ones. */
export function isNamed(ifNoneMatch: string | null, tag: string): boolean {
  if (ifNoneMatch === null) return false;
  return ifNoneMatch.trim() === "*" || tagsIn(ifNoneMatch).includes(tag);
}

/**
 * Refuses a change, as `precondition_failed`, of what no longer has a version that `If-Match` names.
 * Only versions count: what is derived from elsewhere cannot get into a change's way.
 */
export function checkIfMatch({ ifMatch }: Pick<Context, "ifMatch">, version: number): void {
  if (ifMatch === null || ifMatch.trim() === "*") return;
  const isMeant = tagsIn(ifMatch).some((tag) => tag.startsWith(`"v${version}-`));
  if (!isMeant) throw hasChanged();
}

/** The same of what has no version: its text as JSON must be the one that was read. */
export function checkIfMatchText({ ifMatch }: Pick<Context, "ifMatch">, text: string): void {
  if (ifMatch === null || ifMatch.trim() === "*") return;
  if (!tagsIn(ifMatch).includes(tagOf(text))) throw hasChanged();
}

function tagsIn(header: string): string[] {
  return header.match(/"[^"]*"/g) ?? [];
}

function hasChanged(): AppError {
  return new AppError(
    "precondition_failed",
    "It has changed since: read it again, and send the ETag of that answer in If-Match.",
  );
}
