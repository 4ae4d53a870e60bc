import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { Api, type Webhook } from "./support/api";
import type { App } from "./support/app";
import type { PostgresServer } from "@/test/kit/postgres-server";
import { until } from "@/test/kit/until";
import type { Received } from "./support/receiver";
import { expectSigned } from "./support/signature";
import { expect, test } from "./support/test";

test.describe.configure({ timeout: 180_000 });

const settings = { TURBO_SECRET_KEY: "a-secret-key-of-many-characters" };
/** A sweep comes every 5 s. */
const sweepTimeoutMs = 40_000;

type Streak = { days: number; failures: number };

/** As if the webhook had failed for so long, and so often. */
function backdate(postgres: PostgresServer, { id }: Webhook, { days, failures }: Streak) {
  return postgres.run(`
    update webhook_lanes set failures_in_row = ${failures},
      failing_since = now() - interval '${days} days' where webhook_id = '${id}'`);
}

function waitForState(api: Api, { id }: Webhook, fits: (webhook: Webhook) => boolean) {
  return until(
    "the webhook is as expected",
    async () => {
      const webhook = await api.getWebhook(id);
      return fits(webhook) ? webhook : null;
    },
    sweepTimeoutMs,
  );
}

const isFailing = ({ failing_since }: Webhook) => failing_since !== null;
const isDisabled = ({ state }: Webhook) => state === "disabled";
const isType = (type: string) => (request: Received) => request.body.event_type === type;

async function expectHealthy({ url }: App): Promise<void> {
  const { audit } = await (await fetch(`${url}/api/health`)).json();
  expect(audit).toMatchObject({ mismatches: 0 });
  expect(Date.now() - Date.parse(audit.checked_at)).toBeLessThan(60_000);
}

test("a webhook that only fails is told of, disabled and, once enabled, sent what was held", async ({
  postgres,
  startOwnApp,
  receiver,
  secondReceiver,
}) => {
  const app = await startOwnApp({ ...settings, DATABASE_URL: postgres.url });
  const api = new Api(app.url);
  receiver.respondWith(500);
  const webhook = await api.createWebhook(receiver.url, { name: "Sick" });
  const watcher = await api.createWebhook(secondReceiver.url, { event_types: ["webhook.*"] });
  const told = (type: string) => secondReceiver.waitFor(isType(type), sweepTimeoutMs);

  await api.createIssue({ title: "first" });
  const failing = await waitForState(api, webhook, isFailing);
  expect(failing).toMatchObject({ state: "active", active: true, disabled_at: null });
  expect(failing.failures_in_row).toBeGreaterThan(0);
  await backdate(postgres, webhook, { days: 3, failures: 7 });
  const warned = await told("webhook.failing");
  expectSigned(warned, watcher.secret_token);
  expect(warned.body).toMatchObject({
    entity_type: "webhook",
    entity_id: webhook.id,
    entity_version: 2,
    action: "failing",
    actor: { type: "system", name: "turbo-system" },
    data: { current: { id: webhook.id, name: "Sick", active: true } },
  });

  await backdate(postgres, webhook, { days: 6, failures: 12 });
  const disabled = await waitForState(api, webhook, isDisabled);
  expect(disabled).toMatchObject({ active: false, disabled_reason: "failing" });
  const end = await told("webhook.disabled");
  expectSigned(end, watcher.secret_token);
  expect(end.body).toMatchObject({
    entity_version: 3,
    data: {
      current: {
        active: false,
        state: "disabled",
        disabled_reason: "failing",
        disabled_at: disabled.disabled_at,
        failures_in_row: expect.any(Number),
        failing_since: expect.stringMatching(/Z$/),
      },
      previous: { active: true, state: "active" },
    },
  });

  receiver.respondWith(200);
  const issue = await api.createIssue({ title: "held" });
  const [held] = await api.listDeliveries(webhook.id);
  expect(held).toMatchObject({ status: "pending", is_held: true, attempts: 0 });
  const count = receiver.posts.length;
  const { body: enabled } = await api.post<Webhook>(`/webhooks/${webhook.id}/resume`);
  expect(enabled).toMatchObject({
    active: true,
    state: "active",
    disabled_reason: null,
    disabled_at: null,
    failing_since: null,
    failures_in_row: 0,
  });
  const arrived = await receiver.waitFor(({ number }) => number > count);
  expect(arrived.body.entity_id).toBe(issue.id);
  const back = await told("webhook.enabled");
  expectSigned(back, watcher.secret_token);
  expect(back.body).toMatchObject({ entity_version: 4, actor: { type: "user" } });

  // Each was told once, and by the one that asked for everything none of it was heard of itself.
  const types = secondReceiver.posts.map(({ body }) => body.event_type);
  expect(types).toEqual(["webhook.failing", "webhook.disabled", "webhook.enabled"]);
  const own = await api.listDeliveries(webhook.id);
  expect(own.filter(({ event_type }) => event_type.startsWith("webhook."))).toEqual([]);
  await expectHealthy(app);
});

