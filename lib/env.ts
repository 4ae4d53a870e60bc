import { isIP } from "node:net";
import { resolve } from "node:path";
import ipaddr from "ipaddr.js";
import { z } from "zod";
import { doublingSchedule, parseDelaySeconds } from "./backoff";

const boolean = z
  .enum(["true", "false", "1", "0"])
  .transform((text) => text === "true" || text === "1");
const wholeNumber = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d+$/, "must be a whole number")
    .transform(Number)
    .refine((n) => n >= least && n <= most, `must be from ${least} to ${most}`);
const seconds = (least: number, most: number) =>
  z
    .string()
    .transform((text) => parseDelaySeconds(text) ?? Number.NaN)
    .refine((n) => n >= least && n <= most, `must be from ${least} to ${most} seconds`);
const list = z
  .string()
  .transform((text) => text.split(",").map((part) => part.trim()))
  .refine((parts) => parts.every(Boolean), "must have something before and after each comma");
const cidrs = list.refine(
  (parts) => parts.every(ipaddr.isValidCIDR),
  "must be CIDRs such as 10.0.0.0/8,fd00::/8",
);
const httpUrl = z
  .string()
  .refine((text) => URL.canParse(text) && /^https?:/.test(text), "must be an http(s) URL");

const variables = z.object({
  PORT: wholeNumber(1, 65535).default(3000),
  HOST: z.string().min(1).default("127.0.0.1"),
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, "must be a postgres:// URL")
    .optional(),
  DATA_DIR: z.string().min(1).default(".data"),
  INNGEST_BASE_URL: httpUrl.optional(),
  INNGEST_EVENT_KEY: z.string().min(1).optional(),
  INNGEST_SIGNING_KEY: z.string().min(1).optional(),
  INNGEST_DEV: z
    .union([boolean, httpUrl], "must be 1, 0 or the dev server's http(s) URL")
    .optional(),
  TURBO_API_KEY: z.string().min(24, "must have at least 24 characters").optional(),
  TURBO_SECRET_KEY: z.string().min(24, "must have at least 24 characters").optional(),
  TURBO_AUTH: z.enum(["required"]).optional(),
  TURBO_PUBLIC_URL: httpUrl.optional(),
  TURBO_ALLOWED_HOSTS: list.default([]),
  WEBHOOK_ENABLED: boolean.default(true),
  WEBHOOK_PARALLELISM: wholeNumber(1, 1000).default(10),
  WEBHOOK_MAX: wholeNumber(1, 10000).default(1000),
  WEBHOOK_TIMEOUT: seconds(0.1, 300).default(30),
  WEBHOOK_RETRY_SCHEDULE: list
    .transform((parts) => parts.map((part) => parseDelaySeconds(part) ?? Number.NaN))
    .refine(
      (delays) => delays.length <= 100 && delays.every((s) => s >= 0 && s <= 7 * 86400),
      "must be delays such as 5s,5m,2h, at most 100 of at most 7 days",
    )
    .default([5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400]),
  WEBHOOK_RETRY_COUNT: wholeNumber(0, 100).optional(),
  WEBHOOK_RETRY_DELAY: seconds(0, 86400).optional(),
  WEBHOOK_ALLOW_NETWORKS: cidrs.default([]),
});

/** Every key this program reads from its environment. */
export const envKeys = Object.keys(variables.shape);

const loopbackNames = ["localhost", "127.0.0.1", "[::1]"];

export function isLoopbackHost(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, "").toLowerCase();
  return bare === "localhost" || bare === "::1" || (isIP(bare) === 4 && bare.startsWith("127."));
}

export type Env = ReturnType<typeof readEnv>;

/** The parsed environment. Throws one Error naming each key that is wrong and what it may be. */
export function readEnv(source: Record<string, string | undefined>) {
  const v = parseVariables(source);
  const isVercel = Boolean(source.VERCEL);
  const publicUrl = v.TURBO_PUBLIC_URL?.replace(/\/+$/, "");
  const publicHost = v.TURBO_PUBLIC_URL ? [new URL(v.TURBO_PUBLIC_URL).hostname] : [];
  const ownHost = isLoopbackHost(v.HOST) ? [isIP(v.HOST) === 6 ? `[${v.HOST}]` : v.HOST] : [];
  const names = [...loopbackNames, ...ownHost, ...publicHost, ...v.TURBO_ALLOWED_HOSTS];
  const allowedHosts = [...new Set(names.map((name) => name.toLowerCase()))];
  const env = {
    port: v.PORT,
    host: v.HOST,
    databaseUrl: v.DATABASE_URL,
    dataDir: resolve(/* turbopackIgnore: true */ v.DATA_DIR),
    inngest: inngestOf(v),
    isVercel,
    isExposed:
      v.TURBO_AUTH === "required" ||
      isVercel ||
      !isLoopbackHost(v.HOST) ||
      allowedHosts.some((host) => !isLoopbackHost(host)),
    apiKey: v.TURBO_API_KEY,
    secretKey: v.TURBO_SECRET_KEY,
    publicUrl,
    /** Where links lead: the public URL, or this computer's own. */
    baseUrl: publicUrl ?? `http://${v.HOST.includes(":") ? `[${v.HOST}]` : v.HOST}:${v.PORT}`,
    allowedHosts,
    webhook: {
      enabled: v.WEBHOOK_ENABLED,
      parallelism: v.WEBHOOK_PARALLELISM,
      max: v.WEBHOOK_MAX,
      timeoutMs: v.WEBHOOK_TIMEOUT * 1000,
      retryDelaysSeconds: retryDelaysOf(v),
      allowNetworks: v.WEBHOOK_ALLOW_NETWORKS,
    },
  };
  const refusal = refusalOf(env);
  if (refusal) throw new Error(refusal);
  return env;
}

