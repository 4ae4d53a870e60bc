import type { Post } from "./journal";
import type { Random } from "./random";

/** What a receiver answers; `hang`: nothing, ever; `reset`: the connection is torn down. */
export type Answer =
  | "hang"
  | "reset"
  | { status: number; delayMs?: number; retryAfterSeconds?: number };

export type Behaviour = (post: Post) => Answer;

/** Good and bad times in turn, of random lengths, until it is healed. */
class Mood {
  readonly #random: Random;
  readonly #badSeconds: [number, number];
  #isBad = true;
  #untilMs = 0;
  #isHealed = false;

  constructor(random: Random, badSeconds: [number, number]) {
    this.#random = random;
    this.#badSeconds = badSeconds;
  }

  get isBad(): boolean {
    if (this.#isHealed) return false;
    const nowMs = performance.now();
    while (this.#untilMs < nowMs) {
      this.#isBad = !this.#isBad;
      const [least, most] = this.#isBad ? this.#badSeconds : [4, 10];
      this.#untilMs = Math.max(this.#untilMs, nowMs - 1) + 1000 * this.#random.between(least, most);
    }
    return this.#isBad;
  }

  heal(): void {
    this.#isHealed = true;
  }
}

export type ReceiverPlan = {
  name: string;
  eventTypes: string[];
  behaviour: Behaviour;
  /** POSTs may be held up on their way to it: no promise about their moment is checked there. */
  canStall: boolean;
  /** Always answers 2xx: what it gets shows that all works again. */
  isSteady: boolean;
};

export const busy = ["issue.*"];
const rare = ["issue.closed", "issue.reopened"];
const some = ["issue.created", "issue.status_changed"];

/** The receivers of a run, and what makes all of them healthy. */
export function planReceivers(random: Random): { plans: ReceiverPlan[]; heal: () => void } {
  const failing = new Mood(random, [3, 6]);
  const hanging = new Mood(random, [3, 6]);
  let isHealed = false;
  const fine = () => ({ status: random.pick([200, 201, 202, 204]) });
  const prompt = { behaviour: fine, eventTypes: busy, canStall: true, isSteady: false };
  const plans: ReceiverPlan[] = [
    { ...prompt, name: "healthy", isSteady: true },
    {
      ...prompt,
      name: "slow",
      behaviour: () => ({ ...fine(), delayMs: random.between(20, 150) }),
      isSteady: true,
    },
    {
      ...prompt,
      name: "failing",
      behaviour: () => (failing.isBad ? failure(random) : fine()),
    },
    {
      ...prompt,
      name: "limited",
      eventTypes: some,
      behaviour: ({ attempt }) =>
        !isHealed && attempt <= 3 && random.chance(0.3)
          ? { status: 429, retryAfterSeconds: random.pick([1, 2]) }
          : fine(),
    },
    {
      ...prompt,
      name: "hanging",
      eventTypes: rare,
      behaviour: () => (hanging.isBad ? "hang" : fine()),
    },
    { ...prompt, name: "paused", canStall: false },
    {
      ...prompt,
      name: "deleted",
      behaviour: () => ({ ...fine(), delayMs: random.between(0, 100) }),
      canStall: false,
    },
  ];
  const heal = () => {
    isHealed = true;
    failing.heal();
    hanging.heal();
  };
  return { plans, heal };
}

function failure(random: Random): Answer {
  return random.chance(0.2) ? "reset" : { status: random.pick([500, 502, 503]) };
}
