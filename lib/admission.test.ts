import { describe, expect, it } from "vitest";
import { checkHost, checkNoProxy, checkOrigin, isSameSecret } from "./admission";
import { AppError } from "./errors";

const reading = (headers: Record<string, string>) => (name: string) => headers[name] ?? null;

function codeOf(check: () => void): string {
  try {
    check();
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
  return "passed";
}

describe("checkHost", () => {
  const allowedHosts = ["localhost", "127.0.0.1", "[::1]", "turbo.example.com"];

  it.each([
    ["localhost:3000", "passed"],
    ["LocalHost", "passed"],
    ["[::1]:3000", "passed"],
    ["turbo.example.com", "passed"],
    ["evil.example.com", "wrong_host"],
    ["evil.localhost", "wrong_host"],
    ["turbo.example.com.evil.com", "wrong_host"],
    ["localhost:3000@evil.com", "wrong_host"],
    ["", "wrong_host"],
  ])("finds %j %s", (host, answer) => {
    expect(codeOf(() => checkHost(reading({ host }), { allowedHosts }))).toBe(answer);
  });

  it("refuses a request without a Host", () => {
    expect(codeOf(() => checkHost(reading({}), { allowedHosts }))).toBe("wrong_host");
  });
});

describe("checkNoProxy", () => {
  const arrival = (headers: Record<string, string>, httpVersion = "1.1") => ({
    headers,
    httpVersion,
  });

  it.each([
    "forwarded",
    "via",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-anything",
    "x-real-ip",
    "x-client-ip",
    "true-client-ip",
    "cf-connecting-ip",
    "cf-ray",
    "cdn-loop",
    "fly-client-ip",
    "fastly-client-ip",
    "x-amzn-trace-id",
    "x-envoy-external-address",
    "x-original-url",
    "x-azure-clientip",
    "x-cloud-trace-context",
    "x-cluster-client-ip",
  ])("refuses a request that bears %s while local", (name) => {
    const request = arrival({ [name]: "something" });
    expect(codeOf(() => checkNoProxy(request, { isExposed: false }))).toBe("forbidden");
    expect(codeOf(() => checkNoProxy(request, { isExposed: true }))).toBe("passed");
  });

  it("refuses HTTP/1.0 while local: it is what proxies speak by default", () => {
    const request = arrival({}, "1.0");
    expect(codeOf(() => checkNoProxy(request, { isExposed: false }))).toBe("forbidden");
    expect(codeOf(() => checkNoProxy(request, { isExposed: true }))).toBe("passed");
  });

  it.each([
    "x-request-id",
    "x-turbo-actor",
    "x-turbo-causation",
    "accept",
    "if-match",
    "x-forward",
  ])("passes a request that bears %s", (name) => {
    const request = arrival({ [name]: "something" });
    expect(codeOf(() => checkNoProxy(request, { isExposed: false }))).toBe("passed");
  });
});

describe("checkOrigin", () => {
  const publicUrl = "https://turbo.example.com";
  const host = "localhost:3000";

  it.each([
    [{ host }, "passed"],
    [{ host, "sec-fetch-site": "same-origin" }, "passed"],
    [{ host, "sec-fetch-site": "cross-site" }, "forbidden"],
    [{ host, origin: "http://localhost:3000" }, "passed"],
    [{ host, origin: publicUrl }, "passed"],
    [{ host, origin: "http://localhost:3001" }, "forbidden"],
    [{ host, origin: "https://turbo.example.com.evil.com" }, "forbidden"],
    [{ host, origin: "http://turbo.example.com" }, "forbidden"],
    [{ host, origin: "null" }, "forbidden"],
    [{ host, origin: "" }, "forbidden"],
  ])("finds %o %s", (headers, answer) => {
    expect(codeOf(() => checkOrigin(reading(headers), { publicUrl }))).toBe(answer);
  });
});

describe("isSameSecret", () => {
  it.each([
    ["secret", "secret", true],
    ["secret", "Secret", false],
    ["secret", "secret2", false],
    ["", "secret", false],
    ["", "", true],
  ])("says of %j and %j %s", (given, right, answer) => {
    expect(isSameSecret(given, right)).toBe(answer);
  });
});
