import { describe, expect, it } from "vitest";
import { reasonOf } from "./log";

describe("reasonOf", () => {
  it("has the words of an error and of what caused it, with their codes", () => {
    const cause = Object.assign(new Error("connect refused"), { code: "ECONNREFUSED" });
    expect(reasonOf(new Error("not sent", { cause }))).toBe(
      "not sent (ECONNREFUSED: connect refused)",
    );
    expect(reasonOf("a text")).toBe("a text");
    expect(reasonOf(new TypeError())).toBe("TypeError");
  });

  it("leaves out the parameters of a failed query", () => {
    const cause = new Error("it went away");
    const failed = new Error("Failed query: select $1, $2\nparams: a secret,of\nmany lines", {
      cause,
    });
    expect(reasonOf(failed)).toBe("Failed query: select $1, $2 (it went away)");
  });
});
