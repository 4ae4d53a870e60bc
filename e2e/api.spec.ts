import { ok, type Entity, type Problem, type Webhook } from "./support/api";
import { isEmbedded } from "./support/engine";
import { rawRequest } from "./support/raw-request";
import { expect, test } from "./support/test";

const unknownId = "01a209d6-0000-7000-a3fd-f1689d8b54f2";
const json = { "content-type": "application/json" };
const goodWebhook = {
  name: "Test Webhook",
  url: "http://localhost:9001/webhook",
  event_types: ["issue.created"],
};

type Case = {
  what: string;
  method?: string;
  path?: string;
  headers?: Record<string, string>;
  body?: unknown;
  status: number;
  code: string;
  /** JSON pointers of the refused fields. */
  pointers?: string[];
  detail?: RegExp;
};

/** One problem document, told the same way in status, header and body. */
function expectProblem(answer: { status: number; headers: Headers; body: Problem }, wanted: Case) {
  const { status, headers, body } = answer;
  expect(status, JSON.stringify(body)).toBe(wanted.status);
  expect(headers.get("content-type")).toMatch(/^application\/problem\+json/);
  expect(headers.get("cache-control")).toBe("no-store");
  expect(body).toMatchObject({
    type: expect.any(String),
    title: expect.stringMatching(/\S/),
    status: wanted.status,
    detail: expect.stringMatching(wanted.detail ?? /\S/),
    code: wanted.code,
    request_id: headers.get("x-request-id"),
  });
  if (wanted.pointers) {
    expect(body.errors?.map(({ pointer }) => pointer)).toEqual(wanted.pointers);
  }
  for (const { code, message } of body.errors ?? []) {
    expect(code).toMatch(/^[a-z_]+$/);
    expect(message).toMatch(/\S/);
  }
  expect(JSON.stringify(body)).not.toMatch(/\bat .*\.[jt]s:\d+/);
}

