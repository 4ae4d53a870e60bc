import postgres from "postgres";
import { afterAll, beforeAll, expect, it } from "vitest";
import { clientOptions, connect } from "@/db/client";
import { createTestDatabase } from "@/db/testing";
import { issue } from "@/lib/entities/issue";
import { createEntity } from "@/lib/entities/write";
import {
  contextOn,
  countDeliveries,
  eventually,
  openReceiver,
  pause,
  useDatabase,
  useEnv,
  type Receiver,
} from "@/lib/testing";
import { createWebhook } from "@/lib/webhooks/service";
import { afterCommit } from "./after-commit";
import { Worker } from "./worker";

/** What one event on an idle lane may cost, from the write to the lane's release. */
const mostStatements = 6;
/** Those that wait for the disk before the POST begins; the settle after it is one more. */
const mostDiskWaitsBeforePost = 2;

const database = await createTestDatabase();
const { sql } = database;
const seen: string[] = [];
let receiver: Receiver;
let worker: Worker;
let seenAtPost = 0;

/** The pool of the product, which notes every statement it sends. */
function connectNoting() {
  const noting = postgres(database.url, {
    ...clientOptions({ max: 4 }),
    debug: (_connection, statement) => void seen.push(statement),
  });
  return { ...connect(database.url), sql: noting, close: () => noting.end({ timeout: 1 }) };
}

const noted = connectNoting();
const ctx = contextOn(
  noted,
  afterCommit((work) => void work),
);

beforeAll(async () => {
  useEnv();
  useDatabase(noted);
  worker = new Worker();
  await worker.start({ ownsDatabase: true });
  receiver = await openReceiver(() => {
    seenAtPost = seen.length;
    return 200;
  });
});
afterAll(async () => {
  await worker.stop();
  await receiver.close();
  await noted.close();
  await database.close();
});

/** What a process asks by the second, whether or not there are events. */
const isTimer = (statement: string) => /^\s*select 1\s*$/.test(statement);

/**
 * Does its commit wait until the disk has it? Only what writes does, unless it says otherwise; the
 * take of a lane says so only when it has claimed nothing, and here it claims.
 */
const waitsForDisk = (statement: string) =>
  /\b(insert into|update|delete from)\b/.test(statement) &&
  !/(?<!then )set_config\('synchronous_commit'/.test(statement);

it("one event on an idle lane costs few statements, of which few wait for the disk", async () => {
  const input = { name: "Test", url: receiver.url, event_types: ["issue.created"] };
  const webhook = await createWebhook(ctx, input);
  const isIdle = async () => {
    const [lane] = await sql`select holder, bell_at from webhook_lanes`;
    return lane?.holder === null && lane.bell_at === null;
  };
  const send = async (count: number): Promise<{ before: string[]; all: string[] }> => {
    seen.length = 0;
    await createEntity(ctx, issue, { title: "Broken" });
    await eventually(async () => (await countDeliveries(sql, webhook.id, "success")) === count);
    await eventually(isIdle);
    // After the release it looks once more.
    await pause(100);
    const isWork = (statement: string) => !isTimer(statement);
    return { before: seen.slice(0, seenAtPost).filter(isWork), all: seen.filter(isWork) };
  };
  const rounds = [];
  for (let count = 1; count <= 4; count += 1) rounds.push(await send(count));
  // In another one, a sweep may have come between.
  const [{ before, all } = { before: [], all: [] }] = rounds.toSorted(
    (a, b) => a.all.length - b.all.length,
  );
  const waits = { before: before.filter(waitsForDisk), all: all.filter(waitsForDisk) };
  process.stdout.write(
    `one event on an idle lane: ${all.length} statements (${before.length} before the POST), ` +
      `${waits.all.length} wait for the disk (${waits.before.length} before the POST)\n`,
  );
  expect(all.length, all.join("\n\n")).toBeGreaterThan(3);
  expect(all.length, all.join("\n\n")).toBeLessThanOrEqual(mostStatements);
  expect(waits.before.length, before.join("\n\n")).toBeLessThanOrEqual(mostDiskWaitsBeforePost);
  expect(waits.all.length).toBeLessThanOrEqual(mostDiskWaitsBeforePost + 1);
});
