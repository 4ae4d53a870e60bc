import { serve } from "inngest/edge";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { createTestDatabase } from "@/db/testing";
import { clock } from "@/lib/clock";
import { newId } from "@/lib/id";
import { eventually, useDatabase, useEnv } from "@/lib/testing";
import { makeClient } from "@/inngest/client";
import { Engine } from "@/inngest/embedded/engine";
import { learnFunctions } from "@/inngest/embedded/functions";
import { setParts } from "@/inngest/process";
import { functionsOf } from "./index";

useEnv();
const database = await createTestDatabase();
const { sql } = database;
useDatabase(database);
const engines: Engine[] = [];

beforeEach(async () => {
  await sql`truncate events, issues cascade`;
  await sql`delete from installation where key <> 'id'`;
});
afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.stop(5_000);
  setClock(Date.now());
});
afterAll(() => database.close());

function setClock(epochMs: number): void {
  clock().set({ epochMs, askedAtMs: performance.now(), tookMs: 0 });
}

function makeHandler() {
  const client = makeClient();
  return serve({ client, functions: functionsOf(client) });
}

/** A process with all functions and nothing but the engine. */
async function startEngine(): Promise<void> {
  const engine = new Engine({ handler: makeHandler() });
  setParts({ turboEngine: engine });
  engines.push(engine);
  await engine.start();
}

/** Half a second before 08:00 UTC of a Monday to come: every cron is about to tick. */
function waitForMonday(): void {
  const week = 7 * 86_400_000;
  const firstMonday = Date.UTC(1970, 0, 5, 8);
  const weeks = Math.ceil((Date.now() - firstMonday) / week);
  setClock(firstMonday + weeks * week - 500);
}

const setNote = (report: string, ago: string) => sql`
  insert into installation (key, value) values (${report}, (now() - ${ago}::interval)::text)`;
const readTold = () => sql`select type from events order by type`;

describe("the functions", () => {
  it("are a drain for each bell, a recovery's step, a sweep each minute and what is told by the clock", async () => {
    const learnt = await learnFunctions(makeHandler());
    const told = learnt.map(({ id, events, crons }) => ({
      id,
      on: [...events, ...crons.map((cron) => cron.getPattern())],
    }));
    expect(told).toEqual([
      { id: "turbo-drain-lane", on: ["turbo/webhook.due"] },
      { id: "turbo-recover-webhook", on: ["turbo/webhook.recover"] },
      { id: "turbo-sweep-lanes", on: ["* * * * *"] },
      { id: "turbo-emit-due-dates", on: ["* * * * *"] },
      { id: "turbo-daily-digest", on: ["0 8 * * *"] },
      { id: "turbo-weekly-report", on: ["0 8 * * 1"] },
    ]);
  });
});

describe("the crons", () => {
  it("tell what is due and both reports once, in several processes as well", async () => {
    await sql`
      insert into issues (id, title, type, status, priority, due_date)
      values (${newId()}, 'Due', 'task', 'open', 'low', current_date - 1)`;
    await setNote("daily_digest", "3 days");
    await setNote("weekly_report", "20 days");
    waitForMonday();
    for (let processes = 0; processes < 2; processes += 1) await startEngine();
    await eventually(async () => (await readTold()).length >= 3, 20_000);
    for (const engine of engines) await engine.stop(5_000);
    expect(await readTold()).toEqual([
      { type: "issue.overdue" },
      { type: "system.daily_digest" },
      { type: "system.weekly_report" },
    ]);
  });

  it("have nothing to tell in a new installation", async () => {
    waitForMonday();
    await startEngine();
    const isSwept = async () =>
      (await sql`select key from installation where key = 'cron_sweep_at'`).length > 0;
    await eventually(isSwept, 20_000);
    for (const engine of engines) await engine.stop(5_000);
    expect(await readTold()).toEqual([]);
  });
});
