import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach } from "vitest";

type Call = { method: string; url: string; headers: IncomingMessage["headers"]; body: unknown };
type Answer = { status: number; body?: unknown; type?: string; headers?: Record<string, string> };
type Outcome = { code: number; stdout: string; stderr: string };
type Started = {
  file?: string;
  cwd?: string;
  environment?: Record<string, string>;
  /** What is piped in. */
  input?: string;
};

export const bin = fileURLToPath(new URL("turbo.mjs", import.meta.url));
export const longTimeoutMs = 60_000;

/**
 * For the tests of a file: a server that notes each call and answers what `answers` holds for
 * "METHOD /path" (the last of several again and again), and the program, run against it in a folder
 * of its own.
 */
export function useFakeApi() {
  const api = {
    url: "",
    folder: "",
    calls: [] as Call[],
    answers: {} as Record<string, Answer[]>,
    turbo: (args: string[], started: Started = {}) =>
      runTurbo(args, {
        cwd: api.folder,
        ...started,
        environment: { TURBO_API_URL: api.url, ...started.environment },
      }),
  };
  const server = createServer((request, response) => void answer(api, request, response));
  beforeAll(async () => {
    api.url = await listen(server);
    api.folder = await mkdtemp(join(tmpdir(), "turbo-cli-"));
  });
  afterAll(async () => {
    server.close();
    await rm(api.folder, { recursive: true });
  });
  beforeEach(() => {
    api.calls.length = 0;
    for (const call of Object.keys(api.answers)) delete api.answers[call];
  });
  return api;
}

/** Resolves to the URL at which it then listens. */
export async function listen(listener: Server): Promise<string> {
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  // A TCP server's address is an object.
  return `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
}

export function problem(
  status: number,
  title: string,
  { detail, errors }: { detail: string; errors?: unknown[] },
): Answer {
  const code = title.toLowerCase().replaceAll(" ", "_");
  const body = { type: "about:blank", title, status, detail, code, request_id: "r1", errors };
  return { status, body };
}

async function answer(
  { calls, answers }: { calls: Call[]; answers: Record<string, Answer[]> },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer); // no encoding is set
  const text = Buffer.concat(chunks).toString();
  const { method = "", url = "", headers } = request;
  calls.push({ method, url, headers, body: text === "" ? undefined : JSON.parse(text) });
  const queue = answers[`${method} ${url}`] ?? [];
  const next = queue.length > 1 ? queue.shift() : queue[0];
  const nothing = { detail: `There is nothing at ${url}.` };
  const { status, body, type, headers: extra } = next ?? problem(404, "Not found", nothing);
  const isProblem = status >= 400;
  response.writeHead(status, {
    "content-type": type ?? (isProblem ? "application/problem+json" : "application/json"),
    ...extra,
  });
  response.end(typeof body === "string" ? body : JSON.stringify(body));
}

function runTurbo(
  args: string[],
  { file = bin, cwd, environment, input }: Started,
): Promise<Outcome> {
  const { PATH, NODE_ENV } = process.env;
  const env = { PATH, NODE_ENV, ...environment };
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [file, ...args],
      { cwd, env },
      (error, stdout, stderr) => {
        const code = typeof error?.code === "number" ? error.code : error ? -1 : 0;
        resolve({ code, stdout, stderr });
      },
    );
    child.stdin?.end(input);
  });
}
