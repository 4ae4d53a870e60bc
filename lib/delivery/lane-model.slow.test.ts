import * as fc from "fast-check";
import { afterAll, expect, it } from "vitest";
import type { Sql } from "@/db/client";
import { createTestDatabase } from "@/db/testing";
import { newId } from "@/lib/id";
import { addDeliveries, addWebhook } from "@/lib/testing";
import { claimDue, interruptClaims, type Claim } from "./claim";
import {
  nextDueMs,
  overdueLanes,
  releaseLane,
  renewLane,
  setAlarm,
  setBells,
  takeLane,
} from "./lane";
import { Settler, type Settlement } from "./settle";

// One lane, and the statements of its protocol in random order, as up to three processes might come
// to send them. Time passes by moving all times of the lane back.

const database = await createTestDatabase();
const { sql } = database;
const settler = new Settler(sql);
afterAll(() => database.close());

const timeoutMs = 2_000;
const mostTurns = 3;
const fresh = { isDry: false, dueMs: 0, isLastLook: true };

/**
 * What a process does with the lane: it takes it, claims and settles, and releases it; then it looks
 * when it is next due, and leaves a bell or an alarm for that. It does so once more when all has
 * ended that was under way as it looked.
 */
type Turn = {
  holder: string;
  stage: "in" | "released" | "told" | "waiting";
  claims: Claim[];
  /** Its last claim got all there was. */
  isDry: boolean;
  dueMs: number;
  isLastLook: boolean;
};

type Lane = {
  webhookId: string;
  isActive: boolean;
  turns: Turn[];
  /** What was sent and not answered yet, and when it rings, in ms from now. */
  bells: { seq: number; inMs: number }[];
  seqs: Set<number>;
  /** Somebody has committed work, or resumed the webhook, and has not rung yet. */
  owesRing: boolean;
  /** Commits work that is written already. */
  commit: (() => Promise<void>) | null;
  /** No bell and no process is ever lost. */
  isReliable: boolean;
};

type Values = { n: number; ms: number };
type Command = fc.AsyncCommand<Lane, null>;
type Run = (lane: Lane, values: Values) => unknown;

function command(name: string, can: (lane: Lane) => boolean, run: Run): fc.Arbitrary<Command> {
  const values = { n: fc.nat(11), ms: fc.constantFrom(0, 300, 1_500, 6_000, 11_000, 31_000) };
  return fc.record(values).map((given) => ({
    check: can,
    run: async (lane) => {
      await run(lane, given);
      await checkLane(lane);
    },
    toString: () => `${name}(${given.n}, ${given.ms})`,
  }));
}

type Step = (lane: Lane, turn: Turn, values: Values) => unknown;

/** A command for one of the turns that are so far. */
function ofTurn(
  name: string,
  can: (turn: Turn, lane: Lane) => boolean,
  run: Step,
): fc.Arbitrary<Command> {
  const eligible = (lane: Lane) => lane.turns.filter((turn) => can(turn, lane));
  return command(
    name,
    (lane) => eligible(lane).length > 0,
    (lane, values) => {
      const turns = eligible(lane);
      const turn = turns[values.n % turns.length];
      return turn && run(lane, turn, values);
    },
  );
}

const ringing = (lane: Lane) => lane.bells.filter(({ inMs }) => inMs <= 0);

async function ring(lane: Lane): Promise<void> {
  const { bells } = await setBells(sql, [lane.webhookId]);
  for (const { seq } of bells) send(lane, { seq, inMs: 0 });
}

function send(lane: Lane, bell: { seq: number; inMs: number }): void {
  expect(lane.seqs, "no two bells bear one number").not.toContain(bell.seq);
  lane.seqs.add(bell.seq);
  lane.bells.push(bell);
}

const write = command(
  "write",
  () => true,
  async (lane, { n, ms }) => {
    await addDeliveries(sql, lane.webhookId, { dueMsAgo: n < 6 ? 0 : -ms });
    lane.owesRing = true;
  },
);

const writeLate = command(
  "writeLate",
  ({ commit }) => commit === null,
  async (lane) => {
    const writer = await sql.reserve();
    await writer`begin`;
    await addDeliveries(writer, lane.webhookId);
    lane.commit = async () => {
      await writer`commit`;
      writer.release();
    };
  },
);

const commit = command(
  "commit",
  (lane) => lane.commit !== null,
  async (lane) => {
    await lane.commit?.();
    Object.assign(lane, { commit: null, owesRing: true });
  },
);

const ringForWork = command(
  "ring",
  ({ owesRing }) => owesRing,
  async (lane) => {
    await ring(lane);
    lane.owesRing = false;
  },
);