const refusals: Record<string, Case[]> = {
  "a body that is no JSON object": [
    { what: "cut off", body: '{"title": "x"', status: 400, code: "malformed_json" },
    { what: "with a comma too many", body: '{"title":"x",}', status: 400, code: "malformed_json" },
    { what: "that is no JSON at all", body: "title=x", status: 400, code: "malformed_json" },
    { what: "of nothing", body: "", status: 422, code: "validation_failed", pointers: [""] },
    { what: "of null", body: "null", status: 422, code: "validation_failed", pointers: [""] },
    { what: "of an array", body: "[]", status: 422, code: "validation_failed", pointers: [""] },
    {
      what: "as a form",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: "title=x",
      status: 415,
      code: "unsupported_media_type",
    },
    {
      what: "as text",
      headers: { "content-type": "text/plain" },
      body: '{"title":"x"}',
      status: 415,
      code: "unsupported_media_type",
    },
  ],
  "an issue": [
    { what: "without a title", body: {}, pointers: ["/title"] },
    { what: "with an empty title", body: { title: "" }, pointers: ["/title"] },
    { what: "with a blank title", body: { title: " \n " }, pointers: ["/title"] },
    {
      what: "with a title of 201 characters",
      body: { title: "x".repeat(201) },
      pointers: ["/title"],
    },
    { what: "with a number for a title", body: { title: 7 }, pointers: ["/title"] },
    { what: "with NUL in its title", body: { title: "a\u0000b" }, pointers: ["/title"] },
    { what: "with half a character", body: '{"title":"\\ud800"}', pointers: ["/title"] },
    {
      what: "with NUL in its description",
      body: { title: "x", description: "\u0000" },
      pointers: ["/description"],
    },
    { what: "of an unknown type", body: { title: "x", type: "epic" }, pointers: ["/type"] },
    {
      what: "with two wrong fields",
      body: { title: "x", status: "done", priority: "urgent" },
      pointers: ["/status", "/priority"],
    },
    {
      what: "due on no day",
      body: { title: "x", due_date: "2026-02-30" },
      pointers: ["/due_date"],
    },
    { what: "with an unknown field", body: { title: "x", colour: "red" }, pointers: ["/colour"] },
    { what: "that sets its own id", body: { title: "x", id: unknownId }, pointers: ["/id"] },
    {
      what: "of a project that is not there",
      body: { title: "x", project_id: unknownId },
      pointers: ["/project_id"],
    },
    {
      what: "of a project that has no id",
      body: { title: "x", project_id: "1 or 1=1" },
      pointers: ["/project_id"],
    },
    {
      what: "with __proto__",
      body: '{"title":"x","__proto__":{"status":"closed"}}',
      pointers: ["/__proto__"],
    },
    { what: "with constructor", body: { title: "x", constructor: {} }, pointers: ["/constructor"] },
  ].map((one) => ({ ...one, status: 422, code: "validation_failed" })),
  "a webhook": [
    { what: "without anything", body: {}, pointers: ["/name", "/url", "/event_types"] },
    { what: "with an empty name", body: { ...goodWebhook, name: "" }, pointers: ["/name"] },
    {
      what: "with a name of 101 characters",
      body: { ...goodWebhook, name: "x".repeat(101) },
      pointers: ["/name"],
    },
    {
      what: "without event types",
      body: { ...goodWebhook, event_types: [] },
      pointers: ["/event_types"],
    },
    {
      what: "for an unknown event type",
      body: { ...goodWebhook, event_types: ["issue.exploded"] },
      pointers: ["/event_types/0"],
      detail: /issue\.exploded/,
    },
    {
      what: "for a type that cannot be asked for, behind one that can",
      body: { ...goodWebhook, event_types: ["issue.*", "webhook.test"] },
      pointers: ["/event_types/1"],
    },
    { what: "to ftp", url: "ftp://example.com/x" },
    { what: "to a script", url: "javascript:alert(1)" },
    { what: "to a file", url: "file:///etc/passwd" },
    { what: "to a relative address", url: "/webhook" },
    { what: "to no host", url: "http://" },
    { what: "with a user and a password", url: "http://user:geheim@example.com/" },
    { what: "to a private address", url: "http://10.0.0.1/webhook" },
    { what: "to a private address in hexadecimal", url: "http://0x0a000001/webhook" },
    { what: "to a private address in IPv6", url: "http://[::ffff:192.168.1.1]/webhook" },
    { what: "to the metadata of a cloud", url: "http://169.254.169.254/latest/meta-data" },
    { what: "with a line break", url: "http://localhost:9001/web\nhook" },
    { what: "of 2,049 characters", url: `http://localhost:9001/${"x".repeat(2_027)}` },
    {
      what: "with a short secret",
      body: { ...goodWebhook, secret_token: "short" },
      pointers: ["/secret_token"],
    },
    {
      what: "with a text for active",
      body: { ...goodWebhook, active: "yes" },
      pointers: ["/active"],
    },
    {
      what: "with an unknown field",
      body: { ...goodWebhook, colour: "red" },
      pointers: ["/colour"],
    },
  ].map(({ url, ...one }) => ({
    ...(url === undefined ? {} : { body: { ...goodWebhook, url }, pointers: ["/url"] }),
    ...one,
    path: "/webhooks",
    status: 422,
    code: "validation_failed",
  })),
  "a list": [
    { what: "of none", path: "/issues?limit=0", pointers: ["/limit"] },
    { what: "of 101", path: "/issues?limit=101", pointers: ["/limit"] },
    { what: "of some", path: "/issues?limit=some", pointers: ["/limit"] },
    { what: "behind a made-up cursor", path: "/issues?cursor=abc", pointers: ["/cursor"] },
    { what: "by an unknown parameter", path: "/webhooks?sort=name", pointers: ["/sort"] },
    { what: "of deliveries in no state", path: "/deliveries?status=lost", pointers: ["/status"] },
    { what: "of deliveries since never", path: "/deliveries?since=never", pointers: ["/since"] },
    {
      what: "of deliveries of no webhook",
      path: "/deliveries?webhook_id=1",
      pointers: ["/webhook_id"],
    },
  ].map((one) => ({ ...one, method: "GET", status: 422, code: "validation_failed" })),
  "what is not there": [
    ...["/webhooks", "/issues", "/projects", "/deliveries", "/events"].flatMap((list) =>
      [unknownId, "no-id"].map((id) => ({ what: `${list}/${id}`, path: `${list}/${id}`, id })),
    ),
    { what: "its deliveries", path: `/webhooks/${unknownId}/deliveries`, id: unknownId },
    ...["pause", "resume", "rotate-secret", "test"].map((verb) => ({
      what: verb,
      method: "POST",
      path: `/webhooks/${unknownId}/${verb}`,
      id: unknownId,
    })),
    { what: "retry", method: "POST", path: `/deliveries/${unknownId}/retry`, id: unknownId },
    ...["/webhooks", "/issues", "/projects"].flatMap((list) => [
      {
        what: `PATCH ${list}`,
        method: "PATCH",
        path: `${list}/${unknownId}`,
        body: {},
        id: unknownId,
      },
      { what: `DELETE ${list}`, method: "DELETE", path: `${list}/${unknownId}`, id: unknownId },
    ]),
    { what: "a resource of another name", path: "/unicorns", id: "unicorns" },
    { what: "a name of every object", path: "/constructor", id: "constructor" },
    { what: "a longer path", path: "/issues/a/b/c/d", id: "issues/a/b/c/d" },
  ].map(({ id, ...one }) => ({
    method: "GET",
    ...one,
    status: 404,
    code: "not_found",
    detail: new RegExp(id),
  })),
};

