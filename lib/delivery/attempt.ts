import type { AttemptOutcome } from "@/db/schema";
import type { Clock } from "@/lib/clock";
import { log, reasonOf } from "@/lib/log";
import type { Claim } from "./claim";
import { judge, type AttemptResult, type Verdict } from "./retry";
import type { Sender } from "@/lib/outbound/send";
import type { Settlement } from "./settle";
import { deliveryHeaders } from "./sign";

export type AttemptTools = {
  sender: Sender;
  clock: Clock;
  /** Opens a sealed secret of this webhook; throws when it cannot. */
  openSecret: (sealed: string, webhookId: string) => string;
  userAgent: string;
  timeoutMs: number;
  retryDelaysSeconds: number[];
};

/** How an attempt ended: with a result for the log, or withdrawn, as if it had never been claimed. */
export type AttemptEnd = {
  claim: Claim;
  settlement: Settlement | null;
  isTimeout: boolean;
  isAnswered: boolean;
  /** The receiver said 410 Gone. */
  isGone: boolean;
};

/** An attempt under way. */
export type Attempt = {
  claim: Claim;
  ended: Promise<AttemptEnd>;
  /** Was a byte sent? */
  hasBegun: () => boolean;
  /** Ends it if no byte was sent yet: it is then withdrawn, as if it had never been claimed. */
  withdraw: () => void;
  /** Ends it at any point: it is then written down as interrupted. */
  interrupt: () => void;
};

/** Signs and posts one claimed delivery. Never rejects: whatever happens is a settlement. */
export function startAttempt(tools: AttemptTools, claim: Claim, mayBegin: () => boolean): Attempt {
  const startedAt = tools.clock.now();
  let isInterrupted = false;
  const prepared = prepare(tools, claim, startedAt);
  if ("result" in prepared) {
    const ended = Promise.resolve(conclude(tools, { claim, startedAt, ...prepared, headers: {} }));
    return { claim, ended, hasBegun: () => false, withdraw: () => {}, interrupt: () => {} };
  }
  const { headers, body } = prepared;
  const sending = tools.sender.send({
    url: claim.url,
    headers,
    body,
    timeoutMs: tools.timeoutMs,
    mayBegin,
  });
  const ended = sending.result.then((result) =>
    conclude(tools, { claim, startedAt, result, headers, isInterrupted }),
  );
  return {
    claim,
    ended,
    hasBegun: () => sending.hasBegun,
    withdraw: () => void sending.abort(),
    interrupt: () => {
      isInterrupted = true;
      sending.abortHard();
    },
  };
}

type Prepared = { headers: Record<string, string>; body: Buffer } | { result: AttemptResult };

function prepare(tools: AttemptTools, claim: Claim, startedAt: Date): Prepared {
  try {
    const secrets = [
      claim.secret_token,
      ...claim.previous_secrets
        .filter((previous) => Date.parse(previous.expires_at) > startedAt.getTime())
        .map((previous) => previous.sealed),
    ].map((sealed) => tools.openSecret(sealed, claim.webhook_id));
    const body = Buffer.from(claim.body);
    const headers = deliveryHeaders({
      event: {
        id: claim.event_id,
        type: claim.event_type,
        timestamp: claim.event_at.toISOString(),
      },
      deliveryId: claim.delivery_id,
      attempt: claim.attempt,
      timestampSeconds: Math.floor(startedAt.getTime() / 1000),
      body,
      secrets,
      userAgent: tools.userAgent,
    });
    return { headers, body };
  } catch (error) {
    const message = `The secret could not be opened, so nothing was sent: ${reasonOf(error)}`;
    return {
      result: {
        kind: "failure",
        errorClass: "secret_unavailable",
        message,
        address: null,
        durationMs: 0,
      },
    };
  }
}

type Concluded = {
  claim: Claim;
  startedAt: Date;
  result: AttemptResult;
  headers: Record<string, string>;
  isInterrupted?: boolean;
};

function conclude(tools: AttemptTools, concluded: Concluded): AttemptEnd {
  const { claim, result, isInterrupted } = concluded;
  const isAborted = result.kind === "failure" && result.errorClass === "aborted";
  const isWithdrawn = isAborted && !isInterrupted;
  const verdict = isAborted ? interrupted(claim) : verdictOf(tools, concluded);
  const settlement = isWithdrawn ? null : settlementOf(concluded, verdict);
  if (settlement) logAttempt(claim, settlement);
  return {
    claim,
    settlement,
    isTimeout: result.kind === "failure" && result.errorClass === "timeout",
    isAnswered: result.kind === "response",
    isGone: verdict.isGone,
  };
}

type Judged = Omit<Verdict, "outcome"> & { outcome: AttemptOutcome };

/** We stopped: due again at once, and no step of the schedule is used up. */
function interrupted(claim: Claim): Judged {
  const { steps_used: stepsUsed } = claim;
  return { outcome: "interrupted", status: "pending", delayMs: 0, stepsUsed, isGone: false };
}

function verdictOf(tools: AttemptTools, { claim, result }: Concluded): Judged {
  const attempted = { trigger: claim.trigger, stepsUsed: claim.steps_used };
  const { retryDelaysSeconds: delaysSeconds } = tools;
  return judge(result, attempted, { delaysSeconds, nowMs: tools.clock.nowMs() });
}

function settlementOf(
  { claim, startedAt, result, headers }: Concluded,
  verdict: Judged,
): Settlement {
  const isResponse = result.kind === "response";
  return {
    delivery_id: claim.delivery_id,
    number: claim.attempt,
    claimed_until: claim.claimed_until,
    trigger: claim.trigger,
    outcome: verdict.outcome,
    status: verdict.status,
    delay_ms: verdict.delayMs,
    steps_used: verdict.stepsUsed,
    started_at: startedAt.toISOString(),
    duration_ms: Math.round(result.durationMs),
    url: claim.url,
    address: result.address,
    request_headers: headers,
    response_code: isResponse ? result.status : null,
    response_headers: isResponse ? result.headers : null,
    response_body: isResponse ? result.body : null,
    is_response_cut: isResponse && result.isCut,
    error_class: isResponse
      ? verdict.outcome === "failure"
        ? "http_status"
        : null
      : result.errorClass,
    error_message: errorMessageOf(result, verdict),
  };
}

function errorMessageOf(result: AttemptResult, { outcome }: Judged): string | null {
  if (result.kind === "failure") return result.message;
  if (outcome === "success") return null;
  const { location } = result.headers;
  const isRedirect = result.status >= 300 && result.status < 400;
  if (isRedirect)
    return `HTTP ${result.status}: redirects are not followed${location ? ` (to ${location})` : ""}`;
  return `HTTP ${result.status}`;
}

function logAttempt(claim: Claim, settlement: Settlement): void {
  const { outcome, status, duration_ms, response_code, error_class, delay_ms } = settlement;
  const wait = status === "pending" ? `, next in ${Math.round(delay_ms / 100) / 10} s` : "";
  const write = outcome === "success" ? log.info : log.warn;
  write(
    `webhook attempt ${claim.attempt} of ${claim.event_type} to "${claim.webhook_name}": ` +
      `${outcome} ${response_code ?? error_class ?? ""}${wait}`,
    {
      webhook_id: claim.webhook_id,
      event_id: claim.event_id,
      delivery_id: claim.delivery_id,
      attempt: claim.attempt,
      trigger: claim.trigger,
      status,
      response_code,
      duration_ms,
    },
  );
}