const answer = command(
  "answer",
  (lane) => ringing(lane).length > 0 && lane.turns.length < mostTurns,
  async (lane, { n }) => {
    const answered = ringing(lane)[n % ringing(lane).length];
    lane.bells = lane.bells.filter((bell) => bell !== answered);
    const turn: Turn = { holder: newId(), stage: "in", claims: [], ...fresh };
    const { isTaken } = await takeLane(sql, { webhookId: lane.webhookId, holder: turn.holder });
    if (!isTaken) return;
    lane.turns.push(turn);
    await takeOver(lane, turn, { n: 0, ms: 0 });
  },
);

const takeOver: Step = ({ webhookId }, { claims }) => {
  const ours = claims.map((claim) => claim.delivery_id);
  return interruptClaims(sql, { of: { webhookId }, timeoutMs, ours });
};

const claim: Step = async ({ webhookId }, turn, { n }) => {
  const how = { most: 1 + n, timeoutMs, after: null, newestFirst: false };
  const claims = await claimDue(sql, { webhookId, holder: turn.holder, ...how });
  turn.claims.push(...claims);
  turn.isDry = claims.length < how.most;
};

const settle: Step = async (_lane, turn, { n, ms }) => {
  const claimed = turn.claims.shift();
  const ending = (["success", "failure", "failure", "withdrawn"] as const)[n % 4] ?? "success";
  if (!claimed) return;
  if (ending === "withdrawn") await settler.withdraw(claimed);
  else await settler.settle(settlementOf(claimed, ending, ending === "failure" ? ms : 0));
};

const release: Step = async ({ webhookId }, turn) => {
  turn.stage = "released";
  await releaseLane(sql, { webhookId, holder: turn.holder, timeoutsInRow: 0 });
};

const look: Step = async (lane, turn) => {
  turn.isLastLook = turn.claims.length === 0;
  const dueMs = await nextDueMs(sql, lane.webhookId);
  if (dueMs === null) endLook(lane, turn);
  else Object.assign(turn, { stage: "told", dueMs });
};

const leave: Step = async (lane, turn) => {
  const { webhookId } = lane;
  const { dueMs } = turn;
  const alarm = dueMs > 0 ? await setAlarm(sql, { webhookId, dueMs }) : await ring(lane);
  if (alarm) send(lane, { seq: alarm.seq, inMs: dueMs });
  endLook(lane, turn);
};

function endLook(lane: Lane, turn: Turn): void {
  turn.stage = "waiting";
  if (turn.isLastLook) lane.turns = lane.turns.filter((one) => one !== turn);
}

function nextStep({ stage, claims, isDry }: Turn): Step {
  if (stage === "told") return leave;
  if (stage === "in" && !isDry) return claim;
  if (stage !== "released" && claims.length > 0) return settle;
  return stage === "in" ? release : look;
}

const isIn = ({ stage }: Turn) => stage === "in";
const goOn = ofTurn(
  "goOn",
  () => true,
  (lane, turn, values) => nextStep(turn)(lane, turn, values),
);
const claimAgain = ofTurn("claim", isIn, claim);
const releaseEarly = ofTurn("release", isIn, release);
const takeOverAgain = ofTurn("takeOver", isIn, takeOver);
const renew = ofTurn("renew", isIn, ({ webhookId }, { holder }) =>
  renewLane(sql, { webhookId, holder, timeoutsInRow: 0 }),
);

const crash = ofTurn(
  "crash",
  (_turn, lane) => !lane.isReliable,
  (lane, turn) => {
    lane.turns = lane.turns.filter((one) => one !== turn);
  },
);

const loseBell = command(
  "loseBell",
  ({ bells, isReliable }) => bells.length > 0 && !isReliable,
  ({ bells }) => bells.shift(),
);

const sweep = command(
  "sweep",
  () => true,
  async (lane) => {
    if ((await overdueLanes(sql)).includes(lane.webhookId)) await ring(lane);
  },
);

const pause = command(
  "pause",
  ({ isActive }) => isActive,
  async (lane) => {
    await sql`update webhook_subscriptions set state = 'paused' where id = ${lane.webhookId}`;
    lane.isActive = false;
  },
);

const resume = command(
  "resume",
  ({ isActive }) => !isActive,
  async (lane) => {
    await sql`update webhook_subscriptions set state = 'active' where id = ${lane.webhookId}`;
    Object.assign(lane, { isActive: true, owesRing: true });
  },
);