for (const [title, cases] of Object.entries(refusals)) {
  test(`refuses ${title}`, async ({ api }) => {
    for (const wanted of cases) {
      const { method = "POST", path = "/issues", body, headers } = wanted;
      await test.step(wanted.what, async () => {
        const answer = await api.send<Problem>(method, path, { body, headers });
        expectProblem(answer, wanted);
        expect(JSON.stringify(answer.body), "no password is repeated").not.toContain("geheim");
      });
    }
  });
}

test("a refused PATCH changes nothing", async ({ api }) => {
  const issue = await api.createIssue();
  const path = `/issues/${issue.id}`;
  for (const body of [{ title: "" }, { title: "new", status: "done" }, { created_by: "me" }]) {
    expect((await api.patch(path, body)).status).toBe(422);
  }
  expect(ok(await api.get<Entity>(path))).toEqual(issue);
});

test("a wrong method is told which are right", async ({ appUrl }) => {
  const id = unknownId;
  const wrong: [string, string, string[]][] = [
    ["/api/v1/webhooks", "DELETE", ["GET", "HEAD", "POST"]],
    ["/api/v1/webhooks", "PUT", ["GET", "HEAD", "POST"]],
    [`/api/v1/webhooks/${id}`, "POST", ["GET", "HEAD", "PATCH", "DELETE"]],
    [`/api/v1/webhooks/${id}/pause`, "GET", ["POST"]],
    [`/api/v1/webhooks/${id}/resume`, "HEAD", ["POST"]],
    [`/api/v1/webhooks/${id}/rotate-secret`, "DELETE", ["POST"]],
    [`/api/v1/webhooks/${id}/test`, "PATCH", ["POST"]],
    [`/api/v1/webhooks/${id}/deliveries`, "POST", ["GET", "HEAD"]],
    ["/api/v1/deliveries", "POST", ["GET", "HEAD"]],
    [`/api/v1/deliveries/${id}`, "DELETE", ["GET", "HEAD"]],
    [`/api/v1/deliveries/${id}/retry`, "GET", ["POST"]],
    ["/api/v1/issues", "PATCH", ["GET", "HEAD", "POST"]],
    [`/api/v1/issues/${id}`, "PUT", ["GET", "HEAD", "PATCH", "DELETE"]],
    ["/api/v1/projects/", "DELETE", ["GET", "HEAD", "POST"]],
    ["/api/health", "POST", ["GET", "HEAD"]],
  ];
  for (const [path, method, right] of wrong) {
    await test.step(`${method} ${path}`, async () => {
      const { status, headers, text } = await rawRequest(appUrl, { path, method });
      expect(status).toBe(405);
      const allowed = headers.allow?.split(", ").filter((one) => one !== "OPTIONS");
      expect(allowed?.toSorted()).toEqual(right.toSorted());
      if (method !== "HEAD") expect(JSON.parse(text)).toMatchObject({ code: "method_not_allowed" });
      const options = await rawRequest(appUrl, { path, method: "OPTIONS" });
      expect(options).toMatchObject({ status: 204, headers: { allow: headers.allow } });
    });
  }
});

test("methods and paths that nobody sends in earnest are refused, not failed on", async ({
  appUrl,
}) => {
  for (const method of ["TRACE", "PROPFIND"]) {
    const { status, headers, text } = await rawRequest(appUrl, { path: "/api/v1/issues", method });
    expect(status, method).toBe(405);
    expect(headers.allow).toContain("GET");
    expect(JSON.parse(text)).toMatchObject({ status: 405, code: "method_not_allowed" });
  }
  for (const path of ["/api/v1/issues/%zz", "/api/v1/issues/%00", "/api/v1/issues/..%2f..%2fx"]) {
    const { status, text } = await rawRequest(appUrl, { path });
    expect(status, path).toBe(404);
    expect(JSON.parse(text)).toMatchObject({ status: 404, code: "not_found" });
  }
});

