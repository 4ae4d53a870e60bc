import type { Page } from "@playwright/test";
import { Api, type Problem } from "./support/api";
import { startApp, type App } from "./support/app";
import { findFreePort } from "@/test/kit/port";
import { rawRequest } from "./support/raw-request";
import { expect, quickSettings, test } from "./support/test";

const key = "an-api-key-of-30-characters-it-is";
const id = "01a209d6-0000-7000-a3fd-f1689d8b54f2";

let app: App;
let publicUrl: string;

test.beforeAll(async () => {
  const port = String(await findFreePort());
  publicUrl = `http://localhost:${port}`;
  app = await startApp({
    ...quickSettings,
    PORT: port,
    TURBO_AUTH: "required",
    TURBO_API_KEY: key,
    TURBO_SECRET_KEY: "a-secret-key-of-many-characters",
    TURBO_PUBLIC_URL: publicUrl,
  });
});

test.afterAll(async () => {
  await app?.remove();
});

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

const calls: [string, string][] = [
  ...["webhooks", "issues", "projects"].flatMap((list): [string, string][] => [
    ["GET", `/${list}`],
    ["POST", `/${list}`],
    ["GET", `/${list}/${id}`],
    ["PATCH", `/${list}/${id}`],
    ["DELETE", `/${list}/${id}`],
  ]),
  ...["pause", "resume", "rotate-secret", "test"].map((verb): [string, string] => [
    "POST",
    `/webhooks/${id}/${verb}`,
  ]),
  ["GET", `/webhooks/${id}/deliveries`],
  ["GET", "/deliveries"],
  ["GET", `/deliveries/${id}`],
  ["POST", `/deliveries/${id}/retry`],
  ["GET", `/events/${id}`],
  ["GET", "/unicorns"],
];

test("every route asks for the key", async () => {
  const strangers: Record<string, string>[] = [
    {},
    bearer("another-key-of-30-characters-xx"),
    bearer(""),
    { authorization: `Basic ${Buffer.from(`admin:${key}`).toString("base64")}` },
    { cookie: "turbo-session=9999999999.made-up" },
    // Headers that once led past a middleware's check.
    { "x-middleware-subrequest": "middleware:middleware:middleware:middleware:middleware" },
  ];
  for (const headers of strangers) {
    const api = new Api(app.url, headers);
    for (const [method, path] of calls) {
      const answer = await api.send<Problem>(method, path);
      expect(answer.status, `${method} ${path}`).toBe(401);
      expect(answer.body).toMatchObject({ status: 401, code: "unauthorized" });
      expect(answer.headers.get("www-authenticate")).toMatch(/^Bearer/);
    }
  }
});

test("health tells a stranger whether it is well, and no more", async () => {
  const stranger = await rawRequest(app.url, { path: "/api/health" });
  expect(stranger.status).toBe(200);
  expect(JSON.parse(stranger.text)).toEqual({ status: "ok" });
  const known = await rawRequest(app.url, { path: "/api/health", headers: bearer(key) });
  expect(JSON.parse(known.text)).toMatchObject({ status: "ok", database: { ok: true } });
});

test("the key opens the API", async () => {
  const api = new Api(app.url, bearer(key));
  const issue = await api.createIssue({ title: "x" });
  expect((await api.get(`/issues/${issue.id}`)).status).toBe(200);
  expect((await api.get("/webhooks")).status).toBe(200);
});

test("behind a proxy it is served, but only for the names it is known by", async () => {
  const headers = { ...bearer(key), "x-forwarded-for": "203.0.113.7" };
  const path = "/api/v1/webhooks";
  expect((await rawRequest(app.url, { path, headers })).status).toBe(200);
  const asked = { path, headers: { ...headers, host: "evil.example" } };
  expect((await rawRequest(app.url, asked)).status).toBe(421);
});

test("only https receivers at public addresses are taken", async () => {
  const api = new Api(app.url, bearer(key));
  const urls: [string, string][] = [
    ["http://example.com/webhook", "url_https_required"],
    ["http://localhost:9001/webhook", "url_not_allowed"],
    ["https://localhost:9001/webhook", "url_not_allowed"],
    ["https://127.0.0.1/webhook", "url_not_allowed"],
    ["https://[::1]/webhook", "url_not_allowed"],
    ["https://10.0.0.1/webhook", "url_not_allowed"],
    ["https://192.168.1.1/webhook", "url_not_allowed"],
    ["https://0xa9fea9fe/latest/meta-data", "url_not_allowed"],
    ["https://[64:ff9b::10.0.0.1]/webhook", "url_not_allowed"],
    [`${publicUrl.replace("http:", "https:")}/x`, "url_self"],
  ];
  for (const [url, code] of urls) {
    const fields = { name: "x", url, event_types: ["*"] };
    const { status, body } = await api.post<Problem>("/webhooks", fields);
    expect(status, url).toBe(422);
    expect(body.errors, url).toMatchObject([{ pointer: "/url", code }]);
  }
  const paused = { active: false, event_types: ["issue.deleted"] };
  await api.createWebhook("https://receiver.example.com/webhook", paused);
});

test("a page leads a stranger to the sign-in page", async () => {
  for (const path of ["/", "/settings/webhooks", `/settings/webhooks/${id}`]) {
    const { status, headers, text } = await rawRequest(app.url, { path });
    expect(status, path).toBe(307);
    expect(headers.location).toMatch(/^\/sign-in/);
    expect(text).not.toContain("Create Webhook");
  }
});

async function signIn(page: Page, text: string): Promise<void> {
  await page.getByLabel("API key").fill(text);
  await page.getByRole("button", { name: "Sign in" }).click();
}

test("signing in with the key opens the page, and a wrong key does not", async ({
  page,
  context,
}) => {
  await page.goto(`${publicUrl}/settings/webhooks`);
  await expect(page).toHaveURL(/\/sign-in/);
  await signIn(page, "not-the-key-of-this-installation");
  await expect(page.getByText("not the API key").first()).toBeVisible();
  expect(await context.cookies()).toEqual([]);

  await signIn(page, key);
  await expect(page).toHaveURL(/\/settings\/webhooks$/);
  await expect(page.getByRole("heading", { name: "Webhook Settings" })).toBeVisible();
  const [cookie, ...others] = await context.cookies();
  expect(others).toEqual([]);
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: "Lax", path: "/" });
  expect(cookie?.value).not.toContain(key);

  const session = { cookie: `${cookie?.name}=${cookie?.value}` };
  const api = new Api(app.url, session);
  expect((await api.get("/webhooks")).status).toBe(200);
  const foreign = { headers: { origin: "https://evil.example" } };
  expect((await api.post("/issues", { title: "x" }, foreign)).status).toBe(403);
  const longer = new Api(app.url, {
    cookie: session.cookie.replace(/=(\d+)\./, (_, end) => `=${Number(end) + 1}.`),
  });
  expect((await longer.get("/webhooks")).status, "a session of one's own making").toBe(401);
});

test("a session ends when it is signed out", async ({ page, context }) => {
  await page.goto(`${publicUrl}/sign-in`);
  await signIn(page, key);
  await expect(page.getByRole("heading", { name: "Webhook Settings" })).toBeVisible();
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page).toHaveURL(/\/sign-in/);
  expect(await context.cookies()).toEqual([]);
  await page.goto(`${publicUrl}/settings/webhooks`);
  await expect(page).toHaveURL(/\/sign-in/);
});
