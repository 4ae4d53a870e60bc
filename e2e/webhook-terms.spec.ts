import type { Api, Delivery, Webhook } from "./support/api";
import { makeDeferred } from "@/test/kit/until";
import type { Receiver } from "./support/receiver";
import { expectSigned, isSignedBy } from "./support/signature";
import { expect, test } from "./support/test";

const isSuccess = ({ status }: { status: string }) => status === "success";
const isCancelled = ({ status }: { status: string }) => status === "cancelled";
const waitsForRetry = ({ status, response_code }: Delivery) =>
  status === "pending" && response_code !== null;

test.describe("rotating the secret", () => {
  test("signs with both secrets while they overlap, the new one first", async ({
    api,
    receiver,
  }) => {
    const webhook = await api.createWebhook(receiver.url);
    const { body: rotated } = await api.post<Webhook>(`/webhooks/${webhook.id}/rotate-secret`);
    expect(rotated.secret_token).toMatch(/^whsec_/);
    expect(rotated.secret_token).not.toBe(webhook.secret_token);
    const overlapMs = Date.parse(rotated.previous_secret_expires_at ?? "") - Date.now();
    expect(Math.abs(overlapMs - 24 * 3_600_000)).toBeLessThan(60_000);

    await api.createIssue();
    const request = await receiver.waitFor();
    expectSigned(request, rotated.secret_token);
    expect(isSignedBy(request, webhook.secret_token)).toBe(true);
    const [first, second, ...more] = String(request.headers["webhook-signature"]).split(" ");
    expect(more).toEqual([]);
    const withOnly = (signature = "") => ({
      ...request,
      headers: { ...request.headers, "webhook-signature": signature },
    });
    expect(isSignedBy(withOnly(first), rotated.secret_token)).toBe(true);
    expect(isSignedBy(withOnly(second), webhook.secret_token)).toBe(true);
  });

  test("without an overlap signs with the new secret alone", async ({ api, receiver }) => {
    const webhook = await api.createWebhook(receiver.url);
    const path = `/webhooks/${webhook.id}/rotate-secret`;
    const { body: rotated } = await api.post<Webhook>(path, { overlap_hours: 0 });
    expect(rotated.previous_secret_expires_at).toBeNull();
    await api.createIssue();
    const request = await receiver.waitFor();
    expectSigned(request, rotated.secret_token);
    expect(isSignedBy(request, webhook.secret_token)).toBe(false);
  });

  test("shows a secret in full only when it is made", async ({ api, receiver }) => {
    const webhook = await api.createWebhook(receiver.url);
    const path = `/webhooks/${webhook.id}`;
    const { body: rotated } = await api.post<Webhook>(`${path}/rotate-secret`);
    const answers = [
      await api.get(path),
      await api.get("/webhooks"),
      await api.patch(path, { name: "Renamed" }),
      await api.post(`${path}/pause`),
      await api.post(`${path}/resume`),
    ];
    for (const { status, body } of answers) {
      expect(status).toBe(200);
      const text = JSON.stringify(body);
      expect(text).toContain("secret_token");
      expect(text).not.toContain(rotated.secret_token);
      expect(text).not.toContain(webhook.secret_token);
    }
  });
});

test("410 disables the webhook and cancels what waits for it", async ({
  api,
  receiver,
  secondReceiver,
}) => {
  const webhook = await api.createWebhook(receiver.url);
  receiver.respondWith(({ body }) =>
    body.entity_type === "project" ? 410 : { status: 503, headers: { "retry-after": "2" } },
  );
  await api.createIssue();
  await api.createIssue();
  await api.waitForDeliveries(webhook, 2, waitsForRetry);
  await api.createProject();
  const isProject = ({ body }: { body: { entity_type: string } }) => body.entity_type === "project";
  const { body } = await receiver.waitFor(isProject);

  const gone = await api.waitForDelivery(
    webhook,
    body.event_id,
    ({ status }) => status === "failed",
  );
  expect(gone).toMatchObject({ attempts: 1, response_code: 410, next_attempt_at: null });
  await expect
    .poll(() => api.getWebhook(webhook.id))
    .toMatchObject({ active: false, state: "disabled", disabled_reason: "gone" });
  const others = async () =>
    (await api.listDeliveries(webhook.id)).filter(({ id }) => id !== gone.id);
  await expect.poll(async () => (await others()).every(isCancelled)).toBe(true);

  const count = receiver.posts.length;
  await api.createIssue();
  await passRetries(api, secondReceiver);
  expect(receiver.posts).toHaveLength(count);
  expect(await api.listDeliveries(webhook.id), "none are made for it any more").toHaveLength(3);
});

test("a paused webhook holds its deliveries, and resuming sends them", async ({
  api,
  receiver,
  secondReceiver,
}) => {
  const webhook = await api.createWebhook(receiver.url, { event_types: ["issue.created"] });
  receiver.respondWith({ status: 503, headers: { "retry-after": "1" } });
  await api.createIssue({ title: "before" });
  await api.waitForDeliveries(webhook, 1, waitsForRetry);
  const paused = await api.post<Webhook>(`/webhooks/${webhook.id}/pause`);
  expect(paused.body).toMatchObject({ state: "paused", active: false });
  const count = receiver.posts.length;
  receiver.respondWith(200);
  await api.createIssue({ title: "one" });
  await api.createIssue({ title: "two" });
  await passRetries(api, secondReceiver);
  expect(receiver.posts).toHaveLength(count);
  const held = await api.listDeliveries(webhook.id);
  expect(held).toHaveLength(3);
  expect(held.every(({ status, is_held }) => status === "pending" && is_held)).toBe(true);

  const resumed = await api.post<Webhook>(`/webhooks/${webhook.id}/resume`);
  expect(resumed.body).toMatchObject({ state: "active", active: true });
  const sent = await receiver.waitForAll(3, ({ number }) => number > count);
  const titles = sent.map(({ body }) => String(body.data.current.title));
  expect(titles.toSorted()).toEqual(["before", "one", "two"]);
  await api.waitForDeliveries(webhook, 3, isSuccess);
});