test("a body over 1 MiB is refused, whether its length is told or not", async ({ appUrl }) => {
  const path = "/api/v1/issues";
  const body = JSON.stringify({ title: "x", description: "x".repeat(1024 * 1024) });
  for (const isChunked of [false, true]) {
    const answer = await rawRequest(appUrl, {
      method: "POST",
      path,
      headers: json,
      body,
      isChunked,
    });
    expect(answer.status, `chunked: ${isChunked}`).toBe(413);
    expect(JSON.parse(answer.text)).toMatchObject({ status: 413, code: "payload_too_large" });
  }
  const fits = JSON.stringify({ title: "x", description: "x".repeat(90_000) });
  const sent = { method: "POST", path, headers: json, body: fits, isChunked: true };
  const answer = await rawRequest(appUrl, sent);
  expect(answer.status).toBe(201);
});

test("a request for another host is refused, on pages too", async ({ app }) => {
  for (const path of ["/api/v1/webhooks", "/api/health", "/settings/webhooks", "/nothing"]) {
    for (const host of ["evil.example", `evil.example:${app.port}`, "127.0.0.1.evil.example"]) {
      const { status, text } = await rawRequest(app.url, { path, headers: { host } });
      expect(status, `${path} for "${host}"`).toBe(421);
      expect(JSON.parse(text)).toMatchObject({ code: "wrong_host" });
    }
  }
  for (const host of [`localhost:${app.port}`, "127.0.0.1", `[::1]:${app.port}`]) {
    const { status } = await rawRequest(app.url, { path: "/api/v1/webhooks", headers: { host } });
    expect(status, host).toBe(200);
  }
});

test("a request that came through a proxy is refused with the reason", async ({ appUrl }) => {
  const bearing: [string, string][] = [
    ["x-forwarded-for", "203.0.113.7"],
    ["x-forwarded-host", "turbo.example"],
    ["forwarded", "for=203.0.113.7"],
    ["via", "1.1 proxy"],
  ];
  for (const path of ["/api/v1/webhooks", "/settings/webhooks"]) {
    for (const [header, value] of bearing) {
      const { status, text } = await rawRequest(appUrl, { path, headers: { [header]: value } });
      expect(status, `${path} with ${header}`).toBe(403);
      expect(JSON.parse(text)).toMatchObject({
        code: "forbidden",
        detail: expect.stringContaining("TURBO_AUTH=required"),
      });
    }
  }
});

test("a write from another site is refused", async ({ api, appUrl }) => {
  const foreign: Record<string, string>[] = [
    { origin: "https://evil.example" },
    { origin: "null" },
    { origin: "http://localhost:1" },
    { "sec-fetch-site": "cross-site" },
  ];
  for (const headers of foreign) {
    const answer = await api.post<Problem>("/issues", { title: "x" }, { headers });
    expectProblem(answer, { what: "", status: 403, code: "forbidden" });
  }
  const own = await api.post("/issues", { title: "x" }, { headers: { origin: appUrl } });
  expect(own.status).toBe(201);
});

test("pages of a list neither repeat nor miss anything while rows are added", async ({ api }) => {
  const project = await api.createProject();
  const filter = `project_id=${project.id}`;
  const ids: string[] = [];
  for (let n = 0; n < 7; n += 1)
    ids.unshift((await api.createIssue({ project_id: project.id })).id);
  const seen: string[] = [];
  let path: string | null = `/issues?${filter}&limit=2`;
  while (path) {
    const page: { headers: Headers; body: Entity[] } = await api.get<Entity[]>(path);
    seen.push(...page.body.map(({ id }) => id));
    await api.createIssue({ project_id: project.id });
    const next: RegExpExecArray | null = /^<\/api\/v1(.+)>; rel="next"$/.exec(
      page.headers.get("link") ?? "",
    );
    path = next?.[1] ?? null;
    if (path) expect(path).toContain(filter);
  }
  expect(seen).toEqual(ids);
  expect(ok(await api.get<Entity[]>(`/issues?${filter}`))).toHaveLength(11);
});

