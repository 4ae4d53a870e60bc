import { createHmac } from "node:crypto";
import { Webhook as StandardWebhook } from "standardwebhooks";
import { Webhook as SvixWebhook } from "svix";
import { describe, expect, it } from "vitest";
import { deliveryHeaders, type SignInput } from "./sign";

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const newerSecret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const rawSecret = "correct-horse-battery-staple";

function headersOf(changes: {
  id?: string;
  timestampSeconds?: number;
  body?: string;
  secrets?: string[];
}): Record<string, string> {
  const { id = "msg_p5jXN8AQM9LWM0D4loKWxJek", body = '{"test": 2432232314}' } = changes;
  const input: SignInput = {
    event: { id, type: "issue.created", timestamp: "2026-01-02T03:04:05.678Z" },
    deliveryId: "0197a0c0-0000-7000-8000-000000000001",
    attempt: 2,
    timestampSeconds: changes.timestampSeconds ?? 1614265330,
    body: Buffer.from(body),
    secrets: changes.secrets ?? [secret],
    userAgent: "Turbo-Webhooks/1.2.3",
  };
  return deliveryHeaders(input);
}

describe("deliveryHeaders", () => {
  it("answers all headers of a delivery, and no others", () => {
    const body = '{"test": 2432232314}';
    expect(headersOf({ body })).toEqual({
      "Content-Type": "application/json",
      "User-Agent": "Turbo-Webhooks/1.2.3",
      "X-Turbo-Event": "issue.created",
      "X-Turbo-Event-ID": "msg_p5jXN8AQM9LWM0D4loKWxJek",
      "X-Turbo-Timestamp": "2026-01-02T03:04:05.678Z",
      "X-Turbo-Delivery-ID": "0197a0c0-0000-7000-8000-000000000001",
      "X-Turbo-Attempt": "2",
      "X-Turbo-Signature": `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`,
      "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
      "webhook-timestamp": "1614265330",
      "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    });
  });

  it("signs UTF-8 and empty bodies as the published vectors do", () => {
    const unicode = headersOf({
      id: "msg_turbo0000000000000000000001",
      timestampSeconds: 1700000000,
      body: '{"title":"Ünïcødé 🚀 \u2028"}',
    });
    expect(unicode["webhook-signature"]).toBe("v1,cICfIrF9fTgFSEdOW7xunK0lHbcEYu2NnPiHDmcVzFQ=");
    const empty = headersOf({
      id: "msg_turbo0000000000000000000002",
      timestampSeconds: 1700000000,
      body: "",
    });
    expect(empty["webhook-signature"]).toBe("v1,H52DGQ5NxP/ZoPRRaiZjWbbDOdB4bytOCj7E/ztxlSM=");
  });

  it("signs with every secret, new first, and X-Turbo-Signature with the newest alone", () => {
    const headers = headersOf({ secrets: [newerSecret, secret] });
    expect(headers["webhook-signature"]).toBe(
      "v1,78nXHjpFP0tVJQW5D0SBwmVyyW87BV/rL6MgfM/Bw44= v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    );
    expect(headers["X-Turbo-Signature"]).toBe(
      headersOf({ secrets: [newerSecret] })["X-Turbo-Signature"],
    );
  });

  it("refuses to go out unsigned", () => {
    expect(() => headersOf({ secrets: [] })).toThrow("no secret");
  });
});

describe("the official libraries", () => {
  const body = '{"title":"Ünïcødé 🚀"}';
  const timestampSeconds = Math.floor(Date.now() / 1000);
  const headers = headersOf({ timestampSeconds, body, secrets: [newerSecret, secret, rawSecret] });

  it.each([newerSecret, secret])("verify a delivery by %s", (key) => {
    expect(new StandardWebhook(key).verify(body, headers)).toEqual(JSON.parse(body));
    expect(new SvixWebhook(key).verify(body, headers)).toEqual(JSON.parse(body));
  });

  it("verify a delivery by a secret of the user's own, in raw form", () => {
    const webhook = new StandardWebhook(rawSecret, { format: "raw" });
    expect(webhook.verify(body, headers)).toEqual(JSON.parse(body));
  });

  it("refuse another body, another id, and another secret", () => {
    const webhook = new StandardWebhook(secret);
    expect(() => webhook.verify(`${body} `, headers)).toThrow();
    expect(() => webhook.verify(body, { ...headers, "webhook-id": "other" })).toThrow();
    const other = new StandardWebhook(`whsec_${Buffer.alloc(32).toString("base64")}`);
    expect(() => other.verify(body, headers)).toThrow();
  });
});
