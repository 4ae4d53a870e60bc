import { NextRequest } from "next/server";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { createTestDatabase } from "@/db/testing";
import { newId } from "@/lib/id";
import { useDatabase, useEnv } from "@/lib/testing";
import { serve } from "./serve";

const api = serve();

const database = await createTestDatabase();
const { sql } = database;
useDatabase(database);

beforeEach(async () => {
  useEnv();
  await sql`truncate webhook_subscriptions, events cascade`;
});
afterAll(() => database.close());

async function send(route: typeof api.GET, path: string, body?: object) {
  const request = new NextRequest(`http://127.0.0.1:3000/api/v1/${path}`, {
    method: body ? "POST" : "GET",
    headers: { host: "127.0.0.1:3000", "content-type": "application/json" },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  const steps = ["v1", ...(path.split("?")[0] ?? "").split("/")];
  const response = await route(request, { params: Promise.resolve({ path: steps }) });
  return { status: response.status, headers: response.headers, data: await response.json() };
}

async function addWebhook(event_types: string[]): Promise<string> {
  const input = { name: "CI", url: "https://example.com/hook", event_types };
  return (await send(api.POST, "webhooks", input)).data.id;
}

async function addEvent(): Promise<string> {
  const id = newId();
  const row = {
    id,
    type: "tag.created",
    entity_type: "tag",
    entity_id: newId(),
    entity_version: 1,
  };
  const body = JSON.stringify({ event_id: id, event_type: row.type });
  await sql`insert into events ${sql({ ...row, body, created_at: new Date() })}`;
  return id;
}

describe("GET /events/{id}/explain", () => {
  it("answers of one webhook, or pages over all of them", async () => {
    const [first, second] = [await addWebhook(["issue.*"]), await addWebhook(["tag.*"])];
    const id = await addEvent();
    const one = await send(api.GET, `events/${id}/explain?webhook_id=${first}`);
    expect(one).toMatchObject({ status: 200, data: { verdict: "not_subscribed" } });
    const page = await send(api.GET, `events/${id}/explain?limit=1`);
    expect(page.data).toMatchObject([{ webhook_id: second, verdict: "missing" }]);
    const next = /<\/api\/v1\/(.*)>; rel="next"/.exec(page.headers.get("link") ?? "")?.[1];
    const rest = await send(api.GET, next ?? "");
    expect(rest.data).toEqual([one.data]);
    expect(rest.headers.get("link")).toBeNull();
  });

  it("finds no event that is not there", async () => {
    const id = newId();
    const { status, data } = await send(api.GET, `events/${id}/explain`);
    expect([status, data.detail]).toEqual([404, `Event ${id} not found`]);
  });
});

describe("GET /events/{id}", () => {
  it("answers the event, and why each webhook got it or did not", async () => {
    const webhook_id = await addWebhook(["issue.*"]);
    const id = await addEvent();
    const { status, headers, data } = await send(api.GET, `events/${id}`);
    expect(status).toBe(200);
    expect(headers.get("etag")).toMatch(/^"/);
    expect(data).toMatchObject({
      event_id: id,
      event_type: "tag.created",
      deliveries: [],
      webhooks: [{ webhook_id, verdict: "not_subscribed" }],
    });
  });
});

describe("POST /webhooks/dry-run", () => {
  it("answers what would have matched", async () => {
    const id = await addEvent();
    const answer = await send(api.POST, "webhooks/dry-run", { event_types: ["tag.*"] });
    expect(answer).toMatchObject({
      status: 200,
      data: { examined: 1, matched: 1, is_complete: true, events: [{ event_id: id }] },
    });
  });

  it("points at what is wrong with the filters", async () => {
    const input = { event_types: ["tag.created"], filters: { "current.nam": "x" } };
    const { status, data } = await send(api.POST, "webhooks/dry-run", input);
    expect([status, data.errors[0].pointer]).toEqual([422, "/filters/current.nam"]);
    expect(data.errors[0].message).toContain("did you mean current.name?");
  });
});
