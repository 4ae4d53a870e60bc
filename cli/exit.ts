import { nearest } from "@/lib/nearest";

/** The program's exit codes. */
export const exitCode = {
  ok: 0,
  failure: 1,
  usage: 2,
  notFound: 3,
  auth: 4,
  unreachable: 5,
} as const;

/** Ends the program with `code` after `message` on stderr. */
export class Exit extends Error {
  constructor(
    readonly code: number,
    message: string,
    /** The API's own answer, which --json prints instead of the message. */
    readonly answer?: unknown,
  ) {
    super(message);
  }
}

/** The command line cannot be meant; `usage` shows how it would be. */
export function usageError(message: string, usage: string): Exit {
  return new Exit(exitCode.usage, `${message}\n${usage}\nMore: turbo help`);
}

/** " Did you mean x?", or nothing. */
export function didYouMean(typed: string, candidates: readonly string[], prefix = ""): string {
  const begun = typed ? candidates.filter((one) => one.startsWith(typed.toLowerCase())) : [];
  const candidate = nearest(typed, candidates) ?? (begun.length === 1 ? begun[0] : undefined);
  return candidate ? ` Did you mean ${prefix}${candidate}?` : "";
}
