import type { Book } from "./book";
import { slackMs } from "./check-deliveries";
import type { Subscription } from "./journal";

/** The same bytes for every POST of an event; no POST after a delete, or a pause, was answered. */
export function checkTerms(book: Book): void {
  const hashes = new Map<string, string>();
  const subscriptions = new Map(book.journal.subscriptions.map((one) => [one.name, one]));
  for (const { subscription: name, eventId, hash, beganMs, lagMs } of book.journal.posts) {
    if (hash !== null && hash !== (hashes.get(eventId) ?? hash)) {
      book.find("bytes", `event ${eventId} came to ${name} with other bytes than before`);
    }
    if (hash !== null) hashes.set(eventId, hash);
    const subscription = subscriptions.get(name);
    if (!subscription) continue;
    const latestMs = beganMs - lagMs - slackMs;
    const { deletedMs } = subscription;
    if (deletedMs !== null && latestMs > deletedMs) {
      const lateMs = Math.round(beganMs - deletedMs);
      book.find("after_delete", `${name}: a POST began ${lateMs} ms after the 204 (${eventId})`);
    }
    if (isPaused(subscription, { latestMs, beganMs })) {
      book.find("while_paused", `${name}: a POST began at ${Math.round(beganMs)} (${eventId})`);
    }
  }
}

function isPaused(
  { pauses }: Subscription,
  { latestMs, beganMs }: { latestMs: number; beganMs: number },
): boolean {
  return pauses.some(({ fromMs, untilMs }) => latestMs > fromMs && beganMs < untilMs);
}
