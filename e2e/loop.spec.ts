import type { ApiAnswer, Entity, Problem } from "./support/api";
import { expect, test } from "./support/test";

test("a receiver that answers each change with a change is stopped, and that is told once", async ({
  api,
  receiver,
  secondReceiver,
}) => {
  const issue = await api.createIssue();
  await api.createWebhook(receiver.url, { event_types: ["issue.updated"] });
  await api.createWebhook(secondReceiver.url, { event_types: ["system.loop_detected"] });
  const answers: ApiAnswer<Entity | Problem>[] = [];
  const path = `/issues/${issue.id}`;
  receiver.respondWith(async ({ headers }, number) => {
    const causation = String(headers["x-turbo-event-id"]);
    const change = { title: `Changed ${number} times` };
    answers.push(await api.patch(path, change, { headers: { "x-turbo-causation": causation } }));
    return 200;
  });
  await api.patch(path, { title: "Changed by hand" });

  const { body: told } = await secondReceiver.waitFor();
  const updates = await receiver.waitForAll(9);
  const chain = updates.map(({ body }) => body.event_id);
  expect(told).toMatchObject({
    event_type: "system.loop_detected",
    entity_type: "system",
    actor: { type: "system", metadata: { cause_id: chain.at(-1), depth: 9 } },
    data: { current: { chain, depth: 9, request: `PATCH /api/v1${path}` } },
  });
  const depths = updates.map(({ body }) => body.actor.metadata.depth ?? 0);
  expect(depths).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  expect(answers.map(({ status }) => status)).toEqual([...Array(8).fill(200), 409]);
  expect(answers.at(-1)?.body).toMatchObject({ code: "loop_detected" });
  expect(answers.map(({ headers }) => headers.get("x-turbo-causation"))).toEqual(chain);

  const again = await api.patch<Problem>(
    path,
    { title: "Once more" },
    { headers: { "x-turbo-causation": chain.at(-1) ?? "" } },
  );
  expect(again.status).toBe(409);
  receiver.respondWith(200);
  await api.patch(path, { title: "The last of them" });
  await receiver.waitFor(({ body }) => body.data.current.title === "The last of them");
  expect(receiver.posts).toHaveLength(10);
  expect(secondReceiver.posts).toHaveLength(1);
});

test("a chain goes on through events that somebody else posts", async ({ api }) => {
  const name = "relay.passed";
  await api.post("/event-types", { name, schema: {}, sample: {} });
  type Posted = { event_id: string; actor: { metadata: { depth?: number } } };
  const pass = async (cause?: string) => {
    const headers: Record<string, string> = cause ? { "x-turbo-causation": cause } : {};
    const event = { event_type: name, data: { current: {} } };
    return (await api.post<Posted>("/events", event, { headers })).body;
  };
  const first = await pass();
  const second = await pass(first.event_id);
  const third = await pass(second.event_id);
  expect([first, second, third].map(({ actor }) => actor.metadata.depth)).toEqual([
    undefined,
    1,
    2,
  ]);
  const { body } = await api.get<Posted[]>(`/events?cause_id=${second.event_id}`);
  expect(body.map(({ event_id }) => event_id)).toEqual([third.event_id]);
});

test("a webhook that is spared its own actor's doing does not hear of it", async ({
  api,
  receiver,
}) => {
  const issue = await api.createIssue();
  const path = `/issues/${issue.id}`;
  const asClaude = { headers: { "x-turbo-actor": "ai:claude" } };
  const asked = { name: "Spared", url: receiver.url, event_types: ["issue.updated"] };
  const { status } = await api.post("/webhooks", { ...asked, skip_own: "actor" }, asClaude);
  expect(status).toBe(201);
  receiver.respondWith(async (_, number) => {
    const { status } = await api.patch(path, { description: `Seen ${number} times` }, asClaude);
    return status;
  });
  await api.patch(path, { title: "By hand" });
  await receiver.waitFor(({ body }) => body.data.current.title === "By hand");
  await api.patch(path, { title: "By hand again" });
  await receiver.waitFor(({ body }) => body.data.current.title === "By hand again");
  await api.patch(path, { title: "By hand at last" });
  await receiver.waitFor(({ body }) => body.data.current.title === "By hand at last");
  expect(receiver.posts.map(({ body }) => body.actor.name)).toEqual(Array(3).fill("unknown"));
});
