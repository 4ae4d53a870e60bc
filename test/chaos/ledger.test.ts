import { describe, expect, it } from "vitest";
import { Journal, type Post, type Subscription } from "./journal";
import { balance } from "./ledger";
import type { FaultKind } from "./plan";
import type { AttemptRow, DeliveryRow, Rows } from "./rows";

const subscription: Subscription = {
  name: "healthy",
  receiver: "healthy",
  id: "webhook",
  secret: "",
  eventTypes: ["issue.*"],
  askedMs: 0,
  createdMs: 10,
  deleteAskedMs: null,
  deletedMs: null,
  pauses: [],
};
const post: Post = {
  subscription: "healthy",
  eventId: "event",
  deliveryId: "delivery",
  attempt: 1,
  beganMs: 1_000,
  endedMs: 1_010,
  lagMs: 0,
  status: 200,
  retryAfterMs: 0,
  hash: "bytes",
  isSigned: true,
};
const delivery: DeliveryRow = {
  id: "delivery",
  subscription_id: "webhook",
  event_id: "event",
  status: "success",
  attempts: 1,
  interruptions: 0,
  error_message: null,
};
const attempt: AttemptRow = {
  delivery_id: "delivery",
  number: 1,
  outcome: "success",
  response_code: 200,
  error_class: null,
};
const failure: AttemptRow = { ...attempt, outcome: "failure", response_code: 500 };
const interrupted: AttemptRow = { ...attempt, outcome: "interrupted", response_code: null };

type Given = {
  posts?: Partial<Post>[];
  attempts?: AttemptRow[];
  delivery?: Partial<DeliveryRow>;
  subscription?: Partial<Subscription>;
  change?: Partial<Journal["changes"][number]>;
  fault?: FaultKind;
  rows?: Partial<Rows>;
};

/** One issue created, delivered to one webhook; `given` is what differs. */
function balanceOf(given: Given) {
  const journal = new Journal();
  journal.changes.push({
    number: 1,
    beganMs: 900,
    endedMs: 950,
    outcome: "committed",
    eventTypes: ["issue.created"],
    ...given.change,
  });
  journal.subscriptions.push({ ...subscription, ...given.subscription });
  journal.posts.push(...(given.posts ?? [{}]).map((one) => ({ ...post, ...one })));
  if (given.fault) {
    const target = "receiver healthy";
    journal.faults.push({ kind: given.fault, target, beganMs: 1_005, endedMs: 1_100 });
  }
  const attempts = given.attempts ?? [attempt];
  const rows: Rows = {
    version: "18.4",
    events: [{ id: "event", type: "issue.created", title: "1" }],
    deliveries: [{ ...delivery, attempts: attempts.length, ...given.delivery }],
    attempts: attempts.map((one, index) => ({ ...one, number: index + 1 })),
    ...given.rows,
  };
  const terms = { timeoutMs: 3_000, leastRetryMs: 800, mostAttempts: 2 };
  return balance(journal, rows, { terms, steady: ["healthy"] });
}

const kindsIn = (given: Given) => balanceOf(given).findings.map(({ kind }) => kind);
const twice = [{}, { attempt: 2, beganMs: 5_000, endedMs: 5_010 }];

