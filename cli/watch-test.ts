import { setTimeout as sleep } from "node:timers/promises";
import { callApi, isRecord, type Api } from "./api-client";
import { formatDuration, formatValue } from "./format";

/** How what was watched ended, in the API's words and in ours. */
export type Outcome = { answer: Record<string, unknown>; isSuccess: boolean; text: string };

type Delivery = Record<string, unknown>;

const watchMs = 40_000;
const pollMs = 250;

/** Watches a test delivery, which is tried once, until it is decided or 40 s are over. */
export async function watchTest(api: Api, first: unknown): Promise<Outcome> {
  const deadline = Date.now() + watchMs;
  let delivery: Delivery = isRecord(first) ? first : {};
  while (delivery.status === "pending" && Date.now() < deadline) {
    await sleep(pollMs);
    const { body } = await callApi(api, {
      method: "GET",
      path: `/deliveries/${encodeURIComponent(String(delivery.id))}`,
    });
    if (isRecord(body)) delivery = body;
  }
  return {
    answer: delivery,
    isSuccess: delivery.status === "success",
    text: describeOutcome(delivery),
  };
}

function describeOutcome(delivery: Delivery): string {
  if (delivery.status === "pending") return "Test still pending: its receiver has not answered.";
  const result = describeResult(delivery);
  if (delivery.status === "success") return `Test delivered: ${result}`;
  return `Test ${formatValue(delivery.status)}: ${result}`;
}

function describeResult({ response_code, error_message, attempt_log }: Delivery): string {
  const attempt: unknown = Array.isArray(attempt_log) ? attempt_log.at(-1) : undefined;
  const durationMs = isRecord(attempt) ? attempt.duration_ms : undefined;
  const answer = typeof response_code === "number" ? `response code ${response_code}` : "";
  const took = typeof durationMs === "number" ? [formatDuration(durationMs)] : [];
  return [answer || formatValue(error_message) || "no response", ...took].join(", ");
}
