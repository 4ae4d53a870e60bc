import { describe, expect, it } from "vitest";
import { ClaimAhead } from "./claim-ahead";
import { LaneSlots, SocketBudget } from "./slots";

const healthy = { isSuspect: false, isFirst: false };
const suspect = { isSuspect: true, isFirst: false };

describe("SocketBudget", () => {
  it("grants what is wanted while there is room, and then what is left", () => {
    const budget = new SocketBudget(12);
    expect(budget.take(10, healthy)).toBe(10);
    expect(budget.take(10, healthy)).toBe(2);
    expect(budget.take(10, healthy)).toBe(0);
    budget.giveBack(5, false);
    expect(budget.take(10, healthy)).toBe(5);
  });

  it("always grants the first of a lane, one at most beyond the room", () => {
    const budget = new SocketBudget(4);
    budget.take(4, healthy);
    expect(budget.take(10, { isSuspect: false, isFirst: true })).toBe(1);
    expect(budget.take(10, healthy)).toBe(0);
    budget.giveBack(1, false);
    expect(budget.take(10, healthy)).toBe(0);
    budget.giveBack(1, false);
    expect(budget.take(10, healthy)).toBe(1);
  });

  it("lets suspect lanes share a quarter", () => {
    const budget = new SocketBudget(16);
    expect(budget.take(10, suspect)).toBe(4);
    expect(budget.take(1, suspect)).toBe(0);
    expect(budget.take(1, { isSuspect: true, isFirst: true })).toBe(1);
    expect(budget.take(100, healthy)).toBe(11);
    budget.giveBack(5, true);
    expect(budget.take(10, suspect)).toBe(4);
  });

  it("that is nearly used up lets a lane claim what it can begin, and nothing ahead", () => {
    const budget = new SocketBudget(12);
    const [other, lane] = [new LaneSlots(budget, 10), new LaneSlots(budget, 10)];
    const ahead = new ClaimAhead();
    other.take(10);
    expect(ahead.room(lane, 0)).toBe(2);
    lane.take(2);
    expect(ahead.isToClaim(lane, 2)).toBe(false);
    expect(ahead.room(lane, 2)).toBeLessThanOrEqual(0);
  });

  it("grants nothing when nothing is wanted", () => {
    expect(new SocketBudget(4).take(0, { isSuspect: false, isFirst: true })).toBe(0);
  });
});
