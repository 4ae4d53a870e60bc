import type { DeliveryDetail, Entity, Webhook } from "./support/api";
import { turbo } from "./support/cli";
import { makeDeferred } from "@/test/kit/until";
import type { Received } from "./support/receiver";
import { expectSigned } from "./support/signature";
import { expect, test } from "./support/test";

const isSuccess = ({ status }: { status: string }) => status === "success";
const isFailed = ({ status }: { status: string }) => status === "failed";
const isInFlight = ({ is_in_flight }: { is_in_flight: boolean }) => is_in_flight;

/** What a retry must repeat, and what it must not. */
function expectRepeated(first: Received, again: Received): void {
  expect(again.headers["webhook-id"]).toBe(first.headers["webhook-id"]);
  expect(again.headers["x-turbo-delivery-id"]).toBe(first.headers["x-turbo-delivery-id"]);
  expect(again.raw.equals(first.raw), "the same bytes").toBe(true);
}

test.describe("the main job", () => {
  test("an issue made by the command line arrives signed, and the log says so", async ({
    appUrl,
    api,
    receiver,
  }) => {
    const asked = await api.post<Webhook>("/webhooks/", {
      name: "Test Webhook",
      url: `http://localhost:${receiver.port}/webhook`,
      event_types: ["issue.created", "issue.updated"],
      active: true,
    });
    expect(asked.status).toBe(201);
    const webhook = asked.body;
    const args = ["projects", "create", "--name", "Guide", "--json"];
    const project: Entity = JSON.parse(await turbo(appUrl, args));
    const printed = await turbo(appUrl, [
      "issues",
      "create",
      "--title=Test Issue",
      "--description=Testing webhooks",
      `--project-id=${project.id}`,
      "--type=task",
      "--priority=medium",
    ]);
    expect(printed).toContain("Issue created successfully!");

    const request = await receiver.waitFor();
    const { body } = request;
    expect(printed).toContain(body.entity_id);
    expect(body).toMatchObject({
      event_type: "issue.created",
      entity_type: "issue",
      data: { current: { title: "Test Issue", project_id: project.id, type: "task" } },
    });
    expectSigned(request, webhook.secret_token);

    const delivery = await api.waitForDelivery(webhook, body.event_id, isSuccess);
    expect(delivery).toMatchObject({
      attempts: 1,
      response_code: 200,
      response_body: '{"status":"ok"}',
      next_attempt_at: null,
      payload: body,
    });
    expect(delivery.attempt_log).toMatchObject([
      { number: 1, trigger: "automatic", outcome: "success", address: "127.0.0.1" },
    ]);
    expect(receiver.posts).toHaveLength(1);
  });

  test("a delivery bears the headers of the contract", async ({ api, receiver }) => {
    const webhook = await api.createWebhook(receiver.url);
    await api.createIssue();
    const { headers, body, raw, at } = await receiver.waitFor();
    expect(headers).toMatchObject({
      "content-type": "application/json",
      "content-length": String(raw.length),
      "user-agent": expect.stringMatching(/^Turbo-Webhooks\/\d+\.\d+\.\d+$/),
      "x-turbo-event": "issue.created",
      "x-turbo-event-id": body.event_id,
      "x-turbo-attempt": "1",
      "x-turbo-signature": expect.stringMatching(/^sha256=[0-9a-f]{64}$/),
      "webhook-id": body.event_id,
      "webhook-signature": expect.stringMatching(/^v1,[A-Za-z0-9+/]{43}=$/),
    });
    expect(headers["x-turbo-timestamp"]).toBe(body.timestamp);
    expect(Math.abs(Number(headers["webhook-timestamp"]) * 1000 - at)).toBeLessThan(60_000);
    const delivery = await api.waitForDelivery(webhook, body.event_id, isSuccess);
    expect(headers["x-turbo-delivery-id"]).toBe(delivery.id);
    const logged = JSON.stringify(delivery.attempt_log);
    expect(logged).not.toContain(webhook.secret_token);
  });

  test("a secret of the user's own signs, in text form", async ({ api, receiver }) => {
    const secret = "my-own-secret-of-some-length";
    const webhook = await api.createWebhook(receiver.url, { secret_token: secret });
    expect(webhook.secret_token).toBe(secret);
    await api.createIssue({ title: "Ümläute, 漢字 & 😀" });
    expectSigned(await receiver.waitFor(), secret);
  });
});