test("`active` pauses and resumes", async ({ api, receiver, secondReceiver }) => {
  const webhook = await api.createWebhook(receiver.url, { event_types: ["issue.created"] });
  const path = `/webhooks/${webhook.id}`;
  expect((await api.patch(path, { active: false })).body).toMatchObject({ state: "paused" });
  await api.createIssue();
  await passRetries(api, secondReceiver);
  expect(receiver.posts).toHaveLength(0);
  expect((await api.patch(path, { active: true })).body).toMatchObject({ state: "active" });
  await receiver.waitFor();
});

test.describe("deleting a webhook", () => {
  test("cancels the retries that wait: nothing is posted after the answer", async ({
    api,
    receiver,
    secondReceiver,
  }) => {
    const webhook = await api.createWebhook(receiver.url, { event_types: ["issue.created"] });
    receiver.respondWith(500);
    for (let n = 0; n < 3; n += 1) await api.createIssue();
    await api.waitForDeliveries(webhook, 3, ({ attempts }) => attempts >= 1);
    expect((await api.delete(`/webhooks/${webhook.id}`)).status).toBe(204);
    // A request that was under way may still be on its way through this process.
    const attempts = await settledAttempts(api, webhook);
    await api.createIssue();
    await passRetries(api, secondReceiver);
    expect(receiver.posts).toHaveLength(attempts);
    expect((await api.get(`/webhooks/${webhook.id}`)).status).toBe(404);
    const { body: left } = await api.get<Delivery[]>(`/deliveries?webhook_id=${webhook.id}`);
    expect(left).toHaveLength(3);
    expect(left.every(isCancelled)).toBe(true);
    const retry = await api.post(`/deliveries/${left[0]?.id}/retry`);
    expect(retry).toMatchObject({ status: 409, body: { code: "conflict" } });
  });

  test("lets what is under way end, and begins nothing from a full lane", async ({
    api,
    receiver,
    secondReceiver,
  }) => {
    const webhook = await api.createWebhook(receiver.url, { event_types: ["issue.created"] });
    const answer = makeDeferred<number>();
    receiver.respondWith(() => answer.promise);
    for (let n = 0; n < 25; n += 1) await api.createIssue();
    const parallelism = 10;
    await receiver.waitForAll(parallelism);
    expect((await api.delete(`/webhooks/${webhook.id}`)).status).toBe(204);
    answer.resolve(200);
    await passRetries(api, secondReceiver);
    expect(receiver.posts).toHaveLength(parallelism);
    const { body: left } = await api.get<Delivery[]>(`/deliveries?webhook_id=${webhook.id}`);
    expect(left.filter(isSuccess)).toHaveLength(parallelism);
    expect(left.filter(isCancelled)).toHaveLength(25 - parallelism);
  });
});

test("a new URL gets the next attempt, under the same webhook-id", async ({
  api,
  receiver,
  secondReceiver,
}) => {
  const webhook = await api.createWebhook(receiver.url, { event_types: ["issue.created"] });
  receiver.respondWith({ status: 503, headers: { "retry-after": "3" } });
  await api.createIssue();
  await api.waitForDeliveries(webhook, 1, waitsForRetry);
  const moved = await api.patch<Webhook>(`/webhooks/${webhook.id}`, { url: secondReceiver.url });
  expect(moved).toMatchObject({ status: 200, body: { url: secondReceiver.url } });

  const [first, second] = [await receiver.waitFor(), await secondReceiver.waitFor()];
  expect(second.headers["webhook-id"]).toBe(first.headers["webhook-id"]);
  expect(second.headers["x-turbo-attempt"]).toBe("2");
  expect(second.raw.equals(first.raw)).toBe(true);
  expectSigned(second, webhook.secret_token);
  const delivery = await api.waitForDelivery(webhook, first.body.event_id, isSuccess);
  expect(delivery.attempt_log).toMatchObject([{ url: receiver.url }, { url: secondReceiver.url }]);
  expect(receiver.posts).toHaveLength(1);
});

/**
 * Resolves when two retries of an event made now have come: whatever was due earlier, or was to be
 * sent at once, has had its time.
 */
async function passRetries(api: Api, sentinel: Receiver): Promise<void> {
  const count = sentinel.posts.length;
  const webhook = await api.createWebhook(sentinel.url, {
    name: "sentinel",
    event_types: ["project.created"],
  });
  sentinel.respondWith({ status: 503, headers: { "retry-after": "1" } });
  await api.createProject({ name: "sentinel" });
  await sentinel.waitForAll(3, ({ number }) => number > count);
  await api.delete(`/webhooks/${webhook.id}`);
}

/** How many attempts were made, once none is under way any more. */
async function settledAttempts(api: Api, webhook: Webhook): Promise<number> {
  const list = async () => (await api.get<Delivery[]>(`/deliveries?webhook_id=${webhook.id}`)).body;
  await expect
    .poll(async () => (await list()).some(({ is_in_flight }) => is_in_flight))
    .toBe(false);
  return (await list()).reduce((sum, { attempts }) => sum + attempts, 0);
}