describe("balance", () => {
  it("finds nothing where all is as it must be", () => {
    const ledger = balanceOf({});
    expect(ledger).toMatchObject({ findings: [], duplicates: [], committed: 1, arrived: 1 });
  });

  it.each<[string, Given, string]>([
    ["a success that never arrived", { posts: [] }, "lost"],
    ["a success whose answer was not written whole", { posts: [{ status: null }] }, "lost"],
    ["a committed event without a delivery", { rows: { deliveries: [] }, posts: [] }, "lost"],
    ["a failure without a reason", { delivery: { status: "failed" } }, "lost"],
    ["a cancelled delivery of a living webhook", { delivery: { status: "cancelled" } }, "lost"],
    ["a delivery that is still pending", { delivery: { status: "pending" } }, "stuck"],
    ["an answered change without its event", { rows: { events: [] } }, "unrecorded"],
    [
      "half of a change's events",
      { change: { outcome: "unknown", eventTypes: ["issue.created", "issue.closed"] } },
      "unrecorded",
    ],
    ["an event of a change nobody took", { change: { outcome: "unreached" } }, "unexpected"],
    [
      "a delivery for a webhook that was deleted before",
      { subscription: { deleteAskedMs: 700, deletedMs: 800 } },
      "unexpected",
    ],
    ["a POST of no delivery", { posts: [{}, { deliveryId: "other" }] }, "unexplained"],
    ["a POST without a row", { posts: twice }, "unexplained"],
    ["a response that the receiver did not give", { posts: [{ status: 202 }] }, "unexplained"],
    [
      "two POSTs of a delivery at once",
      {
        posts: [{ endedMs: 5_500 }, { attempt: 2, beganMs: 5_000 }],
        attempts: [interrupted, attempt],
      },
      "overlaps",
    ],
    ["a gap in the attempts", { delivery: { attempts: 2 } }, "disorder"],
    [
      "attempt numbers that fall",
      { posts: [{ attempt: 2 }, { attempt: 1, beganMs: 5_000 }], attempts: [interrupted, attempt] },
      "disorder",
    ],
    [
      "a retry before it was due",
      {
        posts: [{ status: 500 }, { attempt: 2, beganMs: 1_500, endedMs: 1_600 }],
        attempts: [failure, attempt],
      },
      "early",
    ],
    [
      "a retry before Retry-After has passed",
      {
        posts: [
          { status: 500, retryAfterMs: 2_000 },
          { attempt: 2, beganMs: 2_500, endedMs: 2_600 },
        ],
        attempts: [failure, attempt],
      },
      "early",
    ],
    ["other bytes", { posts: [{}, { ...twice[1], hash: "others" }] }, "bytes"],
    ["a signature that does not verify", { posts: [{ isSigned: false }] }, "unsigned"],
    [
      "a POST after the delete was answered",
      { subscription: { deleteAskedMs: 960, deletedMs: 940 } },
      "after_delete",
    ],
    [
      "a POST while paused",
      { subscription: { pauses: [{ fromMs: 900, untilMs: 2_000 }] } },
      "while_paused",
    ],
    [
      "a second arrival without a fault",
      { posts: twice, attempts: [interrupted, attempt] },
      "unexplained",
    ],
    [
      "a second arrival after a success",
      { posts: twice, attempts: [attempt, attempt], fault: "kill app" },
      "unexplained",
    ],
    [
      "a second arrival that its fault cannot have made",
      { posts: twice, attempts: [interrupted, attempt], fault: "cut receivers" },
      "unexplained",
    ],
  ])("finds %s", (_, given, kind) => {
    expect(kindsIn(given)).toContain(kind);
  });

  it.each<[string, AttemptRow[], FaultKind]>([
    ["a kill of the app before its result was written", [interrupted, attempt], "kill app"],
    [
      "a cut path before its answer came",
      [{ ...failure, response_code: null }, attempt],
      "cut receivers",
    ],
  ])("explains a second arrival by %s", (_, attempts, fault) => {
    const { findings, duplicates } = balanceOf({ posts: twice, attempts, fault });
    expect(findings).toEqual([]);
    expect(duplicates).toMatchObject([{ fault: { kind: fault } }]);
  });

  it("explains what was cancelled with its webhook and what used up its attempts", () => {
    const cancelled = balanceOf({
      delivery: { status: "cancelled" },
      posts: [],
      attempts: [],
      subscription: { deleteAskedMs: 960, deletedMs: 970 },
    });
    expect(cancelled.findings).toEqual([]);
    const failed = balanceOf({
      posts: [{ status: 500 }, { attempt: 2, beganMs: 5_000, endedMs: 5_010, status: 500 }],
      attempts: [failure, failure],
      delivery: { status: "failed" },
    });
    expect(failed.findings).toEqual([]);
    expect([...cancelled.explained.keys(), ...failed.explained.keys()]).toHaveLength(2);
  });

  it("allows what the harness saw late, and changes without an answer", () => {
    expect(kindsIn({ subscription: { deleteAskedMs: 960, deletedMs: 970 } })).toEqual([]);
    const late = { subscription: { deleteAskedMs: 700, deletedMs: 800 }, posts: [{ lagMs: 300 }] };
    expect(kindsIn({ ...late, change: { beganMs: 600, outcome: "unknown" } })).toEqual([]);
  });

  it("measures from a fault's end to the next arrival", () => {
    const { recoveries } = balanceOf({
      posts: twice,
      attempts: [interrupted, attempt],
      fault: "kill app",
    });
    expect(recoveries).toEqual([{ kind: "kill app", ms: 3_910 }]);
  });
});