test.describe("retries", () => {
  test("events made while the receiver is down arrive at their next attempt", async ({
    api,
    receiver,
  }) => {
    const webhook = await api.createWebhook(receiver.url, { event_types: ["issue.created"] });
    await receiver.close();
    for (const title of ["one", "two", "three"]) await api.createIssue({ title });
    const hasFailed = (delivery: { attempts: number; error_message: string | null }) =>
      delivery.attempts >= 1 && delivery.error_message !== null;
    await api.waitForDeliveries(webhook, 3, hasFailed);
    await receiver.listen();

    const requests = await receiver.waitForAll(3);
    const titles = requests.map(({ body }) => String(body.data.current.title));
    expect(titles.toSorted()).toEqual(["one", "three", "two"]);
    for (const { headers, body } of requests) {
      const delivery = await api.waitForDelivery(webhook, body.event_id, isSuccess);
      const numbers = delivery.attempt_log.map(({ number }) => number);
      expect(numbers).toEqual(Array.from({ length: delivery.attempts }, (_, index) => index + 1));
      const failed = delivery.attempt_log.slice(0, -1);
      expect(failed.length).toBeGreaterThan(0);
      for (const attempt of failed) {
        expect(attempt).toMatchObject({
          outcome: "failure",
          error_class: "connect_error",
          response_code: null,
        });
      }
      expect(delivery.attempt_log.at(-1)).toMatchObject({ outcome: "success" });
      expect(headers["x-turbo-attempt"]).toBe(String(delivery.attempts));
    }
  });

  test("each attempt posts the same bytes under the same webhook-id", async ({ api, receiver }) => {
    const webhook = await api.createWebhook(receiver.url);
    receiver.respondWith((_, n) => (n < 3 ? { status: 500, body: `fault ${n}` } : 201));
    await api.createIssue({ title: "Ümläute, 漢字 & 😀" });
    const [first, second, third] = await receiver.waitForAll(3);
    if (!first || !second || !third) throw new Error("There are three.");
    expectRepeated(first, second);
    expectRepeated(first, third);
    for (const request of [first, second, third]) expectSigned(request, webhook.secret_token);
    const numbers = receiver.posts.map(({ headers }) => headers["x-turbo-attempt"]);
    expect(numbers).toEqual(["1", "2", "3"]);

    const delivery = await api.waitForDelivery(webhook, first.body.event_id, isSuccess);
    expect(delivery.attempt_log).toMatchObject([
      { number: 1, outcome: "failure", response_code: 500, response_body: "fault 1" },
      { number: 2, outcome: "failure", response_code: 500, response_body: "fault 2" },
      { number: 3, outcome: "success", response_code: 201 },
    ]);
  });

  test("Retry-After lengthens the next delay and cannot shorten it", async ({ api, receiver }) => {
    const webhook = await api.createWebhook(receiver.url);
    const waits = ["4", "0"];
    receiver.respondWith((_, n) => {
      const wait = waits[n - 1];
      return wait ? { status: 429, headers: { "retry-after": wait } } : 200;
    });
    await api.createIssue();
    const [first, second, third] = await receiver.waitForAll(3);
    if (!first || !second || !third) throw new Error("There are three.");
    expect(second.at - first.at).toBeGreaterThanOrEqual(3_990);
    expect(third.at - second.at).toBeGreaterThanOrEqual(790);
    await api.waitForDelivery(webhook, first.body.event_id, isSuccess);
  });

  test("a delivery that has failed for good is sent again on request", async ({
    api,
    receiver,
  }) => {
    const webhook = await api.createWebhook(receiver.url);
    receiver.respondWith(500);
    await api.createIssue();
    const { body } = await receiver.waitFor();
    const failed = await api.waitForDelivery(webhook, body.event_id, isFailed);
    expect(failed).toMatchObject({ attempts: 5, next_attempt_at: null, response_code: 500 });
    expect(receiver.posts).toHaveLength(5);

    receiver.respondWith(200);
    expect((await api.post(`/deliveries/${failed.id}/retry`)).status).toBe(202);
    const again = await receiver.waitFor(({ number }) => number === 6);
    expect(again.raw.equals(receiver.posts[0]?.raw ?? Buffer.alloc(0))).toBe(true);
    const delivery = await api.waitForDelivery(webhook, body.event_id, isSuccess);
    expect(delivery.attempt_log.at(-1)).toMatchObject({
      number: 6,
      trigger: "manual",
      outcome: "success",
    });
  });

  test("a delivery that waits is sent at once on request, one that arrived once more", async ({
    api,
    receiver,
  }) => {
    const webhook = await api.createWebhook(receiver.url);
    receiver.respondWith((_, n) =>
      n === 1 ? { status: 503, headers: { "retry-after": "3600" } } : 200,
    );
    await api.createIssue();
    const { body } = await receiver.waitFor();
    const waits = (delivery: DeliveryDetail) =>
      delivery.attempt_log.length === 1 && delivery.status === "pending";
    const { id } = await api.waitForDelivery(webhook, body.event_id, waits);
    expect((await api.post(`/deliveries/${id}/retry`)).status).toBe(202);
    await api.waitForDelivery(webhook, body.event_id, isSuccess);
    expect((await api.post(`/deliveries/${id}/retry`)).status).toBe(202);
    const [first, second, third] = await receiver.waitForAll(3);
    if (!first || !second || !third) throw new Error("There are three.");
    expectRepeated(first, second);
    expectRepeated(first, third);
  });

  test("a delivery whose attempt is under way cannot be sent again", async ({ api, receiver }) => {
    const webhook = await api.createWebhook(receiver.url);
    const answer = makeDeferred<number>();
    receiver.respondWith(() => answer.promise);
    await api.createIssue();
    const { body } = await receiver.waitFor();
    const { id } = await api.waitForDelivery(webhook, body.event_id, isInFlight);
    expect(await api.post(`/deliveries/${id}/retry`)).toMatchObject({
      status: 409,
      body: { code: "conflict", detail: expect.stringContaining("under way") },
    });
    answer.resolve(200);
    const delivery = await api.waitForDelivery(webhook, body.event_id, isSuccess);
    expect(delivery.attempts).toBe(1);
  });
});