test("410 is told to other webhooks as well, at once", async ({
  api,
  receiver,
  secondReceiver,
}) => {
  const webhook = await api.createWebhook(receiver.url, { event_types: ["issue.*"] });
  const watcher = await api.createWebhook(secondReceiver.url, {
    event_types: ["webhook.disabled"],
  });
  receiver.respondWith(410);
  await api.createIssue();
  const request = await secondReceiver.waitFor(isType("webhook.disabled"), 5_000);
  expectSigned(request, watcher.secret_token);
  expect(request.body.data.current).toMatchObject({ id: webhook.id, disabled_reason: "gone" });
  expect(request.raw.toString()).not.toContain("secret_token");
});

async function findViolations(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(" ")}`);
}

test("the page says that a webhook fails, why it is disabled, and enables it", async ({
  postgres,
  startOwnApp,
  receiver,
  page,
}) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  const app = await startOwnApp({ ...settings, DATABASE_URL: postgres.url });
  const api = new Api(app.url);
  receiver.respondWith(500);
  const webhook = await api.createWebhook(receiver.url, { name: "Sick", event_types: ["issue.*"] });
  await api.createWebhook(receiver.url, { name: "Idle", event_types: ["project.*"] });
  await api.createIssue();
  await waitForState(api, webhook, isFailing);
  await backdate(postgres, webhook, { days: 2, failures: 7 });
  await page.goto(`${app.url}/settings/webhooks`, { waitUntil: "networkidle" });
  const heading = page.getByRole("heading", { name: "Sick", exact: true });
  const item = page.getByRole("listitem").filter({ has: heading });
  await expect(item).toContainText("Failing");
  await expect(item).toContainText(/The last \d+ attempts failed, the first of them 2 days ago\./);
  await expect(item).toContainText(/If nothing arrives, it will be disabled in 2 d 23 h\./);
  await expect(page.getByText("2 in all: 1 active, 1 failing.")).toBeVisible();
  expect(await findViolations(page)).toEqual([]);

  await backdate(postgres, webhook, { days: 6, failures: 12 });
  await waitForState(api, webhook, isDisabled);
  await page.goto(`${app.url}/settings/webhooks/${webhook.id}`, { waitUntil: "networkidle" });
  const notice = page.getByRole("alert").filter({ hasText: "Disabled" });
  await expect(notice).toContainText(
    /nothing but failures for days\. The last \d+ attempts failed/,
  );
  await expect(notice).toContainText("Its deliveries are held.");
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    expect(await findViolations(page)).toEqual([]);
  }
  receiver.respondWith(200);
  await page.getByRole("button", { name: "Enable Sick", exact: true }).focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("button", { name: "Pause Sick", exact: true })).toBeFocused();
  await expect(notice).toBeHidden();
  expect(await api.getWebhook(webhook.id)).toMatchObject({ state: "active", failing_since: null });
});