// Between its last two statements a process is not that slow: its alarm would be late by as much.
const pass = command(
  "pass",
  ({ turns }) => turns.every(({ stage }) => stage !== "told"),
  async (lane, { ms }) => {
    await letPass(sql, lane.webhookId, ms);
    for (const bell of lane.bells) bell.inMs -= ms;
  },
);

function settlementOf(
  claimed: Claim,
  outcome: "success" | "failure",
  delay_ms: number,
): Settlement {
  const { delivery_id, attempt, trigger, url } = claimed;
  return {
    delivery_id,
    number: attempt,
    trigger,
    url,
    outcome,
    delay_ms,
    duration_ms: 1,
    steps_used: 0,
    status: outcome === "success" ? "success" : "pending",
    started_at: new Date().toISOString(),
    address: null,
    request_headers: {},
    response_code: null,
    response_headers: null,
    response_body: null,
    is_response_cut: false,
    error_class: null,
    error_message: null,
  };
}

async function letPass(on: Sql, webhookId: string, ms: number): Promise<void> {
  const passed = on`${ms} * interval '1 ms'`;
  await on`
    with lane as (
      update webhook_lanes set lease_until = lease_until - ${passed}, bell_at = bell_at - ${passed},
        alarm_at = alarm_at - ${passed} where webhook_id = ${webhookId}
    )
    update webhook_deliveries set next_attempt_at = next_attempt_at - ${passed},
      claimed_until = claimed_until - ${passed}
    where subscription_id = ${webhookId} and status = 'pending'`;
}

/**
 * As long as nothing is lost, it is known who will look at the lane: somebody has it in hand, or
 * still has to look or to ring, or a bell rings by the time its next work is due. Whatever was
 * lost, the sweep finds it.
 */
async function checkLane(lane: Lane): Promise<void> {
  const dueMs = await nextDueMs(sql, lane.webhookId);
  if (dueMs === null || !lane.isActive) return;
  if (!lane.isReliable) return expect(await isFoundLater(lane, dueMs)).toBe(true);
  const isOwed = lane.owesRing || lane.commit !== null || lane.turns.length > 0;
  // A second is the coalescing of alarms; the rest is what the statements took, which is not modelled.
  const isRung = lane.bells.some(({ inMs }) => inMs <= dueMs + 1_000 + 250);
  expect(isOwed || isRung, `somebody looks in ${dueMs} ms`).toBe(true);
}

/** Does the sweep find it, and ring it, when every lease, bell and claim of now is over? */
async function isFoundLater({ webhookId }: Lane, dueMs: number): Promise<boolean> {
  let isFound = false;
  const undone = new Error("undone");
  const looking = sql.begin(async (transaction) => {
    // The cast: a transaction runs statements as the pool does.
    const later = transaction as unknown as Sql;
    await letPass(later, webhookId, dueMs + 60_000);
    const found = (await overdueLanes(later)).filter((id) => id === webhookId);
    isFound = (await setBells(later, found)).bells.length === 1;
    throw undone;
  });
  await looking.catch((error: unknown) => {
    if (error !== undone) throw error;
  });
  return isFound;
}

// With little new work, so that the lane often runs dry.
const anyOrder = fc.commands(
  [
    fc.oneof(
      { weight: 40, arbitrary: goOn },
      ...[answer, ringForWork, commit, resume, pass].map((arbitrary) => ({ weight: 8, arbitrary })),
      ...[write, writeLate, renew, releaseEarly].map((arbitrary) => ({ weight: 2, arbitrary })),
      claimAgain,
      takeOverAgain,
      sweep,
      pause,
      crash,
      loseBell,
    ),
  ],
  { maxCommands: 200, size: "max" },
);

const limitMs = 8_000;

it("due work of an active lane has a holder, a bell, or is found by the sweep", async () => {
  let endsAtMs = performance.now() + limitMs;
  let shrinksUntilMs: number | undefined;
  const holds = fc.asyncProperty(fc.boolean(), fc.noBias(anyOrder), async (isReliable, given) => {
    if (performance.now() > endsAtMs) return;
    const lane: Lane = {
      webhookId: await addWebhook(sql),
      isActive: true,
      turns: [],
      bells: [],
      seqs: new Set(),
      owesRing: false,
      commit: null,
      isReliable,
    };
    try {
      await fc.asyncModelRun(() => ({ model: lane, real: null }), given);
    } catch (error) {
      endsAtMs = shrinksUntilMs ??= performance.now() + limitMs;
      throw error;
    } finally {
      await lane.commit?.();
    }
  });
  await fc.assert(holds, { numRuns: 400, includeErrorInReport: true });
});