test("a redirect is not followed", async ({ api, receiver, secondReceiver }) => {
  const webhook = await api.createWebhook(receiver.url);
  const headers = { location: secondReceiver.url };
  receiver.respondWith((_, n) => (n === 1 ? { status: 307, headers } : 200));
  await api.createIssue();
  const { body } = await receiver.waitFor();
  const delivery = await api.waitForDelivery(webhook, body.event_id, isSuccess);
  expect(delivery.attempt_log[0]).toMatchObject({
    outcome: "failure",
    response_code: 307,
    error_message: expect.stringContaining("redirects are not followed"),
  });
  expect(secondReceiver.posts).toHaveLength(0);
});

test("an answer that stays away is a time-out, and is tried again", async ({ api, receiver }) => {
  const webhook = await api.createWebhook(receiver.url);
  receiver.respondWith((_, n) => (n === 1 ? ("hang" as const) : 200));
  await api.createIssue();
  const { body } = await receiver.waitFor();
  const delivery = await api.waitForDelivery(webhook, body.event_id, isSuccess);
  expect(delivery.attempt_log).toMatchObject([
    { outcome: "failure", error_class: "timeout", response_code: null },
    { outcome: "success" },
  ]);
  expect(delivery.attempt_log[0]?.duration_ms).toBeGreaterThanOrEqual(9_900);
});

test("an endpoint that hangs delays no other", async ({ api, receiver, secondReceiver }) => {
  await api.createWebhook(receiver.url, { name: "hangs" });
  const webhook = await api.createWebhook(secondReceiver.url, { name: "answers" });
  receiver.respondWith("hang" as const);
  // So many that an endpoint which waits its turn behind the other one is still waiting at the end.
  const count = 30;
  for (let n = 0; n < count; n += 1) await api.createIssue({ title: `Issue ${n}` });
  await secondReceiver.waitForAll(count, () => true, 20_000);
  const deliveries = await api.waitForDeliveries(webhook, count, isSuccess);
  expect(deliveries.every(({ attempts }) => attempts === 1)).toBe(true);
  expect(receiver.posts.length).toBeGreaterThan(0);
});

test.describe("a test delivery", () => {
  test("does not wait behind a lane that is full", async ({ api, receiver }) => {
    const webhook = await api.createWebhook(receiver.url);
    const isTest = ({ body }: Received) => body.event_type === "webhook.test";
    receiver.respondWith((request) =>
      isTest(request) ? { status: 202, body: "thanks" } : ("hang" as const),
    );
    for (let n = 0; n < 12; n += 1) await api.createIssue({ title: `Issue ${n}` });
    const parallelism = 10;
    await receiver.waitForAll(parallelism);
    const sent = await api.post<DeliveryDetail>(`/webhooks/${webhook.id}/test`);
    expect(sent.status).toBe(202);

    const request = await receiver.waitFor(isTest);
    expect(request.number, "it comes next, before the lane moves on").toBe(parallelism + 1);
    expect(request.body.actor.metadata.test).toBe(true);
    expectSigned(request, webhook.secret_token);
    const delivery = await api.waitForDelivery(webhook, request.body.event_id, isSuccess);
    expect(delivery).toMatchObject({
      id: sent.body.id,
      attempts: 1,
      response_code: 202,
      response_body: "thanks",
      attempt_log: [{ trigger: "test", outcome: "success" }],
    });
  });

  test("is tried once and tells the real outcome, even of a paused webhook", async ({
    api,
    receiver,
  }) => {
    const webhook = await api.createWebhook(receiver.url, { active: false });
    receiver.respondWith({ status: 500, body: "out of order" });
    const { body: sent } = await api.post<DeliveryDetail>(`/webhooks/${webhook.id}/test`);
    const delivery = await api.waitForDelivery(webhook, sent.event_id, isFailed);
    expect(delivery).toMatchObject({ attempts: 1, next_attempt_at: null, response_code: 500 });
    expect(delivery.attempt_log).toMatchObject([
      { trigger: "test", outcome: "failure", response_body: "out of order" },
    ]);
    expect(receiver.posts).toHaveLength(1);
  });
});
