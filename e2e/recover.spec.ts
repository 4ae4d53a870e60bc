import { AxeBuilder } from "@axe-core/playwright";
import { Api, ok, type Delivery, type Problem, type Webhook } from "./support/api";
import { turbo } from "./support/cli";
import { makeDeferred, until } from "@/test/kit/until";
import type { Received, Receiver } from "./support/receiver";
import { expectSigned } from "./support/signature";
import { expect, test } from "./support/test";

test.describe.configure({ timeout: 180_000 });

type Recovery = {
  id: string;
  webhook_id: string;
  scope: string;
  since: string;
  until: string;
  status: string;
  total: number;
  recovered: number;
  created_at: string;
  finished_at: string | null;
};
type Counted = { count: number; since: string; until: string };

/** One attempt, then failed: what recoveries are for comes at once; one POST after the other. */
const oneAttempt = { WEBHOOK_RETRY_COUNT: "0" };
test.use({ appSettings: { ...oneAttempt, WEBHOOK_PARALLELISM: "1" } });
const longAgo = () => new Date(Date.now() - 3_600_000).toISOString();

const dryRun = async (api: Api, webhook: Webhook, asked: object = {}) =>
  ok(
    await api.post<Counted>(`/webhooks/${webhook.id}/recover`, {
      since: longAgo(),
      dry_run: true,
      ...asked,
    }),
  ).count;

async function recover(api: Api, webhook: Webhook, asked: object = {}): Promise<Recovery> {
  const input = { since: longAgo(), ...asked };
  const answer = await api.post<Recovery>(`/webhooks/${webhook.id}/recover`, input);
  expect(answer.status, JSON.stringify(answer.body)).toBe(202);
  const { body, headers } = answer;
  expect(headers.get("location")).toBe(`/api/v1/webhooks/${webhook.id}/recoveries/${body.id}`);
  return body;
}

const read = async (api: Api, { webhook_id, id }: Recovery) =>
  ok(await api.get<Recovery>(`/webhooks/${webhook_id}/recoveries/${id}`));

async function waitUntilDone(api: Api, recovery: Recovery): Promise<Recovery> {
  return until(
    "the recovery is done",
    async () => {
      const now = await read(api, recovery);
      return now.status === "done" && now;
    },
    60_000,
  );
}

/** A webhook of which `count` deliveries have failed; the receiver is healthy again. */
async function makeFailed(api: Api, receiver: Receiver, count: number): Promise<Webhook> {
  const webhook = await api.createWebhook(receiver.url, { event_types: ["issue.created"] });
  receiver.respondWith(500);
  await createIssues(api, count);
  await until("all have failed", async () => (await dryRun(api, webhook)) === count, 60_000);
  receiver.respondWith(200);
  return webhook;
}

async function createIssues(api: Api, count: number): Promise<void> {
  let left = count;
  const work = async () => {
    while (left > 0) {
      left -= 1;
      await api.createIssue({ title: `Issue ${left}` });
    }
  };
  await Promise.all([work(), work(), work(), work()]);
}

const idOf = ({ headers }: Received) => String(headers["webhook-id"]);
const attemptOf = ({ headers }: Received) => Number(headers["x-turbo-attempt"]);

test("what failed is counted, and then sent again with the same ids and bytes", async ({
  startOwnApp,
  receiver,
}) => {
  const app = await startOwnApp({ WEBHOOK_RETRY_SCHEDULE: "0.1s" });
  const api = new Api(app.url);
  const webhook = await makeFailed(api, receiver, 40);
  const before = receiver.posts.slice();
  expect(before).toHaveLength(80);
  expect(await dryRun(api, webhook, { scope: "missing" })).toBe(0);

  const recovery = await recover(api, webhook);
  expect(recovery).toMatchObject({ scope: "failed", total: 40, finished_at: null });
  const done = await waitUntilDone(api, recovery);
  expect(done).toMatchObject({ recovered: 40, finished_at: expect.any(String) });
  const sent = (await receiver.waitForAll(120)).slice(80);
  for (const request of sent) {
    const first = before.find((earlier) => idOf(earlier) === idOf(request));
    expect(first?.raw.equals(request.raw), "the same bytes").toBe(true);
    expect(attemptOf(request)).toBe(3);
    expectSigned(request, webhook.secret_token);
  }
  expect(new Set(sent.map(idOf)).size).toBe(40);
  const deliveries = await api.waitForDeliveries(webhook, 40, ({ status }) => status === "success");
  const { attempt_log } = await api.getDelivery(deliveries[0]?.id ?? "");
  expect(attempt_log).toMatchObject([
    { number: 1, trigger: "automatic", outcome: "failure" },
    { number: 2, trigger: "automatic", outcome: "failure" },
    { number: 3, trigger: "recover", outcome: "success" },
  ]);
  expect(await dryRun(api, webhook)).toBe(0);
});

