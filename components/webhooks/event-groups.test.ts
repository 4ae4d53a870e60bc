import { describe, expect, it } from "vitest";
import { subscribableTypes } from "@/lib/event-types/catalogue";
import { findStrangers, findTypes, groupTypes, mostUsed } from "./event-groups";

const registered = [
  { name: "terminal.opened", description: "Somebody opens a terminal." },
  { name: "issue.escalated", description: null },
];
const groups = groupTypes(registered);
const entities = groups.map(({ entity }) => entity);

describe("groupTypes", () => {
  it("puts registered types behind the catalogue's, in groups of their own", () => {
    expect(entities.slice(0, 2)).toEqual(["issue", "project"]);
    expect(entities.at(-1)).toBe("terminal");
    expect(groups.at(-1)?.types).toEqual([
      { type: "terminal.opened", summary: "Somebody opens a terminal." },
    ]);
  });

  it("puts a registered type of a known entity at the end of its group", () => {
    expect(groups[0]?.types.at(-1)?.type).toBe("issue.escalated");
    expect(new Set(entities).size).toBe(entities.length);
  });
});

describe("findTypes", () => {
  it("finds a type by parts of its name or its summary, in any case", () => {
    const found = (sought: string) =>
      findTypes(groups, sought).flatMap(({ types }) => types.map(({ type }) => type));
    expect(found("OVERDUE")).toEqual(
      expect.arrayContaining(["issue.overdue", "milestone.overdue"]),
    );
    expect(found("somebody terminal")).toEqual(["terminal.opened"]);
    expect(found("")).toHaveLength(subscribableTypes.length + registered.length);
    expect(found("no such thing")).toEqual([]);
  });
});

describe("findStrangers", () => {
  it("names the chosen patterns that no group has", () => {
    const chosen = ["*", "issue.*", "issue.created", "gone.away", "gone.*", "terminal.opened"];
    expect(findStrangers(groups, chosen)).toEqual(["gone.away", "gone.*"]);
  });
});

it("shows only types of the catalogue as the most used", () => {
  expect(mostUsed.filter((type) => !subscribableTypes.includes(type))).toEqual([]);
});
