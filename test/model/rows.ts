import { audit } from "@/lib/delivery/audit";
import { attemptOf } from "./ledger";
import { isTold, type Promised } from "./promise";
import { mostSteps, type World } from "./world";

type Row = {
  id: string;
  name: string;
  state: string;
  label: string | null;
  type: string;
  status: string;
  attempts: number;
  trigger: string;
  steps_used: number;
  interruptions: number;
  error_message: string | null;
  is_claimed: boolean;
  numbers: number[];
  outcomes: string[];
  codes: (number | null)[];
  triggers: string[];
};

/** What is wrong with the rows once all is settled. */
export async function checkRows(world: World, promised: Promised): Promise<string[]> {
  const rows = await readRows(world);
  const told = new Map<string, Row[]>();
  for (const row of rows) {
    const key = `${row.name} ${row.label} ${row.type}`;
    told.set(key, [...(told.get(key) ?? []), row]);
  }
  const wasGone = (name: string) =>
    promised.webhooks.some((webhook) => webhook.name === name && webhook.goneAt < Infinity);
  const problems = rows.flatMap((row) =>
    checkRow(row, world, wasGone(row.name)).map(
      (what) => `delivery ${row.id} of ${row.label} ${row.type} to ${row.name}: ${what}`,
    ),
  );
  const pairs = promised.webhooks.flatMap((webhook) =>
    promised.changes.flatMap((change) => change.types.map((type) => ({ webhook, change, type }))),
  );
  for (const { webhook, change, type } of pairs) {
    const pair = `${webhook.name} ${change.label} ${type}`;
    const expected = isTold(webhook, type, change);
    const count = told.get(pair)?.length ?? 0;
    const isRight = { must: count === 1, may: count <= 1, never: count === 0 }[expected];
    if (!isRight) problems.push(`${pair}: ${count} deliveries, expected: ${expected}`);
  }
  const { mismatches, kinds } = await audit(world.database.sql, { isEnabled: true, patienceMs: 0 });
  if (mismatches > 0) problems.push(`the auditor finds ${JSON.stringify(kinds)}`);
  return [...problems, ...(await checkEvents(world, promised))];
}

function checkRow(row: Row, { receivers, ends }: World, wasGone: boolean): string[] {
  const posts = receivers.posts.filter(({ headers }) => headers["x-turbo-delivery-id"] === row.id);
  const isLast = (code: number) => row.codes.at(-1) === code;
  const isGivenUp =
    row.steps_used === mostSteps ||
    row.triggers.at(-1) === "test" ||
    row.interruptions >= 10 ||
    isLast(410);
  const isUnwanted = row.state === "deleted" || wasGone;
  const isAskedFor = row.triggers.some((trigger) => trigger === "manual" || trigger === "recover");
  const interrupted = row.outcomes.filter((outcome) => outcome === "interrupted").length;
  const isSentAgain = !isAskedFor && row.outcomes.slice(0, -1).includes("success");
  const checks: [boolean, string][] = [
    [
      row.status !== "pending" && !row.is_claimed,
      `it is left ${row.status}, claimed: ${row.is_claimed}`,
    ],
    [
      row.status !== "success" || posts.some(({ answered }) => answered === 200),
      "success, but nobody got it",
    ],
    [
      row.status !== "failed" || (isGivenUp && row.error_message !== null),
      "failed, for no good reason",
    ],
    [row.status !== "cancelled" || isUnwanted, `cancelled, but its webhook is ${row.state}`],
    [
      row.numbers.every((number, index) => number === index + 1),
      `attempts numbered ${row.numbers.join()}`,
    ],
    [
      row.numbers.length === row.attempts,
      `${row.attempts} attempts, ${row.numbers.length} written down`,
    ],
    [posts.every((post) => attemptOf(post) <= row.attempts), "an attempt that is not written down"],
    [interrupted <= ends, `${interrupted} attempts interrupted by the end of ${ends} processes`],
    [!isSentAgain, "sent again although its success was known"],
  ];
  return checks.flatMap(([isRight, what]) => (isRight ? [] : [what]));
}

/** A change and its events are committed together: all of them, once each, or none. */
async function checkEvents({ database: { sql } }: World, { changes }: Promised): Promise<string[]> {
  const rows = await sql<{ label: string; types: string[] }[]>`
    select body::jsonb #>> '{data,current,title}' as label, array_agg(type order by type) as types
    from events where entity_type <> 'webhook' group by 1`;
  const committed = new Map(rows.map(({ label, types }) => [label, types.join()]));
  return changes.flatMap(({ label, types, at }) => {
    const found = committed.get(label);
    const isSure = at.to < Infinity;
    const isRight = found === types.toSorted().join() || (!isSure && !found);
    return isRight ? [] : [`change ${label} ${types.join()}: its events are ${found}`];
  });
}

async function readRows({ database: { sql } }: World): Promise<Row[]> {
  return sql<Row[]>`
    select delivery.id, webhook.name, webhook.state, event.body::jsonb #>> '{data,current,title}' as label,
      delivery.event_type as type, delivery.status, delivery.attempts, delivery.trigger,
      delivery.steps_used, delivery.interruptions, delivery.error_message,
      delivery.claimed_until is not null as is_claimed, attempt.*
    from webhook_deliveries delivery
    join webhook_subscriptions webhook on webhook.id = delivery.subscription_id
    join events event on event.id = delivery.event_id
    cross join lateral (
      select coalesce(array_agg(number order by number), '{}') as numbers,
        coalesce(array_agg(outcome::text order by number), '{}') as outcomes,
        coalesce(array_agg(response_code order by number), '{}') as codes,
        coalesce(array_agg(trigger::text order by number), '{}') as triggers
      from webhook_attempts where delivery_id = delivery.id) attempt
    order by delivery.id`;
}
