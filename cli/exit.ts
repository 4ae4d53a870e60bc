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
