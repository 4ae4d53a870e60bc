import { setTimeout as sleep } from "node:timers/promises";
import type { AppProcess } from "./app-process";
import type { Journal } from "./journal";

/** `unreached`: no process listened, so nothing was done; `lost`: something may have been. */
export type Answer =
  | { kind: "answered"; status: number; body: Record<string, unknown> }
  | { kind: "unreached" }
  | { kind: "lost" };

/** Beyond every time-out there is: who gets no answer for so long is forgotten. */
const patienceMs = 45_000;
const pauseMs = 100;

type Call = { method: string; path: string; body?: unknown };

/** One request to one process. An answer that must never be given is a surprise. */
export async function call(
  journal: Journal,
  app: AppProcess,
  { method, path, body }: Call,
): Promise<Answer> {
  try {
    const response = await fetch(`${app.url}/api/v1${path}`, {
      method,
      headers: body === undefined ? {} : { "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(patienceMs),
    });
    const text = await response.text();
    const { status } = response;
    journal.countAnswer(String(status));
    const isGone = status === 404 && method === "DELETE";
    if (![200, 201, 204, 503].includes(status) && !isGone) {
      journal.surprise(`${method} ${path} was answered ${status}: ${text.slice(0, 300)}`);
    }
    return { kind: "answered", status, body: text === "" ? {} : JSON.parse(text) };
  } catch (error) {
    if (error instanceof Error && error.name === "TimeoutError") {
      journal.surprise(`${method} ${path} had no answer after ${patienceMs / 1000} s`);
    }
    const kind = isRefused(error) ? "unreached" : "lost";
    journal.countAnswer(kind);
    return { kind };
  }
}

function isRefused(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return ("code" in error && error.code === "ECONNREFUSED") || isRefused(error.cause);
}

/** Asks one process after another until one answers with something other than 503. */
export async function callUntilAnswered(
  journal: Journal,
  apps: readonly AppProcess[],
  request: Call,
): Promise<{ status: number; body: Record<string, unknown>; wasRepeated: boolean }> {
  for (let turn = 0; ; turn += 1) {
    const app = apps[turn % apps.length];
    if (!app) throw new Error("There is no process to ask.");
    const answer = await call(journal, app, request);
    if (answer.kind === "answered" && answer.status !== 503) {
      return { status: answer.status, body: answer.body, wasRepeated: turn > 0 };
    }
    await sleep(pauseMs);
  }
}
