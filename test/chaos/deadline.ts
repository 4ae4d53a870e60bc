import { setTimeout as sleep } from "node:timers/promises";

/** Looks again and again until it is so: true; false once `timeoutMs` have passed. */
export async function within(
  timeoutMs: number,
  isSo: () => boolean | Promise<boolean>,
): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (!(await isSo())) {
    if (performance.now() > deadline) return false;
    await sleep(50);
  }
  return true;
}
