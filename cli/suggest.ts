/** " Did you mean x?", or nothing. */
export function didYouMean(typed: string, candidates: readonly string[], prefix = ""): string {
  const candidate = suggest(typed, candidates);
  return candidate ? ` Did you mean ${prefix}${candidate}?` : "";
}

/** The candidate nearest to what was typed, when it is near enough to be a slip. */
function suggest(typed: string, candidates: readonly string[]): string | undefined {
  const lower = typed.toLowerCase();
  const ranked = candidates
    .map((candidate) => ({ candidate, distance: editDistance(lower, candidate) }))
    .toSorted((a, b) => a.distance - b.distance);
  const nearest = ranked[0];
  if (nearest && nearest.distance <= allowedSlips(typed)) {
    return nearest.candidate;
  }
  const beginnings = lower ? candidates.filter((candidate) => candidate.startsWith(lower)) : [];
  return beginnings.length === 1 ? beginnings[0] : undefined;
}

/** Two letters that changed places are two slips. */
function allowedSlips(typed: string): number {
  return typed.length < 4 ? 1 : Math.max(2, Math.floor(typed.length / 3));
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (const [i, letter] of a.split("").entries()) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j += 1) {
      const replaced = (row[j] ?? 0) + (letter === b[j] ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
