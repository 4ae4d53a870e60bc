import { describe, isArrival, type Book, type Entry } from "./book";
import type { Fault, Post } from "./journal";
import type { FaultKind } from "./plan";

/** What the settings of the run say about attempts. */
export type Terms = {
  timeoutMs: number;
  /** No retry comes sooner than this after an attempt that failed. */
  leastRetryMs: number;
  mostAttempts: number;
};

/** A POST that was answered 2xx once more, and the fault that made it so. */
export type Duplicate = { entry: Entry; fault: Fault };

/** A process that is watched closely may still see things this much late. */
export const slackMs = 50;
/** A claim is given up so long after its attempt must have ended. */
const claimGraceMs = 10_000;
/** The rule of the product: so many interruptions, and a delivery has failed. */
const mostInterruptions = 10;

const receiverFaults: readonly FaultKind[] = ["cut receivers", "stall receivers"];
const otherFaults: readonly FaultKind[] = [
  "kill app",
  "kill app and database",
  "kill database",
  "freeze database",
  "freeze app",
  "restart engine",
  "cut database",
  "stall database",
];

/** Every delivery from its rows and from its receiver; returns the duplicates that are explained. */
export function checkDeliveries(book: Book, terms: Terms): Duplicate[] {
  for (const post of book.strays) {
    book.find("unexplained", `a POST to ${post.subscription} of no delivery: ${post.deliveryId}`);
  }
  return book.entries.flatMap((entry) => {
    checkStatus(book, entry, terms);
    checkRows(book, entry);
    checkPosts(book, entry);
    checkSequence(book, entry, terms);
    return duplicatesOf(book, entry, terms);
  });
}

function checkStatus(book: Book, entry: Entry, { mostAttempts }: Terms): void {
  const { row, attempts, posts, subscription } = entry;
  const hasArrived = posts.some(isArrival);
  if (row.status === "pending") book.find("stuck", describe(entry));
  if (row.status === "success" && !hasArrived) book.find("lost", describe(entry));
  if (row.status === "cancelled") {
    if (subscription.deleteAskedMs === null) book.find("lost", describe(entry));
    else book.explain("cancelled, their webhook deleted");
  }
  if (row.status === "failed") {
    const failures = attempts.filter(({ outcome }) => outcome === "failure").length;
    if (row.interruptions >= mostInterruptions) book.explain("failed after ten interruptions");
    else if (failures >= mostAttempts) book.explain("failed, their attempts used up");
    else book.find("lost", describe(entry));
  }
}

/** The log of attempts has no gap, and what it says of the receiver the receiver says as well. */
function checkRows(book: Book, entry: Entry): void {
  const { row, attempts, posts } = entry;
  const isGapless = attempts.every(({ number }, index) => number === index + 1);
  if (row.status !== "pending" && (!isGapless || attempts.length !== row.attempts)) {
    book.find("disorder", `attempts are not 1 to ${row.attempts}: ${describe(entry)}`);
  }
  for (const { number, response_code } of attempts) {
    if (response_code === null) continue;
    const isSeen = posts.some((post) => post.attempt === number && post.status === response_code);
    if (!isSeen)
      book.find(
        "unexplained",
        `attempt ${number} saw ${response_code}, its receiver did not: ${describe(entry)}`,
      );
  }
  const last = attempts.at(-1);
  if (row.status === "success" && last?.outcome !== "success") {
    book.find("unexplained", `a success whose last attempt was none: ${describe(entry)}`);
  }
}

function checkPosts(book: Book, entry: Entry): void {
  const { attempts, posts, subscription, event } = entry;
  for (const post of posts) {
    const text = `attempt ${post.attempt} of ${describe(entry)}`;
    if (post.subscription !== subscription.name)
      book.find("unexplained", `at another's path, ${text}`);
    if (post.eventId !== event.id)
      book.find("unexplained", `webhook-id is not the event's, ${text}`);
    if (post.hash !== null && !post.isSigned) book.find("unsigned", text);
    if (!attempts.some(({ number }) => number === post.attempt)) {
      book.find("unexplained", `a POST without a row, ${text}`);
    }
  }
}

/** One POST at a time, numbers that never fall, none before it was due. */
function checkSequence(book: Book, entry: Entry, { leastRetryMs }: Terms): void {
  const { posts, attempts } = entry;
  for (const [index, post] of posts.entries()) {
    const before = posts[index - 1];
    if (!before) continue;
    const endedMs = before.endedMs ?? Infinity;
    if (post.beganMs < endedMs - post.lagMs - slackMs) book.find("overlaps", describe(entry));
    if (post.attempt < before.attempt) book.find("disorder", `falling numbers: ${describe(entry)}`);
    if (post.attempt === before.attempt) continue;
    const row = attempts.find(({ number }) => number === before.attempt);
    // An attempt that was interrupted is due again at once.
    if (row?.outcome !== "failure" || row.response_code === null) continue;
    const restMs = Math.max(leastRetryMs, before.retryAfterMs);
    if (post.beganMs < endedMs + restMs - slackMs) {
      book.find("early", `attempt ${post.attempt} within ${restMs} ms: ${describe(entry)}`);
    }
  }
}

function duplicatesOf(book: Book, entry: Entry, terms: Terms): Duplicate[] {
  const arrivals = entry.posts.filter(isArrival);
  return arrivals.slice(1).flatMap((post, index) => {
    const before = arrivals[index];
    const fault = before && causeOf(book, entry, { before, post, timeoutMs: terms.timeoutMs });
    if (fault) return [{ entry, fault }];
    book.find("unexplained", `sent again for no reason: ${describe(entry)}`);
    return [];
  });
}

type Repeated = { before: Post; post: Post; timeoutMs: number };

/** Why an arrival was not known to be one: its result, or the answer itself, was lost. */
function causeOf(book: Book, entry: Entry, { before, post, timeoutMs }: Repeated) {
  const row = entry.attempts.find(({ number }) => number === before.attempt);
  const fromMs = before.beganMs - 500;
  const toMs = Math.min(post.beganMs, before.beganMs + timeoutMs + claimGraceMs);
  const target = `receiver ${entry.subscription.receiver}`;
  if (row?.outcome === "interrupted") return book.faultIn(otherFaults, { fromMs, toMs });
  const isAnswerLost = row?.outcome === "failure" || before.attempt === post.attempt;
  return isAnswerLost ? book.faultIn(receiverFaults, { fromMs, toMs, target }) : undefined;
}
