import { createHmac } from "node:crypto";
import { rawRequest, type RawAnswer } from "./raw-request";

export const signingKey = `signkey-test-${"ab".repeat(32)}`;
/** An installation with this secret key is that app to an Inngest server. */
export const secretKey = "a secret key for tests only";
export const appId = "turbo-d61c93c1";

/** RFC 8785, for what these tests sign. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, one]) => `${JSON.stringify(key)}:${canonical(one)}`).join()}}`;
}

/** An `x-inngest-signature` as an Inngest server makes it; `body` is text, "" where there is none. */
export function sign(body: string, { key = signingKey, ageSeconds = 0 } = {}): string {
  const signedAt = Math.floor(Date.now() / 1000) - ageSeconds;
  const text = body === "" ? "" : canonical(JSON.parse(body));
  const secret = key.replace(/^signkey-\w+-/, "");
  const mac = createHmac("sha256", secret).update(`${text}${signedAt}`).digest("hex");
  return `t=${signedAt}&s=${mac}`;
}

/** What an Inngest server posts to have a function run for an event, member order and all. */
export function runBody(event: { name: string; data: unknown }, more: object = {}): string {
  const whole = { id: "01KB0000000000000000000000", ...event, user: {}, ts: Date.now() };
  return JSON.stringify({
    version: -1,
    use_api: false,
    event: whole,
    events: [whole],
    steps: {},
    defers: {},
    ctx: {
      run_id: "01KB1111111111111111111111",
      fn_id: "6d4ba1e5-84ab-5da4-9b2c-3f0f4d8a0f42",
      qi_id: "01KB2222222222222222222222",
      env: "",
      step_id: "step",
      attempt: 0,
      max_attempts: 5,
      disable_immediate_execution: false,
      use_api: false,
      stack: { stack: [], current: 0 },
    },
    ...more,
  });
}

export const webhookDue = (webhookId: string) =>
  runBody({ name: "turbo/webhook.due", data: { webhookId } });

export const minuteTick = () =>
  runBody({ name: "inngest/scheduled.timer", data: { cron: "* * * * *" } });

export const drainLane = `/api/inngest?fnId=${appId}-drain-lane&stepId=step`;
export const sweepLanes = `/api/inngest?fnId=${appId}-sweep-lanes&stepId=step`;

type Call = {
  method?: string;
  path?: string;
  /** Signed as it stands, unless `headers` bring another signature. */
  body?: string;
  headers?: Record<string, string>;
};

/** One call as an Inngest server makes it, save for what is asked to be otherwise. */
export function callDoor(
  appUrl: string,
  { method = "POST", path = drainLane, body = "", headers = {} }: Call,
): Promise<RawAnswer> {
  const usual: Record<string, string> = body === "" ? {} : { "content-type": "application/json" };
  if (!("x-inngest-signature" in headers)) usual["x-inngest-signature"] = sign(body);
  return rawRequest(appUrl, { method, path, body, headers: { ...usual, ...headers } });
}
