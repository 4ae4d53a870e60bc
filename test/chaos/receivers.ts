import { createHash } from "node:crypto";
import { Webhook } from "standardwebhooks";
import { Receiver, type Answer, type Post as Seen, type PostHead } from "@/test/kit/receiver";
import type { Answer as BehaviourAnswer, Behaviour } from "./behaviours";
import type { Journal, Post } from "./journal";

const tickMs = 10;
/** What piled up while this process stood still is worked off within this time. */
const lagLastsMs = 200;

/** Real HTTP servers that note every POST: when it began and ended, its bytes, its signature. */
export class Receivers {
  readonly #journal: Journal;
  readonly #receivers: Receiver[] = [];
  readonly #verifiers = new Map<string, Webhook>();
  #lastTickMs = performance.now();
  #worstLag = { ms: 0, untilMs: 0 };
  readonly #ticking: NodeJS.Timeout;

  constructor(journal: Journal) {
    this.#journal = journal;
    this.#ticking = setInterval(() => {
      this.#measureLag();
      this.#lastTickMs = performance.now();
    }, tickMs);
  }

  /** How late something that is seen now may be, in milliseconds. */
  #measureLag(): number {
    const nowMs = performance.now();
    const ms = Math.max(0, nowMs - this.#lastTickMs - tickMs);
    const { untilMs, ms: worstMs } = this.#worstLag;
    if (ms >= worstMs || nowMs > untilMs) this.#worstLag = { ms, untilMs: nowMs + lagLastsMs };
    return this.#worstLag.ms;
  }

  /** A receiver that answers in one way; the path of a POST names its webhook. */
  async listen(port: number, behaviour: Behaviour): Promise<void> {
    const notes = new Map<PostHead, Post>();
    const receiver = new Receiver({
      port,
      onHead: (seen) => notes.set(seen, this.#note(seen)),
      answer: (seen) => {
        const post = notes.get(seen);
        if (!post) throw new Error("A POST has a body and had no head.");
        post.hash = createHash("sha256").update(seen.raw).digest("base64url");
        post.isSigned = this.#isSigned(post.subscription, seen);
        return toAnswer(behaviour(post), post);
      },
    });
    this.#receivers.push(await receiver.listen());
  }

  /** POSTs to `/<subscription>` must be signed with this secret. */
  expect(subscription: string, secret: string): void {
    this.#verifiers.set(subscription, new Webhook(secret));
  }

  async close(): Promise<void> {
    clearInterval(this.#ticking);
    for (const receiver of this.#receivers) await receiver.close();
  }

  #note(seen: PostHead): Post {
    const post: Post = {
      subscription: seen.path.slice(1),
      eventId: String(seen.headers["webhook-id"]),
      deliveryId: seen.deliveryId,
      attempt: seen.attempt,
      beganMs: seen.beganAtMs,
      // How it ended stands where the receiver notes it.
      get endedMs() {
        return seen.endedAtMs === Infinity ? null : seen.endedAtMs;
      },
      get status() {
        return seen.answered;
      },
      lagMs: this.#measureLag(),
      retryAfterMs: 0,
      hash: null,
      isSigned: false,
    };
    this.#journal.posts.push(post);
    return post;
  }

  #isSigned(subscription: string, { raw, headers }: Seen): boolean {
    try {
      const names = ["webhook-id", "webhook-timestamp", "webhook-signature"];
      const given = Object.fromEntries(names.map((name) => [name, String(headers[name])]));
      this.#verifiers.get(subscription)?.verify(raw, given);
      return this.#verifiers.has(subscription);
    } catch {
      return false;
    }
  }
}

function toAnswer(given: BehaviourAnswer, post: Post): Answer {
  if (typeof given === "string") return given;
  const { status, delayMs, retryAfterSeconds } = given;
  if (retryAfterSeconds === undefined) return { status, delayMs };
  post.retryAfterMs = retryAfterSeconds * 1000;
  return { status, delayMs, headers: { "retry-after": `${retryAfterSeconds}` } };
}