test("kill -9 in the middle of a recovery skips nothing and repeats no more than was under way @slow", async ({
  startOwnApp,
  receiver,
}) => {
  const app = await startOwnApp({ ...oneAttempt, WEBHOOK_TIMEOUT: "10" });
  const api = new Api(app.url);
  const webhook = await makeFailed(api, receiver, 400);
  const failed = receiver.posts.length;
  const ids = new Set(receiver.posts.map(idOf));
  expect(ids.size).toBe(400);
  // So slow that a step takes longer than a second, and is a hundred.
  receiver.respondWith({ status: 200, delayMs: 200 });
  const recovery = await recover(api, webhook);

  await receiver.waitForAll(failed + 120);
  await app.kill();
  await app.start();
  // Held from here on, it cannot be over yet.
  receiver.respondWith((_, n) => (n > failed + 250 ? "hang" : { status: 200, delayMs: 200 }));
  await receiver.waitForAll(failed + 260, () => true, 60_000);
  expect(await read(api, recovery)).toMatchObject({ status: "running" });
  await Promise.all([app.kill(), app.postgres.kill()]);
  receiver.respondWith({ status: 200, delayMs: 200 });
  await app.start();
  await waitUntilDone(api, recovery);
  const left = () => dryRun(api, webhook);
  await until(
    "all have arrived",
    async () => {
      const pending = ok(await api.get<Delivery[]>("/deliveries?status=pending"));
      return pending.length === 0 && (await left()) === 0;
    },
    60_000,
  );

  const again = receiver.posts.slice(failed);
  expect(new Set(again.map(idOf))).toEqual(ids);
  // Two kills, each with ten under way, the lane's parallelism, and some answered but not on disk.
  const answered = 5;
  expect(again.length).toBeLessThanOrEqual(400 + 2 * (10 + answered));
  expect(await read(api, recovery)).toMatchObject({ status: "done", total: 400, recovered: 400 });
});

test("a webhook made later is sent what is missing, as others got it", async ({
  api,
  receiver,
  secondReceiver,
}) => {
  const since = new Date().toISOString();
  await api.createWebhook(receiver.url);
  const issues = [];
  for (let n = 1; n <= 5; n += 1) issues.push(await api.createIssue({ title: `Issue ${n}` }));
  await api.createProject();
  await receiver.waitForAll(6);
  const late = await api.createWebhook(secondReceiver.url, { event_types: ["issue.*"] });
  const asked = { since, scope: "missing" };
  expect(await dryRun(api, late, { since })).toBe(0);
  expect(await dryRun(api, late, asked)).toBe(5);
  await waitUntilDone(api, await recover(api, late, asked));
  const got = await secondReceiver.waitForAll(5);
  for (const request of got) {
    const first = receiver.posts.find((earlier) => idOf(earlier) === idOf(request));
    expect(first?.raw.equals(request.raw), "the same bytes").toBe(true);
    expect(attemptOf(request)).toBe(1);
    expectSigned(request, late.secret_token);
  }
  expect(new Set(got.map(({ body }) => body.entity_id))).toEqual(
    new Set(issues.map(({ id }) => id)),
  );
  expect(await dryRun(api, late, asked)).toBe(0);
});

