import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { createTestDatabase } from "@/db/testing";
import { unknownActor, type Cause } from "@/lib/context";
import { newId } from "@/lib/id";
import { addWebhook, contextOn, recordingAfterCommit, useEnv } from "@/lib/testing";
import { resolveCause } from "./cause";
import { originOf, toEventRow } from "./envelope";
import { installationId } from "./installation";
import { recordEvents } from "./record";
import { refusalOf } from "./testing";

useEnv();
const database = await createTestDatabase();
const { sql } = database;
let ctx = contextOn(database, recordingAfterCommit());

beforeEach(async () => {
  await sql`truncate webhook_subscriptions, events cascade`;
  ctx = contextOn(database, recordingAfterCommit());
});
afterAll(() => database.close());

const request = "PATCH /api/v1/issues/1";

/** Records one event, caused by this; answers its id. */
async function tell(cause: Cause | null): Promise<string> {
  const draft = {
    type: "issue.updated",
    entity_type: "issue",
    entity_id: newId(),
    entity_version: 1,
    current: {},
    previous: null,
    changes: [],
    context: {},
  };
  const event = toEventRow(draft, originOf({ actor: unknownActor, cause }));
  await recordEvents(ctx, { sql, events: [event] });
  return event.id;
}

/** Events that caused each other, as many as there may be; answers their ids. */
async function longestChain(): Promise<string[]> {
  const ids = [await tell(null)];
  while (ids.length < 9) ids.push(await tell(await resolveCause(ctx, ids.at(-1) ?? "", request)));
  return ids;
}

async function loops(): Promise<Record<string, unknown>[]> {
  return sql`
    select id, body::json as body, cause_id, root_id, depth from events
    where type = 'system.loop_detected'`;
}

describe("resolveCause", () => {
  it("counts from the first event of the chain", async () => {
    const first = await tell(null);
    const once = await resolveCause(ctx, first.toUpperCase(), request);
    expect(once).toEqual({ id: first, rootId: first, depth: 1 });
    const second = await tell(once);
    const twice = { id: second, rootId: first, depth: 2 };
    expect(await resolveCause(ctx, second, request)).toEqual(twice);
  });

  it("takes an event that is not known for the first of its chain", async () => {
    const id = newId();
    expect(await resolveCause(ctx, id, request)).toEqual({ id, rootId: id, depth: 1 });
  });

  it.each(["", "nonsense", "\u0000"])("refuses %j: it is no event's id", async (id) => {
    expect(await refusalOf(resolveCause(ctx, id, request))).toBe(
      "validation_failed X-Turbo-Causation invalid",
    );
  });

  it("refuses what would make a chain of more than 8 events behind its first, and tells of it", async () => {
    const webhook = await addWebhook(sql, { event_types: ["system.loop_detected"] });
    const chain = await longestChain();
    const last = chain.at(-1) ?? "";
    await expect(resolveCause(ctx, last, request)).rejects.toThrow(
      `Event ${last} is the last of 9`,
    );
    expect(await loops()).toMatchObject([
      {
        cause_id: last,
        root_id: chain[0],
        depth: 9,
        body: {
          entity_type: "system",
          entity_id: await installationId(sql),
          actor: { type: "system", name: "turbo-system", metadata: { cause_id: last, depth: 9 } },
          data: { current: { id: await installationId(sql), chain, depth: 9, request } },
        },
      },
    ]);
    expect(ctx.afterCommit.rings).toEqual([[webhook]]);
  });

  it("tells of a chain once, however many go on with it at the same time", async () => {
    const last = (await longestChain()).at(-1) ?? "";
    const refused = [1, 2, 3, 4].map(() => refusalOf(resolveCause(ctx, last, request)));
    expect(await Promise.all(refused)).toEqual(Array(4).fill("loop_detected"));
    expect(await refusalOf(resolveCause(ctx, last, request))).toBe("loop_detected");
    expect(await loops()).toHaveLength(1);
  });

  it("stops whoever answers that with a change", async () => {
    const last = (await longestChain()).at(-1) ?? "";
    await refusalOf(resolveCause(ctx, last, request));
    const [loop] = await loops();
    expect(await refusalOf(resolveCause(ctx, String(loop?.id), request))).toBe("loop_detected");
    expect(await loops()).toHaveLength(1);
  });

  it("tells of each chain by itself", async () => {
    for (const chain of [await longestChain(), await longestChain()])
      await refusalOf(resolveCause(ctx, chain.at(-1) ?? "", request));
    expect(new Set((await loops()).map(({ root_id }) => root_id)).size).toBe(2);
  });
});