type Variables = z.output<typeof variables>;

function parseVariables(source: Record<string, string | undefined>): Variables {
  const given = Object.fromEntries(
    envKeys.flatMap((key) => (source[key] ? [[key, source[key]]] : [])),
  );
  const parsed = variables.safeParse(given);
  if (parsed.success) return parsed.data;
  const reasons = parsed.error.issues.map((issue) => {
    const key = String(issue.path[0]);
    return `${key}: ${issue.message}${isSecretKey(key) ? "" : ` (it is "${given[key]}")`}`;
  });
  throw new Error(reasons.join("; "));
}

function isSecretKey(key: string): boolean {
  return key.endsWith("_KEY") || key === "DATABASE_URL";
}

function inngestOf(v: Variables) {
  const isDev = v.INNGEST_DEV !== undefined && v.INNGEST_DEV !== false;
  const isServer = isDev || v.INNGEST_BASE_URL || v.INNGEST_EVENT_KEY || v.INNGEST_SIGNING_KEY;
  return {
    engine: isServer ? ("server" as const) : ("embedded" as const),
    baseUrl: typeof v.INNGEST_DEV === "string" ? v.INNGEST_DEV : v.INNGEST_BASE_URL,
    eventKey: v.INNGEST_EVENT_KEY,
    signingKey: v.INNGEST_SIGNING_KEY,
    isDev,
  };
}

function retryDelaysOf(v: Variables): number[] {
  const { WEBHOOK_RETRY_COUNT: count, WEBHOOK_RETRY_DELAY: delay } = v;
  if (count === undefined && delay === undefined) return v.WEBHOOK_RETRY_SCHEDULE;
  return doublingSchedule(count ?? 3, delay ?? 5);
}

type Refusable = {
  isExposed: boolean;
  isVercel: boolean;
  databaseUrl: string | undefined;
  apiKey: string | undefined;
  secretKey: string | undefined;
  publicUrl: string | undefined;
  inngest: {
    engine: string;
    isDev: boolean;
    signingKey: string | undefined;
    eventKey: string | undefined;
  };
};

function refusalOf(env: Refusable): string | undefined {
  const { isExposed, isVercel, inngest } = env;
  if (isExposed && !env.secretKey)
    return "TURBO_SECRET_KEY: required when exposed; at least 24 characters";
  if (env.databaseUrl && !env.secretKey)
    return "TURBO_SECRET_KEY: required with DATABASE_URL; at least 24 characters";
  if (isExposed && !env.publicUrl)
    return "TURBO_PUBLIC_URL: required when exposed; the address others reach this at";
  if (isExposed && !env.apiKey)
    return "TURBO_API_KEY: required when exposed; at least 24 characters";
  if (isExposed && inngest.isDev)
    return "INNGEST_DEV: refused when exposed; it turns signature checks off";
  if (isVercel && !env.databaseUrl) return "DATABASE_URL: required on Vercel";
  if (inngest.engine === "server" && !inngest.isDev) {
    if (!inngest.signingKey)
      return "INNGEST_SIGNING_KEY: required with an Inngest server that is not a dev server";
    if (!inngest.eventKey)
      return "INNGEST_EVENT_KEY: required with an Inngest server that is not a dev server";
  }
  if (isVercel && inngest.engine === "embedded") return "INNGEST_SIGNING_KEY: required on Vercel";
  return undefined;
}

const store: { turboEnv?: Env } = globalThis as never;

/** The environment of this process, read once. */
export function env(): Env {
  return (store.turboEnv ??= readEnv(process.env));
}

/** Puts a changed environment in place: the launcher's generated keys and database, a test's settings. */
export function setEnv(changed: Env): void {
  store.turboEnv = changed;
}
