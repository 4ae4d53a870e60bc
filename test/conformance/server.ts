import { execFile } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { promisify } from "node:util";
import { until } from "@/inngest/embedded/testing";
import { AppProcess } from "./app-process";
import type { Call, Server, Work } from "./engine-under-test";
import { openFront } from "./front";
import { toEvents } from "./functions";
import { makeServerClient, type ServerTarget } from "./server-client";

/** The Inngest server that the environment names, null when it names none. */
export function serverSettings() {
  const { INNGEST_TEST_URL: url } = process.env;
  if (!url) return null;
  return {
    url: url.replace(/\/+$/, ""),
    eventKey: process.env.INNGEST_TEST_EVENT_KEY || undefined,
    signingKey: process.env.INNGEST_TEST_SIGNING_KEY || undefined,
    /** A command of the shell that kills the server and starts it again. */
    restart: process.env.INNGEST_TEST_RESTART || undefined,
  };
}

type Asked = { method?: string; headers?: Record<string, string>; body?: string };
type ServerSettings = NonNullable<ReturnType<typeof serverSettings>>;

/** That server, with an app of its own whose processes stand behind one address. */
export async function openServer({ restart, ...settings }: ServerSettings): Promise<Server> {
  const calls: Call[] = [];
  const apps: AppProcess[] = [];
  const front = await openFront(() => apps.filter((app) => app.isAlive).map(({ port }) => port));
  const appId = `conformance-${randomBytes(4).toString("hex")}`;
  const target: ServerTarget = { ...settings, appId, origin: front.origin };
  const outside = makeServerClient(target);
  const authorization = `Bearer ${hashKey(target.signingKey)}`;
  const ask = (path: string, { headers, ...init }: Asked = {}) =>
    fetch(`${target.url}${path}`, { ...init, headers: { authorization, ...headers } });

  const startApp = async ({ hangs = false } = {}) => {
    const app = await AppProcess.start({ hangs, target }, (call) => calls.push(call));
    apps.push(app);
    await register(front.origin);
    return app;
  };

  return {
    earlyMs: 1_000,
    backoffMs: [15_000, 30_000],
    patienceMs: 75_000,
    calls,
    startApp,
    send: async (...works: Work[]) => {
      await outside.send(toEvents(outside, works));
    },
    nameOf: (name) => `${outside.id}/${name}`,
    post: (body, headers = {}) =>
      ask(`/e/${target.eventKey ?? "key"}`, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify(body),
      }),
    endOf: async (runId) => {
      const answer: { data?: { status?: string } } = await (await ask(`/v1/runs/${runId}`)).json();
      return ends[answer.data?.status ?? ""] ?? null;
    },
    passTick: async () => {},
    restart: async () => {
      if (!restart) throw new Error("INNGEST_TEST_RESTART is not set.");
      await promisify(execFile)("sh", ["-c", restart]);
      await until(async () => (await ask("/health").catch(() => null))?.ok, 30_000);
      await register(front.origin);
    },
    close: async () => {
      const url = encodeURIComponent(`${front.origin}/api/inngest`);
      await ask(`/fn/remove?url=${url}`, { method: "DELETE" });
      await Promise.all(apps.map((app) => app.kill()));
      await front.close();
    },
  };
}

const ends: Record<string, "completed" | "failed"> = { Completed: "completed", Failed: "failed" };

async function register(origin: string): Promise<void> {
  const response = await fetch(`${origin}/api/inngest`, { method: "PUT" });
  const text = await response.text();
  if (!response.ok) throw new Error(`Not registered: HTTP ${response.status} ${text}`);
}

/** What that server's API takes for proof of a signing key. */
function hashKey(signingKey: string | undefined): string {
  const [, prefix = "", hex = ""] = /^(signkey-\w+-)?(.*)$/.exec(signingKey ?? "") ?? [];
  return prefix + createHash("sha256").update(Buffer.from(hex, "hex")).digest("hex");
}
