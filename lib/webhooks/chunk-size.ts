const aimMs = 250;
const most = 20_000;

/** So many events are looked at first, and at least: they may be a mebibyte each. */
export const leastChunk = 200;

/** How many to look at next, after it took so long for `limit`: about what a quarter of a second allows. */
export function nextChunk(limit: number, tookMs: number): number {
  const fits = Math.round((limit * aimMs) / Math.max(tookMs, 1));
  return Math.min(most, 4 * limit, Math.max(leastChunk, fits));
}
