import { symlink, writeFile } from "node:fs/promises";
import { createServer as createSocketServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { bin, listen, longTimeoutMs, problem, useFakeApi } from "./testing";

const projectId = "0199b3f0-6a51-7c70-9d1f-3c5e7a9b1d11";
const issueId = "0199b3f0-6a51-7c70-9d1f-3c5e7a9b1d22";
const webhookId = "0199b3f0-6a51-7c70-9d1f-3c5e7a9b1d33";
const deliveryId = "0199b3f0-6a51-7c70-9d1f-3c5e7a9b1d44";
const issue = {
  id: issueId,
  title: "Test Issue",
  description: "Testing webhooks",
  type: "task",
  status: "open",
  priority: "medium",
  assignee: null,
  due_date: null,
  project_id: projectId,
};

const api = useFakeApi();
const { calls, answers, turbo } = api;

describe("turbo issues", { timeout: longTimeoutMs }, () => {
  const texts = ["--title", "Test Issue", "--description", "Testing webhooks"];
  const choices = ["--project-id", projectId, "--type", "task", "--priority", "medium"];
  const guideFlags = ["issues", "create", ...texts, ...choices];

  it("creates an issue as the guide shows it and prints what was made", async () => {
    answers["POST /api/v1/issues"] = [{ status: 201, body: issue }];
    const outcome = await turbo(guideFlags);
    expect(outcome).toEqual({
      code: 0,
      stdout:
        "✓ Issue created successfully!\n" +
        `ID:           ${issueId}\n` +
        "Title:        Test Issue\n" +
        "Status:       open\n" +
        "Priority:     medium\n" +
        "Type:         task\n" +
        `Project:      ${projectId}\n` +
        "Description:  Testing webhooks\n",
      stderr: "",
    });
    expect(calls.map(({ body }) => body)).toEqual([
      {
        title: "Test Issue",
        description: "Testing webhooks",
        project_id: projectId,
        type: "task",
        priority: "medium",
      },
    ]);
  });

  it("sends every other field, the key and the actor", async () => {
    answers["POST /api/v1/issues"] = [{ status: 201, body: issue }];
    const flags = ["--status", "review", "--assignee", "ann", "--due-date", "2030-01-31"];
    const rest = ["--created-by", "ai:planner", "--actor", "ai:planner"];
    const outcome = await turbo([...guideFlags, ...flags, ...rest], {
      environment: { TURBO_API_KEY: "tk_secret" },
    });
    expect(outcome.code).toBe(0);
    expect(calls[0]?.body).toMatchObject({
      status: "review",
      assignee: "ann",
      due_date: "2030-01-31",
      created_by: "ai:planner",
    });
    expect(calls[0]?.headers).toMatchObject({
      authorization: "Bearer tk_secret",
      "x-turbo-actor": "ai:planner",
      "content-type": "application/json",
    });
  });

  it("prints the API's answer alone with --json", async () => {
    answers["POST /api/v1/issues"] = [{ status: 201, body: issue }];
    const outcome = await turbo([...guideFlags, "--json"]);
    expect(JSON.parse(outcome.stdout)).toEqual(issue);
    expect(outcome.stderr).toBe("");
  });

  it("clears a field that is given empty and leaves the others alone", async () => {
    answers[`PATCH /api/v1/issues/${issueId}`] = [
      { status: 200, body: { ...issue, status: "closed" } },
    ];
    const outcome = await turbo(["issues", "update", issueId, "--status=closed", "--assignee", ""]);
    expect(outcome.stdout).toContain("✓ Issue updated successfully!\n");
    expect(calls[0]?.body).toEqual({ status: "closed", assignee: null });
  });

  it("lists as an aligned table and names the next page on stderr", async () => {
    const link = `<${api.url}/api/v1/issues?limit=2&cursor=abc%3D>; rel="next"`;
    answers["GET /api/v1/issues?limit=2"] = [
      {
        status: 200,
        body: [issue, { ...issue, title: "日本\u001b[2J", assignee: "ann" }],
        headers: { link },
      },
    ];
    const outcome = await turbo(["issues", "list", "--limit", "2"]);
    expect(outcome).toEqual({
      code: 0,
      stdout:
        "ID                                    TITLE          STATUS  PRIORITY  TYPE  ASSIGNEE\n" +
        `${issueId}  Test Issue     open    medium    task  -\n` +
        `${issueId}  日本\\u001b[2J  open    medium    task  ann\n`,
      stderr: "More: add --cursor abc=\n",
    });
  });

  it("shows one issue", async () => {
    answers[`GET /api/v1/issues/${issueId}`] = [{ status: 200, body: issue }];
    const outcome = await turbo(["issues", "get", issueId]);
    expect(outcome.stdout).toMatch(/^ID: +0199.*\nTitle: +Test Issue\n/);
  });
});

describe("turbo projects, webhooks and deliveries", { timeout: longTimeoutMs }, () => {
  it("creates a project", async () => {
    const project = { id: projectId, name: "P", status: "active", priority: "high" };
    answers["POST /api/v1/projects"] = [{ status: 201, body: project }];
    const flags = ["--name", "P", "--description", "D", "--priority", "high", "--status", "active"];
    const outcome = await turbo(["projects", "create", ...flags]);
    expect(outcome.stdout).toContain("✓ Project created successfully!\nID:        0199");
    const body = { name: "P", description: "D", priority: "high", status: "active" };
    expect(calls[0]?.body).toEqual(body);
  });

  it("says so on stderr when a list is empty", async () => {
    answers["GET /api/v1/projects"] = [{ status: 200, body: [] }];
    const outcome = await turbo(["projects", "list"]);
    expect(outcome).toEqual({ code: 0, stdout: "", stderr: "No projects.\n" });
  });

  it("creates a webhook from repeated and comma-separated event types", async () => {
    const webhook = { id: webhookId, name: "W", active: false, secret_token: "whsec_abc" };
    answers["POST /api/v1/webhooks"] = [{ status: 201, body: webhook }];
    const types = ["--event-types", "issue.created, issue.updated", "--event-types", "project.*"];
    const flags = ["--name", "W", "--url", "http://localhost:9001/webhook", "--active", "false"];
    const outcome = await turbo(["webhooks", "create", ...flags, ...types]);
    expect(calls[0]?.body).toEqual({
      name: "W",
      url: "http://localhost:9001/webhook",
      active: false,
      event_types: ["issue.created", "issue.updated", "project.*"],
    });
    expect(outcome.stdout).toContain("Secret:  whsec_abc\n");
    expect(outcome.stderr).toBe("Keep the secret: it is shown in full only now.\n");
  });

  it("waits for the outcome of a test", async () => {
    const pending = { id: deliveryId, status: "pending", attempts: 0, response_code: null };
    const success = { ...pending, status: "success", attempts: 1, response_code: 200 };
    const detail = { ...success, attempt_log: [{ number: 1, duration_ms: 12 }] };
    answers[`POST /api/v1/webhooks/${webhookId}/test`] = [{ status: 202, body: pending }];
    answers[`GET /api/v1/deliveries/${deliveryId}`] = [
      { status: 200, body: pending },
      { status: 200, body: detail },
    ];
    const outcome = await turbo(["webhooks", "test", webhookId]);
    expect(outcome.code).toBe(0);
    expect(outcome.stdout).toBe("✓ Test delivered: response code 200, 12 ms\n");
    expect(calls.map(({ method }) => method)).toEqual(["POST", "GET", "GET"]);
  });

  it("fails a test that failed, with the error that was met", async () => {
    const failed = {
      id: deliveryId,
      status: "failed",
      attempts: 1,
      response_code: null,
      error_message: "connection refused",
    };
    answers[`POST /api/v1/webhooks/${webhookId}/test`] = [{ status: 202, body: failed }];
    const outcome = await turbo(["webhooks", "test", webhookId]);
    expect(outcome.code).toBe(1);
    expect(outcome.stdout).toBe("");
    expect(outcome.stderr).toContain("✗ Test failed: connection refused\n");
  });

  it("reads the log of one webhook from that webhook", async () => {
    answers[`GET /api/v1/webhooks/${webhookId}/deliveries?status=failed`] = [
      { status: 200, body: [{ id: deliveryId, status: "failed", response_code: 500 }] },
    ];
    const flags = ["--webhook-id", webhookId, "--status", "failed"];
    const outcome = await turbo(["deliveries", "list", ...flags]);
    expect(outcome.stdout).toMatch(/^ID .*CODE .*\n0199.* failed .* 500 /);
  });
});

describe("turbo webhooks recover", { timeout: longTimeoutMs }, () => {
  const path = `/api/v1/webhooks/${webhookId}`;
  const since = "2026-11-23T08:00:00.000Z";
  const scope = { webhook_id: webhookId, scope: "failed", since };
  const running = { id: deliveryId, ...scope, status: "running", total: 40, recovered: 0 };
  const command = ["webhooks", "recover", webhookId, "--since", since];

  it("only counts when run dry", async () => {
    const asked = { since, scope: "missing", until: "2026-11-23T09:00:00Z", dry_run: true };
    const body = { ...scope, scope: "missing", count: 40 };
    answers[`POST ${path}/recover`] = [{ status: 200, body }];
    const flags = ["--scope", "missing", "--until", asked.until, "--dry-run"];
    const outcome = await turbo([...command, ...flags]);
    const stdout = `✓ 40 missing deliveries since ${since} would be sent.\n`;
    expect(outcome).toEqual({ code: 0, stdout, stderr: "" });
    expect(calls.map((call) => call.body)).toEqual([asked]);
  });

  it("follows a recovery to its end", async () => {
    answers[`POST ${path}/recover`] = [{ status: 202, body: running }];
    const done = { ...running, status: "done", recovered: 40 };
    answers[`GET ${path}/recoveries/${deliveryId}`] = [
      { status: 200, body: { ...running, recovered: 25 } },
      { status: 200, body: done },
    ];
    const outcome = await turbo(command);
    expect(outcome).toEqual({
      code: 0,
      stdout: `✓ On their way: 40 failed deliveries since ${since}.\n`,
      stderr:
        `Recovering 40 failed deliveries since ${since}. Ctrl-C leaves it to itself.\n` +
        "25 of 40\n40 of 40\n",
    });
    expect(JSON.parse((await turbo([...command, "--json"])).stdout)).toEqual(done);
  });

  it("fails when it was cancelled on the way", async () => {
    const cancelled = { ...running, status: "cancelled", recovered: 1 };
    answers[`POST ${path}/recover`] = [{ status: 202, body: cancelled }];
    const outcome = await turbo(command);
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toContain("✗ Recovery cancelled after 1 of 40.\n");
  });

  it("takes a time as so long ago", async () => {
    answers[`POST ${path}/recover`] = [{ status: 200, body: { ...scope, count: 0 } }];
    await turbo(["webhooks", "recover", webhookId, "--since", "90m", "--until=30s"]);
    const [call] = calls as { body: { since: string; until: string } }[];
    const apartMs = Date.parse(call?.body.until ?? "") - Date.parse(call?.body.since ?? "");
    expect(Math.abs(apartMs - (90 * 60_000 - 30_000))).toBeLessThan(1_000);
  });

  it("asks for the time it must know", async () => {
    const outcome = await turbo(["webhooks", "recover", webhookId]);
    expect(outcome.code).toBe(2);
    expect(outcome.stderr).toContain("Missing --since.");
    expect(calls).toEqual([]);
  });
});

describe("turbo refusals", { timeout: longTimeoutMs }, () => {
  it("prints title, detail and each field's error and exits 1 when the server refuses", async () => {
    answers["POST /api/v1/projects"] = [
      problem(422, "Validation failed", {
        detail: "The request has 1 problem.",
        errors: [{ pointer: "/name", code: "too_long", message: "At most 200 characters." }],
      }),
    ];
    const outcome = await turbo(["projects", "create", "--name", "P"]);
    expect(outcome).toEqual({
      code: 1,
      stdout: "",
      stderr: "✗ Validation failed: The request has 1 problem.\n  /name  At most 200 characters.\n",
    });
  });

  it("prints the problem document on stderr with --json", async () => {
    answers["POST /api/v1/projects"] = [problem(409, "Conflict", { detail: "Still running." })];
    const outcome = await turbo(["projects", "create", "--name", "P", "--json"]);
    expect(outcome.stdout).toBe("");
    expect(JSON.parse(outcome.stderr)).toMatchObject({ code: "conflict", status: 409 });
  });

  it("exits 3 when the thing is not found", async () => {
    const outcome = await turbo(["issues", "get", issueId]);
    expect(outcome.code).toBe(3);
    expect(outcome.stderr).toBe(`✗ Not found: There is nothing at /api/v1/issues/${issueId}.\n`);
  });

  it.each([401, 403])("exits 4 for %i", async (status) => {
    answers["GET /api/v1/projects"] = [
      problem(status, "Refused", { detail: "An API key is needed." }),
    ];
    const outcome = await turbo(["projects", "list"]);
    expect(outcome.code).toBe(4);
    expect(outcome.stderr).toBe("✗ Refused: An API key is needed.\n");
  });

  it("exits 5 with one line when nothing listens", async () => {
    const closed = createSocketServer();
    const url = await listen(closed);
    await new Promise((resolve) => closed.close(resolve));
    const outcome = await turbo(["projects", "list", "--api-url", url]);
    expect(outcome).toEqual({
      code: 5,
      stdout: "",
      stderr: `✗ Turbo does not answer at ${url} (ECONNREFUSED). Is it running? \`npm start\`\n`,
    });
  });

  it("exits 1 when something else than Turbo answers", async () => {
    answers["GET /api/v1/projects"] = [{ status: 200, body: "<h1>Hi</h1>", type: "text/html" }];
    const outcome = await turbo(["projects", "list"]);
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toContain("not as Turbo does. Is the API URL right?");
  });
});

describe("turbo usage", { timeout: longTimeoutMs }, () => {
  it.each([
    [["isues", "list"], 'Unknown command "isues". Did you mean issues?', "turbo <resource>"],
    [["issues", "crate"], "Did you mean issues create?", "turbo issues create|list"],
    [["issues"], "Which command? issues has create, list, get, update,", "turbo issues create|"],
    [
      ["issues", "create", "--titel", "x"],
      "Unknown flag --titel. Did you mean --title?",
      "--title",
    ],
    [["issues", "create"], "Missing --title.", "turbo issues create --title TEXT [flags]"],
    [["issues", "update", issueId], "Nothing to change", "turbo issues update <id> [flags]"],
    [["issues", "get"], "Missing the issue ID.", "turbo issues get <id> [flags]"],
    [["issues", "get", ".."], '".." cannot be the issue ID.', "turbo issues get"],
    [["issues", "list", "surplus"], 'Unexpected argument "surplus".', "turbo issues list"],
    [["issues", "list", "--limit", "ten"], 'a whole number, not "ten"', "turbo issues list"],
    [
      ["issues", "create", "--title", "x", "--priority", "hihg"],
      'one of low, medium, high, critical, not "hihg". Did you mean high?',
      "turbo issues create",
    ],
    [["projects", "list", "--api-url", "nonsense"], 'not "nonsense"', "http://127.0.0.1:3000"],
  ])("exits 2 for %j", async (args, message, usage) => {
    const outcome = await turbo(args);
    expect(outcome.code).toBe(2);
    expect(outcome.stderr).toContain(message);
    expect(outcome.stderr).toContain(usage);
    expect(outcome.stdout).toBe("");
    expect(calls).toEqual([]);
  });

  it.each([
    [["help"], "turbo <resource> <command> [flags]"],
    [["--help"], "turbo <resource> <command> [flags]"],
    [[], "Exit codes: 0 ok, 1 failure, 2 usage"],
    [["help", "webhooks"], "turbo webhooks create|list|get|update|delete|"],
    [["issues", "create", "--help"], "--priority low|medium|high|critical"],
    [["help", "issues", "update"], "--assignee NAME"],
    [["--version"], "0."],
  ])("answers %j on stdout", async (args, text) => {
    const outcome = await turbo(args);
    expect(outcome).toMatchObject({ code: 0, stderr: "" });
    expect(outcome.stdout).toContain(text);
  });

  it("runs through a symbolic link in a folder with a broken tsconfig.json", async () => {
    const link = join(api.folder, "turbo");
    await symlink(bin, link);
    await writeFile(join(api.folder, "tsconfig.json"), "{ nonsense");
    const outcome = await turbo(["--version"], { file: link });
    expect(outcome).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+/),
      stderr: "",
    });
  });
});
