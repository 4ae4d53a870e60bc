/** Beyond its time-out, an attempt may take this long to be written down before it counts as lost. */
const settleGraceMs = 10_000;

/** How long a claimed attempt is left alone before it is taken over as interrupted. */
export function claimWindowMs(timeoutMs: number): number {
  return timeoutMs + settleGraceMs;
}
