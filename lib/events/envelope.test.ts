import { describe, expect, it } from "vitest";
import { isId } from "@/lib/id";
import { largestBodyBytes, toEventRow, type EventDraft } from "./envelope";

const draft: EventDraft = {
  type: "issue.status_changed",
  entity_type: "issue",
  entity_id: "0190a5c0-0000-7000-8000-000000000002",
  entity_version: 3,
  current: { id: "0190a5c0-0000-7000-8000-000000000002", title: "Größe", status: "closed" },
  previous: { status: "open" },
  changes: ["status"],
  context: { project_id: "0190a5c0-0000-7000-8000-000000000001" },
};
const origin = {
  actor: { type: "ai" as const, name: "claude", metadata: { change_id: "1" } },
  at: new Date("2026-01-02T03:04:05.678Z"),
  baseUrl: "https://turbo.example.com",
};

/** A draft whose body has exactly so many bytes. */
function draftOfBytes(bytes: number): EventDraft {
  const row = toEventRow({ ...draft, current: { text: "" } }, origin);
  const text = "x".repeat(bytes - Buffer.byteLength(row.body));
  return { ...draft, current: { text } };
}

describe("toEventRow", () => {
  it("writes the body with its keys in the order of the contract", () => {
    const row = toEventRow(draft, origin);
    expect(isId(row.id)).toBe(true);
    expect(row.body).toBe(
      `{"event_id":"${row.id}","event_type":"issue.status_changed",` +
        `"timestamp":"2026-01-02T03:04:05.678Z","entity_type":"issue",` +
        `"entity_id":"0190a5c0-0000-7000-8000-000000000002","action":"status_changed",` +
        `"actor":{"type":"ai","name":"claude","metadata":{"change_id":"1"}},` +
        `"data":{"current":{"id":"0190a5c0-0000-7000-8000-000000000002","title":"Größe","status":"closed"},` +
        `"previous":{"status":"open"},"changes":["status"]},` +
        `"context":{"project_id":"0190a5c0-0000-7000-8000-000000000001","milestone_id":null,` +
        `"initiative_id":null,"issue_id":null},"entity_version":3}`,
    );
  });

  it("dates the row as the body", () => {
    expect(toEventRow(draft, origin).created_at).toEqual(origin.at);
  });

  it("shows nothing previous as null", () => {
    const row = toEventRow({ ...draft, previous: null, changes: [] }, origin);
    expect(JSON.parse(row.body).data).toMatchObject({ previous: null, changes: [] });
  });

  it("is whole up to 256 KiB, counted in bytes", () => {
    const row = toEventRow(draftOfBytes(largestBodyBytes), origin);
    expect(Buffer.byteLength(row.body)).toBe(256 * 1024);
    expect(row.whole_body).toBeNull();
  });

  it("is thin over 256 KiB: ids, and where to fetch the whole, which is kept", () => {
    const row = toEventRow(draftOfBytes(largestBodyBytes + 1), origin);
    const thin = JSON.parse(row.body);
    expect(thin).toMatchObject({
      event_id: row.id,
      data: { current: { id: draft.entity_id }, previous: null, changes: ["status"] },
      context: { project_id: draft.context.project_id },
      entity_version: 3,
      is_thin: true,
      fetch_url: `https://turbo.example.com/api/v1/events/${row.id}`,
    });
    expect(Buffer.byteLength(row.body)).toBeLessThan(2000);
    expect(Buffer.byteLength(row.whole_body ?? "")).toBe(256 * 1024 + 1);
    expect(JSON.parse(row.whole_body ?? "")).toMatchObject({ event_id: row.id, entity_version: 3 });
  });

  it("counts a character of several bytes as so many", () => {
    const text = "ö".repeat(140 * 1024);
    expect(toEventRow({ ...draft, current: { text } }, origin).whole_body).not.toBeNull();
  });
});
