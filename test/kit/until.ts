import { setTimeout as sleep } from "node:timers/promises";

type Nothing = null | undefined | false;
type Look<T> = () => T | Nothing | Promise<T | Nothing>;

const lookEveryMs = 5;
const askEveryMs = 50;
const defaultTimeoutMs = 20_000;

/**
 * Looks again and again until `look` answers with something, and answers that. After `timeoutMs`
 * it throws, naming `what`, or, where that is left out, what the look is written as.
 */
export function until<T>(look: Look<T>, timeoutMs?: number): Promise<Exclude<T, Nothing>>;
export function until<T>(
  what: string,
  look: Look<T>,
  timeoutMs?: number,
): Promise<Exclude<T, Nothing>>;
export async function until<T>(
  whatOrLook: string | Look<T>,
  lookOrTimeoutMs?: Look<T> | number,
  timeoutMs?: number,
): Promise<T> {
  const look = typeof whatOrLook === "string" ? lookOrTimeoutMs : whatOrLook;
  if (typeof look !== "function") throw new TypeError("until() needs a function that looks.");
  const limitMs = typeof lookOrTimeoutMs === "number" ? lookOrTimeoutMs : timeoutMs;
  return poll(String(whatOrLook), look, limitMs ?? defaultTimeoutMs);
}

/** Whether `isSo` comes true within `timeoutMs`; looks less often than `until`, for it may be dear. */
export async function isSoWithin(
  timeoutMs: number,
  isSo: () => boolean | Promise<boolean>,
): Promise<boolean> {
  const deadlineMs = performance.now() + timeoutMs;
  while (!(await isSo())) {
    if (performance.now() > deadlineMs) return false;
    await sleep(askEveryMs);
  }
  return true;
}

async function poll<T>(what: string, look: Look<T>, timeoutMs: number): Promise<T> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== null && found !== undefined && found !== false) return found;
    if (performance.now() > deadlineMs) {
      throw new Error(`Not within ${timeoutMs / 1000} s: ${what}.`);
    }
    await sleep(lookEveryMs);
  }
}

export type Deferred<T> = { promise: Promise<T>; resolve: (value: T) => void };

/** A promise that a test keeps open until it has seen enough. */
export function makeDeferred<T = void>(): Deferred<T> {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => (resolve = settle));
  return { promise, resolve };
}
