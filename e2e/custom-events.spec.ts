import { type Api, ok, type Problem } from "./support/api";
import type { EventBody } from "./support/receiver";
import { expect, test } from "./support/test";

type EventType = {
  name: string;
  source: string;
  schema: Record<string, unknown>;
  sample: Record<string, unknown>;
  example: EventBody;
};

const schema = {
  type: "object",
  properties: { title: { type: "string", minLength: 1 }, room: { type: "integer" } },
  required: ["title"],
  additionalProperties: false,
};
const sample = { title: "Planning", room: 12 };

/** Registers a type of a name that no other test has. */
async function register(api: Api, name: string): Promise<string> {
  const { status, headers } = await api.post("/event-types", { name, schema, sample });
  expect([status, headers.get("location")]).toEqual([201, `/api/v1/event-types/${name}`]);
  return name;
}

test("what somebody else has to tell is registered, posted and delivered as any event", async ({
  api,
  receiver,
}) => {
  const event_type = await register(api, "calendar.booked");
  const webhook = await api.createWebhook(receiver.url, { event_types: [event_type] });
  const posted = await api.post<EventBody>(
    "/events",
    { event_type, data: { current: sample } },
    { headers: { "x-turbo-actor": "ai:claude" } },
  );
  const { event_id } = posted.body;
  expect([posted.status, posted.headers.get("location")]).toEqual([
    201,
    `/api/v1/events/${event_id}`,
  ]);
  const { body, headers } = await receiver.waitFor();
  expect(body).toEqual(posted.body);
  expect(headers["x-turbo-event"]).toBe(event_type);
  expect(body).toMatchObject({
    event_type,
    entity_type: "calendar",
    action: "booked",
    entity_version: 1,
    actor: { type: "ai", name: "claude" },
    data: { current: sample, previous: null, changes: [] },
  });
  expect(ok(await api.get<EventBody>(`/events/${event_id}`))).toMatchObject(body);

  const inUse = await api.delete<Problem>(`/event-types/${event_type}`);
  expect([inUse.status, inUse.body.detail]).toEqual([409, expect.stringContaining("1 webhook")]);
  await api.delete(`/webhooks/${webhook.id}`);
  expect((await api.delete(`/event-types/${event_type}`)).status).toBe(204);
  expect((await api.get(`/event-types/${event_type}`)).status).toBe(404);
});

test("many events are all recorded, in their order, or all refused with pointers", async ({
  api,
  receiver,
}) => {
  const event_type = await register(api, "calendar.moved");
  await api.createWebhook(receiver.url, { event_types: ["calendar.*"] });
  const event = (title: string) => ({ event_type, data: { current: { title } } });
  const refused = await api.post<Problem>("/events", [
    event("a"),
    event(""),
    { event_type: "issue.created", data: { current: { title: "b" } } },
    { event_type, data: { current: { title: "c", floor: 1 } } },
  ]);
  expect(refused.status).toBe(422);
  expect(refused.body.errors?.map(({ pointer, code }) => `${pointer} ${code}`)).toEqual([
    "/1/data/current/title invalid",
    "/2/event_type not_allowed",
    "/3/data/current/floor unknown_field",
  ]);
  const titles = Array.from({ length: 100 }, (_, place) => `Meeting ${place}`);
  const { status, body } = await api.post<EventBody[]>("/events", titles.map(event));
  expect(status).toBe(201);
  expect(body.map(({ data }) => data.current.title)).toEqual(titles);
  const received = await receiver.waitForAll(100);
  expect(new Set(received.map((one) => one.body.data.current.title))).toEqual(new Set(titles));

  const first = await api.get<EventBody[]>(`/events?event_type=${event_type}&limit=60`);
  expect(ok(first)).toEqual(body.toReversed().slice(0, 60));
  const next = /<\/api\/v1(.*)>; rel="next"/.exec(first.headers.get("link") ?? "")?.[1];
  expect(ok(await api.get<EventBody[]>(String(next)))).toEqual(body.toReversed().slice(60));
  expect(received).toHaveLength(100);
});

