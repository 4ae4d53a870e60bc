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

/** Headers that proxies and content networks add, and no browser or client of ours sends. */
const proxyHeaders =
  /^(forwarded|via|client-ip|true-client-ip|cdn-loop|x-(forwarded|real|client|cluster|original|envoy|amzn|azure|cloud|google|appengine|sucuri|vercel|nginx|proxy)([-_].*)?|(cf|fly|fastly|akamai|incap|ali|cloudfront|railway|render)-.*)$/;

type Arrival = { headers: Record<string, unknown>; httpVersion: string };

/**
 * Local means that nobody else can reach us; a sign of a proxy in front says otherwise: a header
 * that proxies add, or HTTP/1.0, which they speak by default and our own clients do not.
 */
export function checkNoProxy(
  { headers, httpVersion }: Arrival,
  { isExposed }: Pick<Env, "isExposed">,
): void {
  if (isExposed) return;
  const header = Object.keys(headers).find((name) => proxyHeaders.test(name));
  if (header === undefined && httpVersion !== "1.0") return;
  throw new AppError(
    "forbidden",
    `The request came through a proxy (it ${header ? `bears ${header}` : "is HTTP/1.0"}), but this ` +
      "server runs local, without sign-in. Behind a proxy set TURBO_AUTH=required.",
  );
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
