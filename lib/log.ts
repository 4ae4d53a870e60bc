type Fields = Record<string, string | number | boolean | null | undefined>;
type Level = "info" | "warn" | "error";

const waiting = { out: "", err: "" };
let isScheduled = false;

function write(level: Level, message: string, fields: Fields): void {
  const line = JSON.stringify({ time: new Date().toISOString(), level, message, ...fields });
  waiting[level === "info" ? "out" : "err"] += `${line}\n`;
  if (isScheduled) return;
  isScheduled = true;
  setImmediate(flushLog);
}

/** Writes what is waiting: the lines of one turn of the event loop in one go. */
export function flushLog(): void {
  isScheduled = false;
  const { out, err } = waiting;
  Object.assign(waiting, { out: "", err: "" });
  if (out) process.stdout.write(out);
  if (err) process.stderr.write(err);
}

/** One JSON object a line: time, level, message, then the fields. Never a secret, never a payload. */
export const log = {
  info: (message: string, fields: Fields = {}) => write("info", message, fields),
  warn: (message: string, fields: Fields = {}) => write("warn", message, fields),
  error: (message: string, fields: Fields = {}) => write("error", message, fields),
};

/** The words of anything thrown, its cause included, on one line. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? "" : ` (${reasonOf(error.cause)})`;
  const code = "code" in error && typeof error.code === "string" ? `${error.code}: ` : "";
  return `${code}${withoutParameters(error.message || error.name)}${cause}`;
}

/** A failed query's words, or stack, end in its parameters, which may be anybody's data. */
export function withoutParameters(text: string): string {
  return text.replace(/\nparams: [^]*?(?=\n {4}at |$)/, "");
}