test("the types are listed with what each shows, Turbo's own and others", async ({ api }) => {
  const name = await register(api, "terminal.opened");
  const types: EventType[] = [];
  let path: string | undefined = "/event-types?limit=25";
  while (path) {
    const page: { headers: Headers; body: EventType[] } = await api.get<EventType[]>(path);
    types.push(...page.body);
    path = /<\/api\/v1(.*)>; rel="next"/.exec(page.headers.get("link") ?? "")?.[1];
  }
  const names = types.map((type) => type.name);
  expect(names).toEqual(names.toSorted());
  expect(names).toEqual(expect.arrayContaining([name, "issue.created", "webhook.test"]));
  expect(types.filter((type) => type.name.startsWith("terminal."))).toMatchObject([
    { source: "registered", schema, sample, example: { event_type: name } },
  ]);
  const one = await api.get<EventType>("/event-types/issue.closed");
  expect(one.body).toMatchObject({ source: "catalogue", example: { action: "closed" } });
  expect((await api.patch("/event-types/issue.closed", { description: "a" })).status).toBe(409);
});

test("a type is changed by whoever has seen it as it is", async ({ api }) => {
  const name = await register(api, "literature.found");
  const { headers } = await api.get(`/event-types/${name}`);
  const matching = { headers: { "if-match": headers.get("etag") ?? "" } };
  const wrong = await api.patch<Problem>(`/event-types/${name}`, { sample: {} }, matching);
  expect([wrong.status, wrong.body.errors?.[0]?.pointer]).toEqual([422, "/sample/title"]);
  const change = { description: "A paper was found." };
  expect(ok(await api.patch(`/event-types/${name}`, change, matching))).toMatchObject(change);
  expect((await api.patch(`/event-types/${name}`, change, matching)).status).toBe(412);
  expect((await api.delete(`/event-types/${name}`, matching)).status).toBe(412);
});

test("an event with a key is recorded once, however often it is posted", async ({ api }) => {
  const event_type = await register(api, "calendar.cancelled");
  const keyed = { headers: { "idempotency-key": "cancel-1" } };
  const post = () =>
    api.post<EventBody>("/events", { event_type, data: { current: sample } }, keyed);
  const first = await post();
  const second = await post();
  expect(second.body).toEqual(first.body);
  expect(second.headers.get("idempotent-replayed")).toBe("true");
  expect(ok(await api.get<EventBody[]>(`/events?event_type=${event_type}`))).toHaveLength(1);
});

test("who made a backup or an analysis tells of it, and nobody else of what is Turbo's", async ({
  api,
  receiver,
}) => {
  await api.createWebhook(receiver.url, { event_types: ["system.backup_completed"] });
  const current = { size_bytes: 1024, location: "s3://backups/turbo" };
  const post = (event_type: string, data: unknown) =>
    api.post<Problem>("/events", { event_type, data });
  expect((await post("system.backup_completed", { current })).status).toBe(201);
  expect((await receiver.waitFor()).body.data.current).toEqual(current);
  for (const type of ["system.daily_digest", "issue.created", "webhook.test"]) {
    const { status, body } = await post(type, { current });
    expect([status, body.errors?.[0]?.pointer]).toEqual([422, "/event_type"]);
  }
});

test("a schema that could hang whoever checks by it is refused", async ({ api }) => {
  const next = (place: number) => ({ $ref: `#/$defs/a${place + 1}` });
  const $defs = Object.fromEntries(
    Array.from({ length: 40 }, (_, place) => [`a${place}`, { allOf: [next(place), next(place)] }]),
  );
  const hostile: [Record<string, unknown>, string][] = [
    [{ properties: { a: { pattern: "^(a+)+\\1$" } } }, "/schema/properties/a/pattern"],
    [{ $ref: "#" }, "/schema/$ref"],
    [{ $ref: "http://127.0.0.1:1/schema.json" }, "/schema/$ref"],
    [{ $defs: { ...$defs, a40: {} }, $ref: "#/$defs/a0" }, "/schema"],
  ];
  for (const [schema, pointer] of hostile) {
    const asked = { name: "calendar.hostile", schema, sample };
    const { status, body } = await api.post<Problem>("/event-types", asked);
    expect([status, body.errors?.[0]?.pointer]).toEqual([422, pointer]);
  }
});