test("one runs at a time, can be listed and cancelled, and waits while its webhook is paused", async ({
  api,
  receiver,
}) => {
  const webhook = await makeFailed(api, receiver, 15);
  await api.post(`/webhooks/${webhook.id}/pause`);
  const before = receiver.posts.length;
  const recovery = await recover(api, webhook);
  const held = async () => (await read(api, recovery)).recovered === 10;
  await until("a step is held", held);
  const deliveries = await api.listDeliveries(webhook.id);
  expect(deliveries.filter(({ is_held }) => is_held)).toHaveLength(10);

  const second = await api.post<Problem>(`/webhooks/${webhook.id}/recover`, { since: longAgo() });
  expect(second.status).toBe(409);
  expect(second.body.detail).toContain(recovery.id);
  const path = `/webhooks/${webhook.id}/recoveries`;
  expect(ok(await api.get<Recovery[]>(path))).toMatchObject([{ id: recovery.id, total: 15 }]);
  for (const status of [204, 204]) {
    expect((await api.delete(`${path}/${recovery.id}`)).status).toBe(status);
  }
  expect(await read(api, recovery)).toMatchObject({ status: "cancelled", recovered: 10 });
  const wrong = await api.post<Problem>(`/webhooks/${webhook.id}/recover`, { until: "never" });
  expect(wrong.status).toBe(422);
  expect(wrong.body.errors?.map(({ pointer }) => pointer)).toEqual(["/since", "/until"]);

  await api.post(`/webhooks/${webhook.id}/resume`);
  await receiver.waitForAll(before + 10);
  const rest = await recover(api, webhook);
  expect(rest.total).toBe(5);
  await waitUntilDone(api, rest);
  await receiver.waitForAll(before + 15);
  expect((await api.delete(`${path}/${rest.id}`)).status).toBe(409);
});

test("the command line counts, recovers and follows to the end", async ({ app, api, receiver }) => {
  const webhook = await makeFailed(api, receiver, 12);
  const command = ["webhooks", "recover", webhook.id, "--since", "1h"];
  expect(await turbo(app.url, [...command, "--dry-run"])).toMatch(
    /^✓ 12 failed deliveries since .* would be sent\.\n$/,
  );
  expect(await turbo(app.url, command)).toMatch(/^✓ On their way: 12 failed deliveries since /);
  await receiver.waitForAll(24);
  expect(await turbo(app.url, command)).toMatch(/^✓ There is nothing to recover: 0 failed /);
});

test("the dialog counts before it begins, shows how far it is, and cancels", async ({
  startOwnApp,
  receiver,
  page,
}) => {
  const complaints: string[] = [];
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  // Events of others would be missing to its webhook.
  const app = await startOwnApp({ ...oneAttempt, WEBHOOK_PARALLELISM: "1" });
  const api = new Api(app.url);
  const webhook = await makeFailed(api, receiver, 25);
  await page.goto(`${app.url}/settings/webhooks`, { waitUntil: "networkidle" });
  const opener = page.getByRole("button", { name: `Recover… ${webhook.name}` });
  await opener.press("Enter");
  const dialog = page.getByRole("dialog", { name: `Recover deliveries of “${webhook.name}”` });
  await expect(dialog.getByRole("status")).toHaveText(/^25 failed deliveries since /);
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  }

  await dialog.getByRole("radio", { name: "Since a time" }).check();
  await dialog.getByLabel("From when on").fill("2999-01-01T00:00");
  await expect(dialog).toContainText("Choose a time in the past.");
  await dialog.getByRole("radio", { name: /^What is missing/ }).check();
  await dialog.getByRole("radio", { name: "Last hour" }).check();
  await expect(dialog.getByRole("status")).toContainText("There is nothing to recover.");
  await expect(dialog.getByRole("button", { name: "Recover", exact: true })).toBeDisabled();

  // The first POST is answered only when all has been looked at: it cannot be over yet.
  const answered = makeDeferred<number>();
  receiver.respondWith(() => answered.promise);
  await dialog.getByRole("radio", { name: /^What failed/ }).check();
  await expect(dialog.getByRole("status")).toHaveText(/^25 failed deliveries since /);
  await dialog.getByRole("radio", { name: /^What failed/ }).press("Enter");
  const progress = dialog.getByRole("progressbar");
  await expect(progress).toHaveAttribute("aria-valuenow", "10");
  await expect(progress).toHaveAttribute("aria-valuemax", "25");
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  await expect(opener).toBeFocused();
  await opener.press("Enter");
  await dialog.getByRole("button", { name: "Cancel recovery" }).click();
  await expect(dialog).toContainText("Cancelled. The rest stays as it is.");

  receiver.respondWith(200);
  answered.resolve(200);
  await dialog.getByRole("button", { name: "Recover more…" }).click();
  await expect(dialog.getByRole("status").last()).toHaveText(/^\d+ failed deliver/);
  await dialog.getByRole("button", { name: "Recover", exact: true }).click();
  await expect(dialog).toContainText("Done.");
  await until("all have arrived", async () => (await dryRun(api, webhook)) === 0);
  expect(complaints).toEqual([]);
});
