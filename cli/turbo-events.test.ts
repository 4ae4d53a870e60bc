import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { longTimeoutMs, useFakeApi } from "./testing";

const eventId = "0199b3f0-6a51-7c70-9d1f-3c5e7a9b1d77";
const webhookId = "0199b3f0-6a51-7c70-9d1f-3c5e7a9b1d33";
const deliveryId = "0199b3f0-6a51-7c70-9d1f-3c5e7a9b1d44";
const event = {
  event_id: eventId,
  event_type: "literature.paper_found",
  timestamp: "2026-11-23T08:00:00.000Z",
  entity_type: "literature",
  entity_id: deliveryId,
  entity_version: 1,
  actor: { type: "ai", name: "claude", metadata: {} },
  data: { current: { title: "On webhooks" }, previous: null, changes: [] },
};

const api = useFakeApi();
const { calls, answers, turbo } = api;

describe("turbo events", { timeout: longTimeoutMs }, () => {
  it("emits one, its data given as JSON", async () => {
    answers["POST /api/v1/events"] = [{ status: 201, body: event }];
    const flags = ["--event-type", event.event_type, "--data", '{"title": "On webhooks"}'];
    const outcome = await turbo(["events", "emit", ...flags]);
    expect(outcome.stdout).toBe(
      "✓ Emitted successfully!\n" +
        `ID:         ${eventId}\n` +
        "Type:       literature.paper_found\n" +
        "Time:       2026-11-23T08:00:00.000Z\n" +
        "Entity:     literature\n" +
        `Entity ID:  ${deliveryId}\n` +
        "Version:    1\n" +
        "By:         ai\n" +
        "Name:       claude\n" +
        '\nNow:\n{\n  "title": "On webhooks"\n}\n',
    );
    expect(calls[0]?.body).toEqual({
      event_type: event.event_type,
      data: { current: { title: "On webhooks" } },
    });
  });

  it("emits many that are piped in, or lie in a file", async () => {
    const many = [{ event_type: "a.b", data: { current: {} } }, { event_type: "a.c" }];
    answers["POST /api/v1/events"] = [{ status: 201, body: [event, event] }];
    const args = ["events", "emit", "--file", "-"];
    const outcome = await turbo(args, { input: JSON.stringify(many) });
    expect(outcome.stdout).toMatch(/^✓ Emitted successfully!\nID .*\n0199.* ai +claude\n0199.*\n$/);
    await writeFile(join(api.folder, "events.json"), `\uFEFF${JSON.stringify(many)}`);
    await turbo(["events", "emit", "--file", "events.json"]);
    expect(calls.map(({ body }) => body)).toEqual([many, many]);
  });

  it("explains an event for every webhook, page by page", async () => {
    const explained = [
      { webhook_id: webhookId, webhook_name: "CI", verdict: "delivered", reason: "It was sent." },
      { webhook_id: deliveryId, webhook_name: "Chat", verdict: "filtered", reason: "Too low." },
    ];
    const headers = { link: `</api/v1/events/${eventId}/explain?cursor=abc>; rel="next"` };
    answers[`GET /api/v1/events/${eventId}/explain`] = [{ status: 200, body: explained, headers }];
    expect(await turbo(["events", "explain", eventId])).toEqual({
      code: 0,
      stdout:
        "WEBHOOK  VERDICT    REASON\n" +
        "CI       delivered  It was sent.\n" +
        "Chat     filtered   Too low.\n",
      stderr: "More: add --cursor abc\n",
    });
  });

  it("explains an event for one webhook, down to the condition", async () => {
    const condition = { pointer: "/priority", condition: "critical", found: "low" };
    const body = { webhook_name: "Chat", verdict: "filtered", reason: "Too low.", condition };
    answers[`GET /api/v1/events/${eventId}/explain?webhook_id=${webhookId}`] = [
      { status: 200, body },
    ];
    const outcome = await turbo(["events", "explain", eventId, "--webhook-id", webhookId]);
    expect(outcome.stdout).toMatch(/Reason: +Too low\.\nCondition: +\/priority\nIt wants: +crit/);
  });

  it("tells which past events a webhook would have been sent, and where to go on", async () => {
    const shown = { event_id: eventId, event_type: "issue.closed", timestamp: event.timestamp };
    const body = {
      since: "2026-10-24T08:00:00.000Z",
      until: event.timestamp,
      examined: 40,
      matched: 1,
      is_complete: false,
      next_cursor: "abc",
      events: [{ ...shown, actor: "ai:claude" }],
      mismatches: [{ pointer: "/filters/priority", count: 39 }],
    };
    answers["POST /api/v1/webhooks/dry-run"] = [{ status: 200, body }];
    const flags = ["--event-types", "issue.*", "--filters", '{"priority":"critical"}'];
    const outcome = await turbo(["webhooks", "dry-run", ...flags]);
    expect(outcome).toEqual({
      code: 0,
      stdout:
        "Since:     2026-10-24T08:00:00.000Z\n" +
        "Until:     2026-11-23T08:00:00.000Z\n" +
        "Examined:  40\nMatched:   1\nComplete:  false\n\n" +
        "The newest that match:\n" +
        "ID                                    TYPE          TIME                      ACTOR\n" +
        `${eventId}  issue.closed  2026-11-23T08:00:00.000Z  ai:claude\n\n` +
        "What keeps the others out:\n" +
        "CONDITION          EVENTS\n" +
        "/filters/priority  39\n",
      stderr: "More: add --cursor abc\n",
    });
  });

  it("shows a delivery with its attempts", async () => {
    const attempt = { number: 1, trigger: "automatic", outcome: "failure", response_code: 500 };
    const body = {
      id: deliveryId,
      event_type: "issue.created",
      status: "pending",
      attempts: 1,
      attempt_log: [{ ...attempt, started_at: event.timestamp, duration_ms: 12 }],
    };
    answers[`GET /api/v1/deliveries/${deliveryId}`] = [{ status: 200, body }];
    const outcome = await turbo(["deliveries", "get", deliveryId]);
    expect(outcome.stdout).toMatch(/^ID: +0199.*\nEvent type: +issue.created\nStatus: +pending\n/);
    expect(outcome.stdout).toMatch(
      /\n\nAttempts:\nNUMBER .*\n1 +automatic +2026-\S+ +12 +failure +500 +-\n$/,
    );
  });
});

