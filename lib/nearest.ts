const longest = 60;

/** The one of `words` that was probably meant: a letter or two away at most; undefined: none is. */
export function nearest(word: string, words: Iterable<string>): string | undefined {
  if (word.length > longest) return undefined;
  const sought = word.toLowerCase();
  let most = Math.min(2, Math.floor((word.length + 1) / 3));
  let found: string | undefined;
  for (const one of words) {
    if (Math.abs(one.length - word.length) > most) continue;
    const steps = countEdits(sought, one.toLowerCase());
    if (steps > most) continue;
    found = one;
    most = steps - 1;
  }
  return found;
}

/** How many letters to put in, take out, change or swap with their neighbour. */
function countEdits(from: string, to: string): number {
  let before: number[] = [];
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const isSame = from[i - 1] === to[j - 1];
      const isSwapped = from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      next[j] = Math.min(
        (row[j] ?? 0) + 1,
        (next[j - 1] ?? 0) + 1,
        (row[j - 1] ?? 0) + (isSame ? 0 : 1),
        isSwapped && i > 1 && j > 1 ? (before[j - 2] ?? 0) + 1 : Infinity,
      );
    }
    [before, row] = [row, next];
  }
  return row[to.length] ?? 0;
}
