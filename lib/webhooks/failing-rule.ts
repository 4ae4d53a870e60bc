const hourMs = 3_600_000;

/**
 * When a webhook that brings nothing but failures is told of, and when it is disabled: so long after
 * the first failure since its last success, with so many in a row, and only if it still fails then.
 * What nobody tried, because this service was off or there was nothing to send, is no failure.
 */
export const failingRule = {
  tell: { afterMs: 60 * hourMs, failures: 5 },
  disable: { afterMs: 120 * hourMs, failures: 10 },
} as const;

export type Streak = (typeof failingRule)[keyof typeof failingRule];

/** When a webhook that has failed since then is disabled if nothing arrives. */
export function disablesAt(failing_since: string): string {
  return new Date(Date.parse(failing_since) + failingRule.disable.afterMs).toISOString();
}
