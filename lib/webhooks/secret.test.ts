import { describe, expect, it } from "vitest";
import { isSecret } from "./schema";
import { makeSecret, maskSecret, sealer, signValue, verifyValue } from "./secret";

const masterKey = "a master key for these tests";

describe("makeSecret", () => {
  it("makes 32 random bytes in the form of Standard Webhooks", () => {
    const secret = makeSecret();
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(isSecret(secret)).toBe(true);
    expect(makeSecret()).not.toBe(secret);
  });
});

describe("maskSecret", () => {
  it("shows the last four characters and no more", () => {
    expect(maskSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")).toBe("whsec_••••LaSw");
    expect(maskSecret("correct-horse-battery-staple")).toBe("••••aple");
    expect(maskSecret("whsec_abcd")).toBe("whsec_••••");
    expect(maskSecret("short")).toBe("••••");
  });
});

describe("sealer", () => {
  const { seal, open } = sealer(masterKey);

  it("opens what it sealed, with another sealer of the same key too", () => {
    const sealed = seal("whsec_ü🚀", "webhook 1");
    expect(sealed).toMatch(/^v1\.[\w-]+$/);
    expect(sealed).not.toContain("whsec");
    expect(open(sealed, "webhook 1")).toBe("whsec_ü🚀");
    expect(sealer(masterKey).open(sealed, "webhook 1")).toBe("whsec_ü🚀");
    expect(open(seal("", "webhook 1"), "webhook 1")).toBe("");
  });

  it("never uses a nonce twice", () => {
    const sealed = Array.from({ length: 10_000 }, () => seal("x", "c").slice(3, 19));
    expect(new Set(sealed).size).toBe(10_000);
  });

  it("does not open under another context or key", () => {
    const sealed = seal("secret", "webhook 1");
    expect(() => open(sealed, "webhook 2")).toThrow("secret_unavailable");
    expect(() => sealer(`${masterKey}!`).open(sealed, "webhook 1")).toThrow("secret_unavailable");
  });

  it("does not open what has one bit flipped, anywhere", () => {
    const bytes = Buffer.from(seal("secret", "c").slice(3), "base64url");
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = Buffer.from(bytes);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(() => open(`v1.${flipped.toString("base64url")}`, "c")).toThrow("secret_unavailable");
    }
  });

  it("does not open what was never sealed, or is cut short", () => {
    const sealed = seal("secret", "c");
    for (const text of ["", "v1.", "v2" + sealed.slice(2), sealed.slice(0, 30), `${sealed}.x`]) {
      expect(() => open(text, "c")).toThrow("secret_unavailable");
    }
  });
});

describe("signValue", () => {
  const value = "user 7; ü";
  const purpose = "session";
  const mac = signValue(masterKey, value, purpose);

  it("is verified for the same value, purpose and key only", () => {
    const signed = { value, purpose, mac };
    expect(mac).toMatch(/^[\w-]{43}$/);
    expect(verifyValue(masterKey, signed)).toBe(true);
    expect(verifyValue(masterKey, { ...signed, value: "user 8; ü" })).toBe(false);
    expect(verifyValue(masterKey, { ...signed, purpose: "other" })).toBe(false);
    expect(verifyValue(`${masterKey}!`, signed)).toBe(false);
  });

  it("refuses any other text", () => {
    for (const text of ["", "x", `${mac}x`, mac.slice(1), `${mac.slice(1)}é`, mac.toUpperCase()]) {
      expect(verifyValue(masterKey, { value, purpose, mac: text })).toBe(false);
    }
  });
});
