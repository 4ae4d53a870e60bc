import type { Endpoint } from "@/lib/api/endpoint";

const exampleId = "0190a5c0-0000-7000-8000-000000000201";

type Shown = Pick<Endpoint, "method" | "path" | "body" | "runForStrangers">;

/** A command that does it; in a shell with the key in `TURBO_API_KEY` if one is asked for. */
export function curlOf(
  { method, path, body, runForStrangers }: Shown,
  { baseUrl, isExposed }: { baseUrl: string; isExposed: boolean },
): string {
  const filled = path
    .replace("{name}", "calendar.meeting_booked")
    .replaceAll(/\{\w+\}/g, exampleId);
  const parts = [
    `curl ${method === "GET" ? "" : `-X ${method} `}${baseUrl}${filled}`,
    ...(isExposed && !runForStrangers ? ['-H "Authorization: Bearer $TURBO_API_KEY"'] : []),
    ...(method === "POST" ? ['-H "Idempotency-Key: $(uuidgen)"'] : []),
    ...(body ? ["-H 'Content-Type: application/json'", `-d ${quoted(body.example)}`] : []),
  ];
  return parts.join(" \\\n  ");
}

function quoted(example: unknown): string {
  return `'${JSON.stringify(example, null, 2).replaceAll("'", "'\\''")}'`;
}