describe("turbo's flags of JSON", { timeout: longTimeoutMs }, () => {
  const create = ["event-types", "create", "--name", "a.b", "--sample", "{}", "--schema"];
  const emit = ["events", "emit"];

  it("read a file", async () => {
    await writeFile(join(api.folder, "schema.json"), '{"type":\n"object"}');
    answers["POST /api/v1/event-types"] = [{ status: 201, body: { name: "a.b" } }];
    const outcome = await turbo([...create, "@schema.json"]);
    expect(outcome.stdout).toBe("✓ Event type created successfully!\nName:  a.b\n");
    expect(calls[0]?.body).toEqual({ name: "a.b", sample: {}, schema: { type: "object" } });
  });

  it.each([
    [[...create, '{"type": }'], "--schema is not JSON: Unexpected token"],
    [[...create, "@none.json"], '--schema cannot read "none.json": there is no such file.'],
    [[...create, "@."], '--schema cannot read ".": it is a folder.'],
    [[...create, "@latin1.json"], '--schema cannot read "latin1.json": it is not UTF-8 text.'],
    [[...create, "@-"], "--schema: what is piped in is not JSON: Unexpected end of JSON input."],
    [[...create, ""], "--schema is empty, where JSON is needed."],
    [[...emit, "--file", "-", "--data", "{}"], "--file holds all of it: leave out --data."],
    [emit, "Missing --event-type and --data."],
  ])("exit 2 for %j", async (args, message) => {
    await writeFile(join(api.folder, "latin1.json"), Buffer.from('"caf\xe9"', "latin1"));
    const outcome = await turbo(args, { input: "[\n" });
    expect(outcome).toMatchObject({ code: 2, stdout: "" });
    expect(outcome.stderr).toContain(message);
    expect(calls).toEqual([]);
  });
});
