import type { NextRequest } from "next/server";
import type { Endpoint } from "@/lib/api/endpoint";
import type { Outcome } from "@/lib/api/outcome";
import { tagOf } from "@/lib/etag";

/**
 * What came of a call as an HTTP answer: of a resource with the `ETag` by which `If-None-Match` and
 * `If-Match` know it, of a page with a `Link` to the next, of what is new with its `Location`.
 */
export function toResponse(
  outcome: Outcome,
  { endpoint, request }: { endpoint: Endpoint; request: NextRequest },
): Response {
  const { answers } = endpoint;
  const answer = answers.find(({ status }) => status === outcome.status) ?? answers[0];
  const { status, kind } = { status: answer?.status ?? 200, kind: outcome.kind ?? answer?.kind };
  if (kind === "nothing") return new Response(null, { status });
  const { data, text = JSON.stringify(data), next, location } = outcome;
  const headers = new Headers({ "content-type": "application/json" });
  if (kind === "resource") headers.set("etag", tagOf(text, versionOf(data)));
  if (location) headers.set("location", location);
  if (next) {
    const query = new URLSearchParams(request.nextUrl.searchParams);
    query.set("cursor", next);
    headers.set("link", `<${request.nextUrl.pathname}?${query}>; rel="next"`);
  }
  return new Response(text, { status, headers });
}

function versionOf(data: unknown): number | undefined {
  if (typeof data !== "object" || data === null || !("version" in data)) return undefined;
  return typeof data.version === "number" ? data.version : undefined;
}
