import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { Api, ok, type Webhook } from "./support/api";
import { actions, type Stage } from "./support/catalogue-actions";
import { until } from "@/test/kit/until";
import type { EventBody, Received, Receiver } from "./support/receiver";
import { expectSigned } from "./support/signature";
import { expect, test } from "./support/test";

test.describe.configure({ timeout: 300_000 });

/** As GET /event-types answers it. */
type EventType = {
  name: string;
  is_subscribable: boolean;
  schema: object;
  sample: object;
  example: EventBody;
};

/** The clock looks once a minute. */
const longestWaitMs = 75_000;
const guidePicker = [
  "issue.created",
  "issue.updated",
  "issue.assigned",
  "project.created",
  "milestone.completed",
  "comment.created",
];

async function listTypes(api: Api): Promise<EventType[]> {
  const all: EventType[] = [];
  let path: string | null = "/event-types?source=catalogue&limit=100";
  while (path) {
    const answer: { status: number; headers: Headers; body: EventType[] } = await api.get(path);
    all.push(...ok(answer));
    const next = /<\/api\/v1([^>]+)>; rel="next"/.exec(answer.headers.get("link") ?? "");
    path = next?.[1] ?? null;
  }
  return all;
}

const isOf =
  (type: string) =>
  ({ body }: Received): boolean =>
    body.event_type === type;

test("every type of the catalogue has a schema and a sample, is emitted, and arrives", async ({
  postgres,
  startOwnApp,
  receiver,
  secondReceiver,
}) => {
  const app = await startOwnApp({
    DATABASE_URL: postgres.url,
    TURBO_SECRET_KEY: "a-secret-key-of-many-characters",
  });
  const api = new Api(app.url);
  const types = await listTypes(api);
  expect(Object.keys(actions).toSorted()).toEqual(types.map(({ name }) => name).toSorted());

  const validate = validatorsOf(types);
  for (const { name, sample, example } of types) {
    expect(validate(name, sample), `the sample of ${name}`).toEqual([]);
    expect(example).toMatchObject({ event_type: name, data: { current: sample } });
  }

  secondReceiver.respondWith(500);
  const sick = await api.createWebhook(secondReceiver.url, { event_types: ["issue.created"] });
  await api.createIssue();
  await until("the sick webhook fails", async () => (await streakOf(api, sick)) > 0);
  const listener = await api.createWebhook(receiver.url);
  await perform({ api, postgres, sick, listener }, receiver, types);

  const missing = [];
  for (const { name } of types) {
    const came = await receiver.waitFor(isOf(name), longestWaitMs).catch(() => null);
    if (!came) missing.push(name);
    else {
      expectSigned(came, listener.secret_token);
      expect(validate(name, came.body.data.current), `the ${name} that arrived`).toEqual([]);
    }
  }
  const emitted = await countEmitted(api, types);
  const received = types.length - missing.length;
  console.log(`catalogue: ${types.length} types, ${emitted} emitted, ${received} received`);
  expect(missing).toEqual([]);
});

/** Does for each type what makes it happen, those of the guide's picker first. */
async function perform(stage: Stage, receiver: Receiver, types: EventType[]): Promise<void> {
  const names = types.map(({ name }) => name);
  for (const name of new Set([...guidePicker, ...names])) {
    await actions[name]?.(stage);
    // One after another, where each is told of once the one before it is.
    if (name.startsWith("webhook.")) await receiver.waitFor(isOf(name), longestWaitMs);
  }
}

/** Of how many types there is an event. */
async function countEmitted(api: Api, types: EventType[]): Promise<number> {
  let count = 0;
  for (const { name } of types) {
    const events = ok(await api.get<EventBody[]>(`/events?event_type=${name}&limit=1`));
    count += events.length;
  }
  return count;
}

async function streakOf(api: Api, { id }: Webhook): Promise<number> {
  return (await api.getWebhook(id)).failures_in_row;
}

/** What is wrong with a `data.current`, by the schema of its type. */
function validatorsOf(types: EventType[]): (name: string, current: unknown) => string[] {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  const compiled = new Map(types.map(({ name, schema }) => [name, ajv.compile(schema)]));
  return (name, current) => {
    const validate = compiled.get(name);
    if (!validate) throw new Error(`${name} has no schema`);
    validate(current);
    return (validate.errors ?? []).map((one) => `${one.instancePath} ${one.message ?? ""}`);
  };
}
