import { timingSafeEqual, createHash } from "node:crypto";
import type { Env } from "./env";
import { AppError } from "./errors";

type Read = (header: string) => string | null | undefined;

/** Refuses a request for a name that is not ours: a web page that rebinds DNS comes with its own. */
export function checkHost(read: Read, { allowedHosts }: Pick<Env, "allowedHosts">): void {
  const host = read("host") ?? "";
  const name = host.replace(/:\d+$/, "").toLowerCase();
  if (!allowedHosts.includes(name)) {
    throw new AppError(
      "wrong_host",
      `This server does not answer for "${host}"; see TURBO_ALLOWED_HOSTS.`,
    );
  }
}

const proxyHeaders = [
  "forwarded",
  "via",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-port",
  "x-forwarded-proto",
  "x-forwarded-server",
  "x-forwarded-prefix",
];

/** Local means nobody else can reach us; a proxy in front says otherwise. */
export function checkNoProxy(read: Read, { isExposed }: Pick<Env, "isExposed">): void {
  if (isExposed) return;
  const header = proxyHeaders.find((name) => read(name));
  if (header) {
    throw new AppError(
      "forbidden",
      `The request came through a proxy (it bears ${header}), but this server runs local, without sign-in. ` +
        "Behind a proxy set TURBO_AUTH=required.",
    );
  }
}

/** A write that a browser sends must come from our own pages. */
export function checkOrigin(read: Read, { publicUrl }: Pick<Env, "publicUrl">): void {
  const origin = read("origin");
  if (origin === null || origin === undefined) {
    if (read("sec-fetch-site") === "cross-site") throw foreignOrigin("another site");
    return;
  }
  const isOurs =
    URL.canParse(origin) &&
    (new URL(origin).host === read("host") || (publicUrl && new URL(publicUrl).origin === origin));
  if (!isOurs) throw foreignOrigin(origin);
}

function foreignOrigin(origin: string): AppError {
  return new AppError(
    "forbidden",
    `Writes from ${origin} are refused: only our own pages may send them.`,
  );
}

/** Compares two secrets in constant time, whatever their lengths. */
export function isSameSecret(given: string, right: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(right));
}
