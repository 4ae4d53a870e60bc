import { afterAll, afterEach, describe, expect, it } from "vitest";
import { createTestDatabase } from "@/db/testing";
import { audit, type Audit } from "@/lib/delivery/audit";
import { issue } from "@/lib/entities/issue";
import { createEntity } from "@/lib/entities/write";
import {
  addDeliveries,
  contextOn,
  openReceiver,
  pause,
  useDatabase,
  useEnv,
  type ReceivedPost,
} from "@/lib/testing";
import { createWebhook, deleteWebhook, pauseWebhook, resumeWebhook } from "@/lib/webhooks/service";
import { sendTest } from "@/lib/webhooks/test-delivery";
import { afterCommit } from "./after-commit";
import { Worker } from "./worker";

useEnv({ WEBHOOK_RETRY_SCHEDULE: "0.2s,1s,2s,4s", WEBHOOK_TIMEOUT: "1" });
const database = await createTestDatabase();
useDatabase(database);
const { sql } = database;
const ctx = contextOn(
  database,
  afterCommit((work) => void work),
);
const worker = new Worker();
const ends: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});
afterAll(async () => {
  await worker.stop();
  await database.close();
});

async function addWebhook(
  answer: (post: ReceivedPost) => number | "hang" | Promise<number>,
): Promise<string> {
  const receiver = await openReceiver(answer);
  ends.push(receiver.close);
  const input = { name: "Test", url: receiver.url, event_types: ["issue.created"] };
  return (await createWebhook(ctx, input)).id;
}

// Far more often, and far less patient, than a sweep's: what it never finds here that one will not.
const patienceMs = 4_000;
const lookEveryMs = 100;

describe("the audit, while webhooks of every kind live their lives", () => {
  it("finds nothing: under way, waiting for a retry, hanging, paused, disabled, deleted", async () => {
    await worker.start({ ownsDatabase: true });
    await addWebhook(() => 200);
    await addWebhook(() => pause(300).then(() => 200));
    await addWebhook(({ attempt }) => (attempt < 3 ? 500 : 200));
    await addWebhook(() => "hang");
    await addWebhook(() => 410);
    const turned = await addWebhook(() => 200);
    const deleted = await addWebhook(() => 503);
    await addDeliveries(sql, deleted, { count: 300 });
    const found: Audit[] = [];
    const endsAtMs = performance.now() + 2 * patienceMs;
    for (let turn = 0; turn < 25 || performance.now() < endsAtMs; turn++) {
      await createEntity(ctx, issue, { title: `Issue ${turn}` });
      if (turn % 8 === 0) await pauseWebhook(ctx, turned);
      if (turn % 8 === 4) await resumeWebhook(ctx, turned);
      if (turn % 10 === 0) await sendTest(ctx, { id: turned, input: {} });
      if (turn === 20) await deleteWebhook(ctx, deleted);
      found.push(await audit(sql, { isEnabled: true, patienceMs }));
      await pause(lookEveryMs);
    }
    expect(found.filter(({ mismatches }) => mismatches > 0)).toEqual([]);
  }, 60_000);
});
