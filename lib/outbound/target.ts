import { isIP } from "node:net";
import { isAllowedAddress, isListedAddress, isOwnAddress, type TargetPolicy } from "./address";

export type { TargetPolicy } from "./address";

export type TargetCode =
  | "url_scheme"
  | "url_credentials"
  | "url_not_allowed"
  | "url_invalid"
  | "url_too_long"
  | "url_self"
  | "url_https_required"
  | "url_port";

/** `url` is canonical and has no fragment; `message` says what would be right, and quotes nothing. */
export type TargetVerdict =
  | { ok: true; url: string }
  | { ok: false; code: TargetCode; message: string };

const mostCharacters = 2048;
const mostHostCharacters = 253;

/** Ports of other protocols, as the WHATWG fetch standard lists them, and 0. */
const blockedPorts = new Set([
  0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102,
  103, 104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465,
  512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993,
  995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668,
  6669, 6679, 6697, 10080,
]);

const databasePorts = new Set([
  1433, 1521, 2375, 2379, 3306, 5432, 5984, 6379, 9042, 9200, 9300, 11211, 27017,
]);

const loopbacks = ["127.0.0.1", "::1"];

/**
 * Judges a receiver's URL by its canonical form; names are not resolved, that is done anew for
 * every connection. `localhost` names count as the loopback addresses they mean.
 */
export function checkTargetUrl(raw: string, policy: TargetPolicy): TargetVerdict {
  if (raw.length > mostCharacters) return tooLong();
  if (/[\s\p{Cc}]/u.test(raw)) {
    return refuse("url_invalid", "The URL must not contain spaces or control characters.");
  }
  const url = URL.canParse(raw) ? new URL(raw) : undefined;
  if (!url) {
    return refuse(
      "url_invalid",
      "The URL must be complete, with a valid host and port, such as https://example.com/webhook.",
    );
  }
  url.hash = "";
  const refusal =
    checkShape(url, policy) ?? checkPlace(url, policy) ?? checkEncryption(url, policy);
  if (refusal) return refusal;
  return url.href.length > mostCharacters ? tooLong() : { ok: true, url: url.href };
}

/** `localhost` and the names below it. */
export function isLocalhostName(host: string): boolean {
  return /^(?:.+\.)?localhost\.?$/i.test(host);
}

type Refusal = Extract<TargetVerdict, { ok: false }>;

function checkShape(url: URL, { isExposed }: TargetPolicy): Refusal | undefined {
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    const schemes = isExposed ? "https://" : "https:// or http://";
    return refuse("url_scheme", `The URL must start with ${schemes}.`);
  }
  if (url.username || url.password) {
    return refuse(
      "url_credentials",
      "The URL must not contain a user name or password; receivers check the signature instead.",
    );
  }
  if (!isHost(url.hostname)) {
    return refuse(
      "url_invalid",
      "The host must be an IP address, or a name of letters, digits, hyphens and dots: at most " +
        "253 characters, and 1 to 63 between two dots.",
    );
  }
  const port = portOf(url);
  if (blockedPorts.has(port) || (isExposed && databasePorts.has(port))) {
    return refuse(
      "url_port",
      `Port ${port} belongs to another protocol; use 443, 80 or one above 1024 that serves HTTP.`,
    );
  }
  return undefined;
}

function checkPlace(url: URL, policy: TargetPolicy): Refusal | undefined {
  const addresses = knownAddresses(url);
  if (isOwn(url, addresses, policy)) {
    return refuse("url_self", "The URL must not be an address of this service itself.");
  }
  if (addresses && !addresses.some((address) => isAllowedAddress(address, policy))) {
    return refuse(
      "url_not_allowed",
      "The URL must lead to a public address; others must be listed in WEBHOOK_ALLOW_NETWORKS.",
    );
  }
  return undefined;
}

function checkEncryption(url: URL, policy: TargetPolicy): Refusal | undefined {
  if (url.protocol === "https:" || !policy.isExposed) return undefined;
  const addresses = knownAddresses(url);
  const mayBeListed = addresses
    ? addresses.some((address) => isListedAddress(address, policy))
    : policy.allowNetworks.length > 0;
  if (mayBeListed) return undefined;
  return refuse(
    "url_https_required",
    "The URL must start with https://; http:// is only for addresses in WEBHOOK_ALLOW_NETWORKS.",
  );
}

function isOwn(url: URL, addresses: string[] | undefined, policy: TargetPolicy): boolean {
  const { own } = policy;
  const port = portOf(url);
  if (addresses?.some((address) => isOwnAddress(address, port, policy))) return true;
  const host = withoutDot(url.hostname);
  if (port === own.port && host === withoutDot(own.host.toLowerCase())) return true;
  if (!own.publicUrl) return false;
  const publicUrl = new URL(own.publicUrl);
  const isPublicHost = host === withoutDot(publicUrl.hostname);
  return isPublicHost && (port === portOf(publicUrl) || port === own.port);
}

/** The addresses a host stands for without asking anyone; undefined for a name. */
function knownAddresses({ hostname }: URL): string[] | undefined {
  const bare = hostname.replace(/^\[(.*)\]$/, "$1");
  if (isIP(bare)) return [bare];
  return isLocalhostName(hostname) ? loopbacks : undefined;
}

function isHost(hostname: string): boolean {
  if (hostname.startsWith("[")) return true;
  const name = withoutDot(hostname);
  const labels = name.split(".");
  return (
    name.length <= mostHostCharacters && labels.every((label) => /^[a-z0-9_-]{1,63}$/.test(label))
  );
}

/** The port a URL leads to, the scheme's own if it names none. */
export function portOf(url: URL): number {
  return url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port);
}

function withoutDot(host: string): string {
  return host.endsWith(".") ? host.slice(0, -1) : host;
}

function tooLong(): Refusal {
  return refuse(
    "url_too_long",
    `The URL must have at most ${mostCharacters.toLocaleString("en")} characters, once encoded.`,
  );
}

function refuse(code: TargetCode, message: string): Refusal {
  return { ok: false, code, message };
}
