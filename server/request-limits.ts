import type { IncomingMessage } from "node:http";
import { AppError } from "@/lib/errors";

/** Methods that something here answers. */
export const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/**
 * What a request may hold before anything else reads it. Next's cost grows with the square of a
 * repeated query key, so the numbers are bounded and not only the bytes.
 */
export const limits = {
  targetBytes: 8_192,
  pathSegments: 32,
  queryParameters: 100,
  headers: 100,
  cookies: 100,
};

type Head = Pick<IncomingMessage, "method" | "url" | "rawHeaders" | "headers">;

/**
 * Refuses a request whose head is malformed, ambiguous or larger than `limits`; throws an AppError
 * that names what is wrong. It costs time linear in the head, which Node bounds to 16 KiB.
 */
export function checkHead({ method = "", url = "", rawHeaders, headers }: Head): void {
  if (!methods.includes(method)) {
    throw new AppError("method_not_allowed", `${method} is not possible here.`);
  }
  const names = rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase());
  if (names.length > limits.headers) {
    throw new AppError(
      "headers_too_large",
      `A request may have ${limits.headers} headers at most.`,
    );
  }
  const twice = ["host", "authorization", "content-length", "content-type", "origin"].find(
    (name) => names.indexOf(name) !== names.lastIndexOf(name),
  );
  if (twice) throw new AppError("bad_request", `The header ${twice} must not be sent twice.`);
  if (countOf(headers.cookie ?? "", ";") >= limits.cookies) {
    throw new AppError(
      "headers_too_large",
      `A request may have ${limits.cookies} cookies at most.`,
    );
  }
  checkTarget(url);
}

/** Refuses a request target that is not a path, or too long to be one of ours. */
function checkTarget(url: string): void {
  if (!url.startsWith("/")) {
    throw new AppError(
      "bad_request",
      "The request target must be a path that begins with a slash.",
    );
  }
  if (url.length > limits.targetBytes) {
    throw new AppError(
      "uri_too_long",
      `Path and query may have ${limits.targetBytes} bytes at most.`,
    );
  }
  const [path, query] = splitOnce(url, "?");
  if (countOf(query, "&") >= limits.queryParameters) {
    throw new AppError(
      "uri_too_long",
      `A query may have ${limits.queryParameters} parameters at most.`,
    );
  }
  if (countOf(path, "/") > limits.pathSegments) {
    throw new AppError("not_found", "There is nothing here: the path is too deep.");
  }
  try {
    decodeURIComponent(path);
  } catch {
    throw new AppError("not_found", "There is nothing here: the path cannot be decoded.");
  }
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

function countOf(text: string, character: string): number {
  let count = 0;
  for (let at = text.indexOf(character); at >= 0; at = text.indexOf(character, at + 1)) count += 1;
  return count;
}
