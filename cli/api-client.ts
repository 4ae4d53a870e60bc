import { Exit, exitCode } from "./exit";

export type Api = { baseUrl: string; headers: Readonly<Record<string, string>> };

export type ApiRequest = {
  method: string;
  /** Below /api/v1, beginning with a slash. */
  path: string;
  query?: Readonly<Record<string, string>>;
  body?: unknown;
  idempotencyKey?: string;
};

export type ApiAnswer = {
  /** Undefined where there is nothing to say: 204. */
  body: unknown;
  nextCursor: string | undefined;
  /** It is the answer to the first request with this idempotency key. */
  isReplayed: boolean;
};

type Given = Record<"apiUrl" | "apiKey" | "actor" | "causation", string | undefined>;

const defaultUrl = "http://127.0.0.1:3000";
const timeoutMs = 30_000;

/** Where and as whom to call, from flags and environment. Throws an `Exit` for unusable values. */
export function openApi(given: Given, environment: NodeJS.ProcessEnv): Api {
  const text = given.apiUrl || environment.TURBO_API_URL || defaultUrl;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.search || url.hash) {
    throw new Exit(exitCode.usage, `The API URL must be like ${defaultUrl}, not "${text}".`);
  }
  const apiKey = given.apiKey || environment.TURBO_API_KEY || undefined;
  if (apiKey !== undefined && !/^[\x21-\x7e]+$/.test(apiKey)) {
    throw new Exit(exitCode.usage, "The API key must be printable ASCII without spaces.");
  }
  const headers: Record<string, string> = { accept: "application/json" };
  if (apiKey !== undefined) headers.authorization = `Bearer ${apiKey}`;
  for (const name of ["actor", "causation"] as const) {
    const value = given[name];
    if (value !== undefined) headers[`x-turbo-${name}`] = checkHeader(name, value);
  }
  const baseUrl = url.href.replace(/\/+$/, "").replace(/\/api\/v1$/, "");
  return { baseUrl, headers };
}

function checkHeader(flag: string, value: string): string {
  if (/^[\x21-\x7e][\x20-\x7e]*$/.test(value)) return value;
  throw new Exit(exitCode.usage, `--${flag} must be printable ASCII, not "${value}".`);
}

/**
 * One call. Throws an `Exit`: not found for 404, auth for 401 and 403, failure for any other
 * refusal or an answer that is not the API's, unreachable when nothing answers.
 */
export async function callApi(api: Api, request: ApiRequest): Promise<ApiAnswer> {
  const response = await send(api, request);
  const text = await readText(api, response);
  const body = parseJson(text);
  if (!response.ok) throw refusal(response, body);
  if (body === undefined && response.status !== 204) {
    throw new Exit(
      exitCode.failure,
      `${api.baseUrl} answered ${response.status}, but not as Turbo does. Is the API URL right?`,
    );
  }
  return {
    body,
    nextCursor: nextCursorOf(response.headers.get("link"), api.baseUrl) ?? cursorIn(body),
    isReplayed: response.headers.get("idempotent-replayed") === "true",
  };
}

async function send(api: Api, request: ApiRequest): Promise<Response> {
  const { method, path, query, body, idempotencyKey } = request;
  const headers: Record<string, string> = { ...api.headers };
  if (body !== undefined) headers["content-type"] = "application/json";
  if (idempotencyKey !== undefined) {
    headers["idempotency-key"] = checkHeader("idempotency-key", idempotencyKey);
  }
  const search = query && Object.keys(query).length > 0 ? `?${new URLSearchParams(query)}` : "";
  try {
    return await fetch(`${api.baseUrl}/api/v1${path}${search}`, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      redirect: "manual",
      signal: AbortSignal.timeout(timeoutMs),
    });
  } catch (error) {
    throw unreachable(api, error);
  }
}

async function readText(api: Api, response: Response): Promise<string> {
  try {
    return await response.text();
  } catch (error) {
    throw unreachable(api, error);
  }
}

function unreachable(api: Api, error: unknown): Exit {
  return new Exit(
    exitCode.unreachable,
    `Turbo does not answer at ${api.baseUrl} (${reasonOf(error)}). Is it running? \`npm start\``,
  );
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return `nothing within ${timeoutMs / 1000} s`;
  const { cause } = error;
  if (cause instanceof Error) {
    return "code" in cause && typeof cause.code === "string" ? cause.code : cause.message;
  }
  return error.message;
}

function refusal(response: Response, body: unknown): Exit {
  const { status } = response;
  const location = response.headers.get("location");
  const problem = isRecord(body) ? body : {};
  const title = textOf(problem.title) ?? `HTTP ${status}`;
  const detail = textOf(problem.detail) ?? (location ? `redirected to ${location}` : undefined);
  const errors = Array.isArray(problem.errors) ? problem.errors.filter(isRecord) : [];
  const lines = errors.map(
    (error) => `  ${textOf(error.pointer) ?? "/"}  ${textOf(error.message) ?? ""}`,
  );
  const message = [detail === undefined ? title : `${title}: ${detail}`, ...lines].join("\n");
  return new Exit(exitCodeOf(status), message, body);
}

function exitCodeOf(status: number): number {
  if (status === 404) return exitCode.notFound;
  return status === 401 || status === 403 ? exitCode.auth : exitCode.failure;
}

function nextCursorOf(link: string | null, baseUrl: string): string | undefined {
  const target = /<([^>]*)>\s*;[^,]*\brel="?next"?/.exec(link ?? "")?.[1];
  if (target === undefined || !URL.canParse(target, baseUrl)) return undefined;
  return new URL(target, baseUrl).searchParams.get("cursor") ?? undefined;
}

function cursorIn(body: unknown): string | undefined {
  return isRecord(body) ? textOf(body.next_cursor) : undefined;
}

function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return undefined;
  }
}

/** Whether a JSON value is an object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
