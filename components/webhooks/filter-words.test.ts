import { expect, it } from "vitest";
import { describeFilters } from "./filter-words";

const nameOf = (id: string) => (id === "p1" ? "Turbo" : undefined);

it.each([
  [{}, []],
  [{ project_id: "p1" }, ["project is Turbo"]],
  [{ project_id: ["p1", "p2"] }, ["project is Turbo or p2"]],
  [
    { "current.status": "closed", changes: "status", priority: "critical" },
    ["current.status is closed", "status changed", "priority is critical"],
  ],
  [{ "current.version": { gte: 2, lt: 9 } }, ["current.version ≥ 2", "current.version < 9"]],
  [{ "previous.assignee": null }, ["previous.assignee is null"]],
  [{ "previous.assignee": { exists: false } }, ["previous.assignee is absent"]],
  [{ actor: { starts_with: "ai:" } }, ["actor starts with ai:"]],
  [{ status: { nin: ["open", "review"] } }, ["status is not open or review"]],
  [
    { or: [{ priority: "high" }, { status: "open", not: { actor: "user:ada" } }] },
    ["(priority is high) or (status is open and not (actor is user:ada))"],
  ],
  [{ and: [{ priority: "high" }, { status: "open" }] }, ["priority is high", "status is open"]],
  [{ or: "nonsense", not: 5 }, ['or "nonsense"', "not (5)"]],
])("describes %j", (filters, phrases) => {
  expect(describeFilters(filters, nameOf)).toEqual(phrases);
});