test("every route takes a slash at its end", async ({ api, receiver }) => {
  const created = await api.post<Webhook>("/webhooks/", { ...goodWebhook, url: receiver.url });
  expect(created.status).toBe(201);
  expect(created.headers.get("location")).toBe(`/api/v1/webhooks/${created.body.id}`);
  const project = await api.post<Entity>("/projects/", { name: "x" });
  const issue = await api.post<Entity>("/issues/", { title: "x", project_id: project.body.id });
  expect([project.status, issue.status]).toEqual([201, 201]);
  const { headers } = await receiver.waitFor();
  const delivery = String(headers["x-turbo-delivery-id"]);
  const webhook = created.body.id;
  await api.waitForDelivery(
    created.body,
    String(headers["webhook-id"]),
    ({ status }) => status === "success",
  );

  const calls: [string, string, number][] = [
    ["GET", "/webhooks/", 200],
    ["GET", `/webhooks/${webhook}/`, 200],
    ["GET", `/webhooks/${webhook}/deliveries/`, 200],
    ["POST", `/webhooks/${webhook}/pause/`, 200],
    ["POST", `/webhooks/${webhook}/resume/`, 200],
    ["POST", `/webhooks/${webhook}/rotate-secret/`, 200],
    ["POST", `/webhooks/${webhook}/test/`, 202],
    ["GET", "/deliveries/", 200],
    ["GET", `/deliveries/${delivery}/`, 200],
    ["POST", `/deliveries/${delivery}/retry/`, 202],
    ["GET", "/issues/", 200],
    ["GET", `/issues/${issue.body.id}/`, 200],
    ["DELETE", `/issues/${issue.body.id}/`, 204],
    ["DELETE", `/projects/${project.body.id}/`, 204],
    ["DELETE", `/webhooks/${webhook}/`, 204],
  ];
  for (const [method, path, status] of calls) {
    expect((await api.send(method, path)).status, `${method} ${path}`).toBe(status);
  }
});

test("HEAD answers as GET does, without a body", async ({ appUrl, api }) => {
  const issue = await api.createIssue();
  for (const path of ["/issues", `/issues/${issue.id}`, `/issues/${unknownId}`, "/webhooks/"]) {
    const get = await api.get(path);
    const head = await rawRequest(appUrl, { method: "HEAD", path: `/api/v1${path}` });
    expect(get.status, path).toBe(path.endsWith(unknownId) ? 404 : 200);
    expect(head.status, path).toBe(get.status);
    expect(head.headers["content-type"]).toBe(get.headers.get("content-type"));
    expect(head.text).toBe("");
  }
});

test("hostile names are stored as they are and change nothing else", async ({ api }) => {
  const titles = ["'; drop table issues; --", "<script>alert(1)</script>", "${7*7}", "a\u200Db"];
  for (const title of titles) {
    const issue = await api.createIssue({ title });
    expect(ok(await api.get<Entity>(`/issues/${issue.id}`)).title).toBe(title);
    const [found] = ok(await api.get<Entity[]>("/issues?limit=1"));
    expect(found).toEqual(issue);
  }
  expect(await api.createIssue({ title: "x" })).toMatchObject({ status: "open", type: "task" });
});

test("titles that cannot be seen, or turn what stands beside them, are refused", async ({
  api,
}) => {
  for (const title of ["\u200B", "\u202E", "a\u202Ebc", "a\r\nb", "\u3164"])
    expect((await api.post("/issues", { title })).status, title).toBe(422);
});

test("a description of 100,000 characters is taken, one more is not", async ({ api }) => {
  const description = "ä".repeat(100_000);
  expect((await api.createIssue({ description })).description).toBe(description);
  const answer = await api.post<Problem>("/issues", { title: "x", description: `${description}ä` });
  expectProblem(answer, {
    what: "",
    status: 422,
    code: "validation_failed",
    pointers: ["/description"],
  });
});

test("the address of this service itself is refused as a receiver", async ({ api, app }) => {
  for (const host of ["127.0.0.1", "localhost", "[::1]", "127.1", "0.0.0.0"]) {
    const url = `http://${host}:${app.port}/api/v1/issues`;
    const answer = await api.post<Problem>("/webhooks", { ...goodWebhook, url });
    expectProblem(answer, {
      what: host,
      status: 422,
      code: "validation_failed",
      pointers: ["/url"],
    });
  }
});

test("health tells what runs", async ({ appUrl }) => {
  const { status, text } = await rawRequest(appUrl, { path: "/api/health" });
  expect(status).toBe(200);
  expect(JSON.parse(text)).toMatchObject({
    status: "ok",
    database: { ok: true },
    engine: { ok: true, kind: isEmbedded ? "embedded" : "server" },
  });
  if (!isEmbedded) return;
  const inngest = await rawRequest(appUrl, { path: "/api/inngest" });
  expect(inngest.status, "the embedded engine is called in process alone").toBe(404);
});
