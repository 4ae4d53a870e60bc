import { describe } from "./ledger";
import type { Promised } from "./promise";
import { nameOf } from "./receivers";
import type { World } from "./world";

const mostDeliveries = 2;
const mostLines = 40;

/** What is known of the deliveries and webhooks that a problem names, to find its cause by. */
export async function tellStory(
  world: World,
  promised: Promised,
  problem: string,
): Promise<string> {
  const ids = [...new Set(problem.match(/[0-9a-f]{8}-[0-9a-f-]{27}/g))].slice(0, mostDeliveries);
  const names = new Set(problem.match(/\bw\d+\b/g));
  const stories = await Promise.all(ids.map((id) => storyOf(world, id)));
  const webhooks = promised.webhooks.filter(({ name }) => names.has(name)).map(toLine);
  const labels = new Set(problem.match(/\bc\d+\b/g));
  const changes = promised.changes.filter(({ label }) => labels.has(label)).map(toLine);
  return [problem, ...webhooks, ...changes, ...stories.flat()].join("\n");
}

async function storyOf({ database: { sql }, receivers, processes, ended }: World, id: string) {
  const posts = receivers.posts.filter(({ headers }) => headers["x-turbo-delivery-id"] === id);
  const path = posts[0] ? nameOf(posts[0].path) : "none";
  const rows = await sql`select * from webhook_deliveries where id = ${id}`;
  const attempts = await sql`
    select number, trigger, outcome, started_at, duration_ms, url, response_code, error_message
    from webhook_attempts where delivery_id = ${id} order by number`;
  const lanes = await sql`
    select webhook.name, webhook.state, webhook.terms, lane.* from webhook_lanes lane
    join webhook_subscriptions webhook on webhook.id = lane.webhook_id
    join webhook_deliveries delivery on delivery.subscription_id = webhook.id
    where delivery.id = ${id}`;
  const logs = [...new Set([...processes, ...ended])].flatMap(({ log }, index) =>
    log
      .split("\n")
      .filter((line) => line.includes(id))
      .map((line) => `process ${index}: ${line}`),
  );
  return [
    `story of delivery ${id} to ${path}, now is ${Math.round(performance.now())}, ${new Date().toISOString()}`,
    ...posts.map(describe),
    ...[...rows, ...attempts, ...lanes].map(toLine),
    ...logs.slice(-mostLines),
  ];
}

const toLine = (thing: object): string => JSON.stringify(thing, replaceInfinity);

function replaceInfinity(_key: string, value: unknown): unknown {
  return value === Infinity ? "never" : typeof value === "number" ? Math.round(value) : value;
}
