import { setTimeout as sleep } from "node:timers/promises";
import { callApi, isRecord, type Api } from "./api-client";
import { formatValue } from "./format";
import type { Outcome } from "./watch-test";

type Recovery = Record<string, unknown>;

const pollMs = 500;
const patienceMs = 15_000;

/** Follows a recovery to its end, saying how far it is whenever that has changed. */
export async function watchRecovery(
  api: Api,
  first: unknown,
  tell: (text: string) => void,
): Promise<Outcome> {
  let recovery: Recovery = isRecord(first) ? first : {};
  let told: unknown = 0;
  let quietFrom = Date.now();
  tell(`Recovering ${describeWhat(recovery.total, recovery)}. Ctrl-C leaves it to itself.`);
  while (recovery.status === "running") {
    await sleep(pollMs);
    recovery = await read(api, recovery);
    if (recovery.recovered !== told) {
      told = recovery.recovered;
      quietFrom = Date.now();
      tell(`${formatValue(told)} of ${formatValue(recovery.total)}`);
    } else if (Date.now() - quietFrom > patienceMs) {
      quietFrom = Infinity; // Said once, until it moves again.
      tell("It waits for the receiver, or for the webhook to be resumed.");
    }
  }
  const isSuccess = recovery.status === "done";
  return { answer: recovery, isSuccess, text: describeEnd(recovery) };
}

async function read(api: Api, { webhook_id, id }: Recovery): Promise<Recovery> {
  const parts = [webhook_id, id].map((part) => encodeURIComponent(String(part)));
  const path = `/webhooks/${parts.join("/recoveries/")}`;
  const { body } = await callApi(api, { method: "GET", path });
  return isRecord(body) ? body : {};
}

/** What a dry run found. */
export function describeCount(counted: Recovery): string {
  return `${describeWhat(counted.count, counted)} would be sent.`;
}

function describeEnd(recovery: Recovery): string {
  const { status, recovered, total } = recovery;
  const what = describeWhat(recovered, recovery);
  if (status !== "done") {
    return `Recovery ${formatValue(status)} after ${formatValue(recovered)} of ${formatValue(total)}.`;
  }
  return recovered === 0 ? `There is nothing to recover: ${what}.` : `On their way: ${what}.`;
}

function describeWhat(count: unknown, { scope, since }: Recovery): string {
  const deliveries = count === 1 ? "delivery" : "deliveries";
  return `${formatValue(count)} ${formatValue(scope)} ${deliveries} since ${formatValue(since)}`;
}
