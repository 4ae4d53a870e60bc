import { NextRequest } from "next/server";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { createTestDatabase } from "@/db/testing";
import { isId, newId } from "@/lib/id";
import { useDatabase, useEnv } from "@/lib/testing";
import type { Route } from "./door";
import { serve } from "./serve";

const api = serve();

const database = await createTestDatabase();
const { sql } = database;
useDatabase(database);

beforeEach(async () => {
  useEnv();
  await sql`truncate projects, webhook_subscriptions, events cascade`;
});
afterAll(() => database.close());

type Sent = { method?: string; headers?: Record<string, string>; body?: unknown };

/** One request to `/api/v1` with these parts of its path. */
async function send(
  route: Route,
  path: string,
  { method = "GET", headers = {}, body }: Sent = {},
): Promise<{ status: number; headers: Headers; text: string }> {
  const request = new NextRequest(`http://127.0.0.1:3000/api/v1/${path}`, {
    method,
    headers: { host: "127.0.0.1:3000", "content-type": "application/json", ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const [place = ""] = path.split("?");
  const steps = place === "health" ? [place] : ["v1", ...place.split("/").filter(Boolean)];
  const response = await route(request, { params: Promise.resolve({ path: steps }) });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

const createProject = (headers: Record<string, string> = {}, name = "Apollo") =>
  send(api.POST, "projects", { method: "POST", headers, body: { name } });

async function countProjects(): Promise<number> {
  return (await sql`select from projects`).length;
}

describe("every answer", () => {
  it.each<[string, Route, Sent, number]>([
    ["a list", api.GET, {}, 200],
    ["a wrong parameter", api.GET, { headers: { "x-turbo-actor": "robot:x" } }, 422],
    ["a wrong method", api.DELETE, { method: "DELETE" }, 405],
    ["the methods", api.OPTIONS, { method: "OPTIONS" }, 204],
    ["another host", api.GET, { headers: { host: "evil.example" } }, 421],
  ])("bears a request id and the quota: %s", async (_, route, sent, status) => {
    const answer = await send(route, "projects", sent);
    expect(answer.status).toBe(status);
    expect(isId(answer.headers.get("x-request-id") ?? "")).toBe(true);
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(answer.headers.get("ratelimit-policy")).toBe('"caller";q=120000;w=60');
    expect(answer.headers.get("ratelimit")).toMatch(/^"caller";r=1\d{5};t=\d{1,2}$/);
  });

  it("tells who may not call nothing but that, with the quota of strangers", async () => {
    useEnv({ TURBO_AUTH: "required", TURBO_API_KEY: "k".repeat(24), ...exposed });
    const answer = await send(api.GET, "projects");
    expect(answer.status).toBe(401);
    expect(answer.headers.get("ratelimit")).toMatch(/^"caller";r=\d+/);
    const admitted = { headers: { authorization: `Bearer ${"k".repeat(24)}` } };
    expect((await send(api.GET, "projects", admitted)).status).toBe(200);
  });
});

const exposed = { TURBO_PUBLIC_URL: "https://turbo.example.com", TURBO_ALLOWED_HOSTS: "127.0.0.1" };

describe("a caller's quota", () => {
  it("ends in 429 with the seconds to wait; strangers may still ask for health", async () => {
    const store: { turboRateLimiter?: unknown } = globalThis as never;
    const exhausted = {
      take: () => ({ isExceeded: true, remaining: 0, resetSeconds: 17 }),
      headersOf: () => ({ ratelimit: '"caller";r=0;t=17' }),
    };
    const before = store.turboRateLimiter;
    store.turboRateLimiter = exhausted;
    try {
      const { status, headers, text } = await createProject();
      expect(status).toBe(429);
      expect(headers.get("retry-after")).toBe("17");
      expect(JSON.parse(text)).toMatchObject({ code: "too_many_requests", status: 429 });
      expect(await countProjects()).toBe(0);
      useEnv({ TURBO_AUTH: "required", TURBO_API_KEY: "k".repeat(24), ...exposed });
      expect((await send(api.GET, "health")).status).not.toBe(429);
    } finally {
      store.turboRateLimiter = before;
    }
  });
});

describe("Idempotency-Key", () => {
  it("gives the same answer again, its secret and Location too", async () => {
    const headers = { "idempotency-key": newId() };
    const body = { name: "CI", url: "https://example.com/hook", event_types: ["issue.created"] };
    const ask = () => send(api.POST, "webhooks", { method: "POST", headers, body });
    const first = await ask();
    expect(first.status).toBe(201);
    expect(first.headers.has("idempotent-replayed")).toBe(false);
    const again = await ask();
    expect(again.headers.get("idempotent-replayed")).toBe("true");
    expect([again.status, again.text]).toEqual([first.status, first.text]);
    for (const name of ["location", "etag", "content-type"])
      expect(again.headers.get(name)).toBe(first.headers.get(name));
    expect(again.headers.get("x-request-id")).not.toBe(first.headers.get("x-request-id"));
    expect(await sql`select from webhook_subscriptions`).toHaveLength(1);
  });

  it("makes one project of 20 requests at once", async () => {
    const headers = { "idempotency-key": newId() };
    const answers = await Promise.all(Array.from({ length: 20 }, () => createProject(headers)));
    for (const { status, headers: told } of answers) {
      expect([201, 409]).toContain(status);
      if (status === 409) expect(told.get("retry-after")).toBe("1");
    }
    const ids = answers
      .filter(({ status }) => status === 201)
      .map(({ text }) => JSON.parse(text).id);
    expect(new Set(ids).size).toBe(1);
    expect(await countProjects()).toBe(1);
    expect(await sql`select from events`).toHaveLength(1);
  });

  it("takes the path with or without a slash at its end for the same", async () => {
    const headers = { "idempotency-key": newId() };
    await createProject(headers);
    const again = await send(api.POST, "projects/", {
      method: "POST",
      headers,
      body: { name: "Apollo" },
    });
    expect(again.headers.get("idempotent-replayed")).toBe("true");
  });

  it("refuses another body with 422, and what is no key", async () => {
    const headers = { "idempotency-key": newId() };
    await createProject(headers);
    for (const refused of [
      await createProject(headers, "Gemini"),
      await createProject({ "idempotency-key": "" }),
    ]) {
      expect(refused.status).toBe(422);
      expect(JSON.parse(refused.text).errors[0].pointer).toBe("Idempotency-Key");
    }
    expect(await countProjects()).toBe(1);
  });

  it("keeps nothing of a refusal", async () => {
    const headers = { "idempotency-key": newId() };
    expect((await createProject(headers, "")).status).toBe(422);
    expect((await createProject(headers)).status).toBe(201);
  });

  it("counts for each caller by itself", async () => {
    useEnv({ TURBO_API_KEY: "k".repeat(24) });
    const headers = { "idempotency-key": newId() };
    await createProject(headers);
    const other = await createProject({ ...headers, authorization: `Bearer ${"k".repeat(24)}` });
    expect(other.headers.has("idempotent-replayed")).toBe(false);
    expect(await countProjects()).toBe(2);
  });
});

describe("ETag", () => {
  const create = async () => {
    const { text, headers } = await createProject();
    const { id } = JSON.parse(text);
    return { path: `projects/${id}`, etag: headers.get("etag") ?? "" };
  };
  const patch = (path: string, etag: string, name: string) =>
    send(api.PATCH, path, { method: "PATCH", headers: { "if-match": etag }, body: { name } });

  it("is the same in the answers of POST, GET, HEAD and PATCH until something changes", async () => {
    const { path, etag } = await create();
    expect(etag).toMatch(/^"v1-[\w-]+"$/);
    expect((await send(api.GET, path)).headers.get("etag")).toBe(etag);
    expect((await send(api.HEAD, path, { method: "HEAD" })).headers.get("etag")).toBe(etag);
    const changed = (await patch(path, etag, "Gemini")).headers.get("etag");
    expect(changed).toMatch(/^"v2-/);
    expect((await send(api.GET, path)).headers.get("etag")).toBe(changed);
  });

  it("is answered with 304 and nothing else to who has it", async () => {
    const { path, etag } = await create();
    for (const known of [etag, `W/${etag}`, `"x", ${etag}`, "*"]) {
      const answer = await send(api.GET, path, { headers: { "if-none-match": known } });
      expect([answer.status, answer.text, answer.headers.get("etag")]).toEqual([304, "", etag]);
    }
    const other = await send(api.GET, path, { headers: { "if-none-match": '"v1-x"' } });
    expect(other.status).toBe(200);
  });

  it("lets a change through only while it holds", async () => {
    const { path, etag } = await create();
    expect((await patch(path, etag, "Gemini")).status).toBe(200);
    const late = await patch(path, etag, "Mercury");
    expect([late.status, JSON.parse(late.text).code]).toEqual([412, "precondition_failed"]);
    const remove = (given: string) =>
      send(api.DELETE, path, { method: "DELETE", headers: { "if-match": given } });
    expect((await remove(etag)).status).toBe(412);
    expect((await remove("*")).status).toBe(204);
  });
});

describe("X-Turbo-Causation", () => {
  it("is repeated in the answer, and noted in the event of the change", async () => {
    const id = newId();
    const answer = await createProject({ "x-turbo-causation": id });
    expect(answer.headers.get("x-turbo-causation")).toBe(id);
    expect(await sql`select cause_id, depth from events`).toEqual([{ cause_id: id, depth: 1 }]);
  });

  it("must be an id, in reads too", async () => {
    const headers = { "x-turbo-causation": "an event" };
    for (const [method, route] of Object.entries({ GET: api.GET, POST: api.POST })) {
      const answer = await send(route, "projects", { method, headers });
      expect(answer.status).toBe(422);
      expect(JSON.parse(answer.text).errors[0].pointer).toBe("X-Turbo-Causation");
      expect(answer.headers.has("x-turbo-causation")).toBe(false);
    }
  });
});

it("notes the key that was shown in the event of the change", async () => {
  useEnv({ TURBO_API_KEY: "k".repeat(24) });
  await createProject({ authorization: `Bearer ${"k".repeat(24)}` });
  expect(await sql`select actor_key, actor from events`).toEqual([
    { actor_key: "admin", actor: "user:admin" },
  ]);
});
