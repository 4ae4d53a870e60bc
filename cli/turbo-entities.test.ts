import { describe, expect, it } from "vitest";
import { longTimeoutMs, problem, useFakeApi } from "./testing";

const issueId = "0199b3f0-6a51-7c70-9d1f-3c5e7a9b1d22";
const milestoneId = "0199b3f0-6a51-7c70-9d1f-3c5e7a9b1d55";
const documentId = "0199b3f0-6a51-7c70-9d1f-3c5e7a9b1d66";
const eventId = "0199b3f0-6a51-7c70-9d1f-3c5e7a9b1d77";
const issue = { id: issueId, title: "Test Issue", status: "open", priority: "medium" };

const { calls, answers, turbo } = useFakeApi();

describe("turbo with every entity", { timeout: longTimeoutMs }, () => {
  it("deletes one, and says so", async () => {
    answers[`DELETE /api/v1/issues/${issueId}`] = [{ status: 204 }];
    const outcome = await turbo(["issues", "delete", issueId]);
    expect(outcome).toEqual({ code: 0, stdout: "✓ Issue deleted successfully!\n", stderr: "" });
    const quiet = await turbo(["issues", "delete", issueId, "--json"]);
    expect(quiet).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(calls.map(({ method, body }) => [method, body])).toEqual([
      ["DELETE", undefined],
      ["DELETE", undefined],
    ]);
  });

  it("shows a milestone with its progress", async () => {
    const milestone = { id: milestoneId, name: "Beta", status: "planned", due_date: "2026-12-31" };
    const progress = { start_date: null, issue_count: 4, completion_percentage: 75 };
    answers[`GET /api/v1/milestones/${milestoneId}`] = [
      { status: 200, body: { ...milestone, ...progress, document_ids: [] } },
    ];
    const outcome = await turbo(["milestones", "get", milestoneId]);
    expect(outcome.stdout).toBe(
      `ID:           ${milestoneId}\n` +
        "Name:         Beta\n" +
        "Status:       planned\n" +
        "Due date:     2026-12-31\n" +
        "Issues:       4\n" +
        "Completed %:  75\n",
    );
  });

  it("adds an issue to a milestone, lists it there and takes it off", async () => {
    const path = `/api/v1/milestones/${milestoneId}/issues`;
    answers[`POST ${path}`] = [{ status: 201, body: issue }];
    answers[`GET ${path}`] = [{ status: 200, body: [issue] }];
    answers[`DELETE ${path}/${issueId}`] = [{ status: 204 }];
    const flags = ["--issue-id", issueId];
    const added = await turbo(["milestones", "add-issue", milestoneId, ...flags]);
    expect(added.stdout).toMatch(/^✓ Issue added successfully!\nID: +0199.*\nTitle: +Test Issue\n/);
    const listed = await turbo(["milestones", "issues", milestoneId]);
    expect(listed.stdout).toMatch(/^ID +TITLE .*\n0199.* Test Issue +open +medium +- +-\n$/);
    const removed = await turbo(["milestones", "remove-issue", milestoneId, ...flags]);
    expect(removed.stdout).toBe("✓ Issue removed successfully!\n");
    expect(calls[0]?.body).toEqual({ issue_id: issueId });
  });

  it("shows what a document is linked to, by title or by name", async () => {
    const linked = [
      { entity_type: "issue", ...issue },
      { entity_type: "milestone", id: milestoneId, name: "Beta", status: "planned" },
    ];
    answers[`GET /api/v1/documents/${documentId}/links`] = [{ status: 200, body: linked }];
    const outcome = await turbo(["documents", "links", documentId]);
    expect(outcome.stdout).toMatch(
      /^TYPE .*\nissue +0199.* Test Issue +open\nmilestone +0199.* Beta +planned\n$/,
    );
    const links = linked.map(({ entity_type, id }) => ({ entity_type, entity_id: id }));
    answers[`GET /api/v1/documents/${documentId}`] = [
      { status: 200, body: { id: documentId, title: "Plan", type: "note", links } },
    ];
    const shown = await turbo(["documents", "get", documentId]);
    expect(shown.stdout).toContain(
      `\nLinked to:\nTYPE       ID\nissue      ${issueId}\nmilestone  ${milestoneId}\n`,
    );
  });
});

describe("turbo's flags of every command", { timeout: longTimeoutMs }, () => {
  it("send the event that was the cause, and the idempotency key of a POST", async () => {
    const body = { id: milestoneId, content: "Yes" };
    const headers = { "idempotent-replayed": "true" };
    answers[`POST /api/v1/issues/${issueId}/comments`] = [{ status: 201, body, headers }];
    const flags = ["--content", "Yes", "--causation", eventId, "--idempotency-key", "job 7"];
    const outcome = await turbo(["issues", "comment", issueId, ...flags]);
    expect(outcome.stdout).toContain("✓ Comment created successfully!\n");
    expect(outcome.stderr).toContain("the answer of that time");
    expect(calls[0]?.headers).toMatchObject({
      "x-turbo-causation": eventId,
      "idempotency-key": "job 7",
    });
  });

  it("refuse the idempotency key where nothing is created", async () => {
    const outcome = await turbo(["issues", "delete", issueId, "--idempotency-key", "k"]);
    expect(outcome.code).toBe(2);
    expect(outcome.stderr).toContain("Unknown flag --idempotency-key.");
    expect(calls).toEqual([]);
  });

  it("refuse a header that HTTP cannot carry", async () => {
    const outcome = await turbo(["issues", "delete", issueId, "--causation", "é"]);
    expect(outcome.code).toBe(2);
    expect(outcome.stderr).toContain('--causation must be printable ASCII, not "é".');
  });

  it("leave the reason of a conflict to the API", async () => {
    answers["POST /api/v1/tags"] = [problem(409, "Conflict", { detail: "Still running." })];
    const outcome = await turbo(["tags", "create", "--name", "t", "--idempotency-key", "k"]);
    expect(outcome).toEqual({ code: 1, stdout: "", stderr: "✗ Conflict: Still running.\n" });
  });
});
