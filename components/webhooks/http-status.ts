const names: Record<number, string> = {
  200: "OK",
  201: "Created",
  202: "Accepted",
  204: "No Content",
  301: "Moved Permanently",
  302: "Found",
  303: "See Other",
  307: "Temporary Redirect",
  308: "Permanent Redirect",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  409: "Conflict",
  410: "Gone",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  422: "Unprocessable Content",
  429: "Too Many Requests",
  500: "Internal Server Error",
  501: "Not Implemented",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
};

/** "404 Not Found"; a code without a usual name stands alone. */
export function nameStatus(code: number): string {
  const name = names[code];
  return name ? `${code} ${name}` : String(code);
}

const hints: [applies: (code: number) => boolean, hint: string][] = [
  [(code) => code < 400, "Redirects are not followed: use the address it leads to."],
  [(code) => code === 401 || code === 403, "The receiver refused the sender. Check its secret."],
  [(code) => code === 404, "Nothing answers at this path. Check the URL."],
  [(code) => code === 405, "The receiver does not take POST at this path. Check the URL."],
  [(code) => code === 410, "The receiver wants nothing more, so the webhook is disabled."],
  [(code) => code === 429, "The receiver takes no more for now."],
  [(code) => code >= 500, "The receiver failed. Its own log tells why."],
];

/** What a code other than 2xx most likely means, in a sentence. */
export function hintForStatus(code: number): string {
  const [, hint] = hints.find(([applies]) => applies(code)) ?? [];
  return hint ?? "The receiver refused the event.";
}
