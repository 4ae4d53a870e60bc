import { describe, expect, it } from "vitest";
import { AppError } from "@/lib/errors";
import { checkHead, limits } from "./request-limits";

type Given = { method?: string; url?: string; headers?: [string, string][] };

function codeOf({ method = "GET", url = "/api/health", headers = [] }: Given): string {
  const cookie = headers.find(([name]) => name.toLowerCase() === "cookie")?.[1];
  try {
    checkHead({ method, url, rawHeaders: headers.flat(), headers: { cookie } });
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
  return "passed";
}

const times = (count: number, text: string) => Array.from({ length: count }, () => text);

describe("checkHead", () => {
  it.each([
    ["/", "passed"],
    ["/settings/webhooks/?a=1&b=2", "passed"],
    ["/caf%C3%A9", "passed"],
    ["/%", "not_found"],
    ["/%ff", "not_found"],
    ["*", "bad_request"],
    ["http://127.0.0.1:3000/api/health", "bad_request"],
    ["//evil.example/api/health", "passed"],
    ["", "bad_request"],
  ])("answers the target %j with %s", (url, code) => {
    expect(codeOf({ url })).toBe(code);
  });

  it("bounds the query by bytes and by parameters, whatever they are called", () => {
    const { queryParameters, targetBytes } = limits;
    expect(codeOf({ url: `/?${times(queryParameters, "a").join("&")}` })).toBe("passed");
    expect(codeOf({ url: `/?${times(queryParameters + 1, "a").join("&")}` })).toBe("uri_too_long");
    expect(codeOf({ url: `/?${times(queryParameters, "").join("&")}&` })).toBe("uri_too_long");
    expect(codeOf({ url: `/?${"a".repeat(targetBytes)}` })).toBe("uri_too_long");
  });

  it("bounds the depth of a path", () => {
    expect(codeOf({ url: "/a".repeat(limits.pathSegments) })).toBe("passed");
    expect(codeOf({ url: "/a".repeat(limits.pathSegments + 1) })).toBe("not_found");
  });

  it("bounds headers and cookies by their number", () => {
    const header = (index: number): [string, string] => [`x-${index}`, ""];
    const headers = (count: number) => Array.from({ length: count }, (_, index) => header(index));
    expect(codeOf({ headers: headers(limits.headers) })).toBe("passed");
    expect(codeOf({ headers: headers(limits.headers + 1) })).toBe("headers_too_large");
    const cookies = (count: number): Given => ({
      headers: [["Cookie", times(count, "a=1").join("; ")]],
    });
    expect(codeOf(cookies(limits.cookies))).toBe("passed");
    expect(codeOf(cookies(limits.cookies + 1))).toBe("headers_too_large");
  });

  it.each(["Host", "Authorization", "Content-Length", "Content-Type", "Origin"])(
    "refuses %s twice",
    (name) => {
      const headers: [string, string][] = [
        [name, "a"],
        [name.toUpperCase(), "b"],
      ];
      expect(codeOf({ headers })).toBe("bad_request");
    },
  );

  it.each(["TRACE", "CONNECT", "PURGE", "get"])("refuses the method %s", (method) => {
    expect(codeOf({ method })).toBe("method_not_allowed");
  });
});
