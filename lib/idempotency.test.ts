import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { createTestDatabase } from "@/db/testing";
import { AppError } from "./errors";
import { answerOnce, pruneIdempotencyKeys, readIdempotencyKey, type Asked } from "./idempotency";
import { newId } from "./id";
import { contextOn, eventually, recordingAfterCommit } from "./testing";
import { sealer } from "./webhooks/secret";

const database = await createTestDatabase();
const { sql } = database;
const ourSealer = sealer("a secret key for tests only");
let afterCommit = recordingAfterCommit();
let ctx = contextOn(database, afterCommit);
let key = newId();

beforeEach(() => {
  afterCommit = recordingAfterCommit();
  ctx = contextOn(database, afterCommit);
  key = newId();
});
afterAll(() => database.close());

type Work = (inside: typeof ctx) => Promise<unknown>;

/** Asks for one row to be written; the answer names it. */
function ask(asked: Partial<Asked> = {}, also: Work = async () => {}) {
  const request = { caller: "local", key, method: "POST", path: "/api/v1/x", body: "{}", ...asked };
  return answerOnce(ctx, {
    asked: request,
    sealer: ourSealer,
    answer: async (inside) => {
      const id = newId();
      await inside.db.sql`insert into installation (key, value) values (${id}, ${request.key})`;
      await also({ ...inside, afterCommit });
      return { status: 201, headers: { location: `/x/${id}` }, body: `{"id":"${id}"}` };
    },
  });
}

async function countEffects(of = key): Promise<number> {
  const rows = await sql`select key from installation where value = ${of}`;
  return rows.length;
}

async function refusalOf(asking: Promise<unknown>): Promise<AppError> {
  const error: unknown = await asking.then(
    () => "answered",
    (thrown: unknown) => thrown,
  );
  if (error instanceof AppError) return error;
  throw new Error(`not refused: ${String(error)}`);
}

describe("readIdempotencyKey", () => {
  it.each([null, "a", "two words", "~".repeat(255)])("takes %j", (header) => {
    expect(readIdempotencyKey(header)).toBe(header);
  });

  it.each(["", "ä", "a\tb", "a".repeat(256)])("refuses %j", async (header) => {
    const refusal = await refusalOf(Promise.resolve().then(() => readIdempotencyKey(header)));
    expect(refusal.fields).toMatchObject([{ pointer: "Idempotency-Key", code: "invalid" }]);
  });
});

describe("answerOnce", () => {
  it("answers the same again, and does it once", async () => {
    const first = await ask();
    expect(first).toMatchObject({ isReplayed: false, answer: { status: 201 } });
    expect(await ask()).toEqual({ answer: first.answer, isReplayed: true });
    expect(await countEffects()).toBe(1);
  });

  it("does it once when many ask at once: each gets that answer, or hears that it is under way", async () => {
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => ask()));
    const bodies = outcomes.flatMap((one) =>
      one.status === "fulfilled" ? [one.value.answer.body] : [],
    );
    const refusals = outcomes.flatMap((one) => (one.status === "rejected" ? [one.reason] : []));
    expect(new Set(bodies).size).toBe(1);
    for (const refusal of refusals) {
      expect(refusal).toMatchObject({ code: "conflict", retryAfterSeconds: 1 });
    }
    expect(await countEffects()).toBe(1);
  });

  it("refuses who asks while it is under way, and does not wait", async () => {
    let end = () => {};
    let hasBegun = false;
    const first = ask({}, () => {
      hasBegun = true;
      return new Promise<void>((resolve) => (end = resolve));
    });
    await eventually(() => hasBegun);
    const refusal = await refusalOf(ask());
    expect(refusal).toMatchObject({ code: "conflict", retryAfterSeconds: 1 });
    end();
    expect((await first).isReplayed).toBe(false);
    expect((await ask()).isReplayed).toBe(true);
  });

  it.each([{ body: "{ }" }, { path: "/api/v1/y" }, { method: "PUT" }])(
    "refuses another request with the key: %j",
    async (other) => {
      await ask();
      const refusal = await refusalOf(ask(other));
      expect(refusal.fields).toMatchObject([{ pointer: "Idempotency-Key", code: "taken" }]);
      expect(await countEffects()).toBe(1);
    },
  );

  it("tells callers apart", async () => {
    await ask();
    expect((await ask({ caller: "key:admin" })).isReplayed).toBe(false);
    expect(await countEffects()).toBe(2);
  });

  it("keeps nothing of a refusal: whoever mends it may ask again", async () => {
    const refuse = () => Promise.reject(new AppError("conflict", "no room"));
    expect((await refusalOf(ask({}, refuse))).message).toBe("no room");
    expect(await countEffects()).toBe(0);
    expect((await ask({ body: "mended" })).isReplayed).toBe(false);
  });

  it("waits for the fences of an answer that it gives again", async () => {
    const webhookId = newId();
    const fenced = () =>
      answerOnce(ctx, {
        asked: { caller: "local", key, method: "POST", path: "/pause", body: "" },
        sealer: ourSealer,
        answer: async (inside) => {
          await inside.afterCommit.fence(webhookId, 7);
          expect(afterCommit.fences).toEqual([]);
          return { status: 200, headers: {}, body: null };
        },
      });
    await fenced();
    expect(afterCommit.fences).toEqual([{ webhookId, terms: 7 }]);
    await fenced();
    expect(afterCommit.fences).toHaveLength(2);
  });

  it("keeps no answer that could be read without the secret key", async () => {
    const { answer } = await ask();
    const rows = await sql`select * from idempotency_keys`;
    expect(JSON.stringify(rows)).not.toContain(JSON.parse(answer.body ?? "").id);
    expect(JSON.stringify(rows)).not.toContain(key);
  });
});

const makeOlder = (hours: number) => sql`
  update idempotency_keys set created_at = created_at - ${hours} * interval '1 hour'`;

describe("24 hours later", () => {
  it("a key is free again", async () => {
    await ask();
    await makeOlder(23.9);
    expect((await ask()).isReplayed).toBe(true);
    await makeOlder(0.2);
    expect((await ask({ body: "another" })).isReplayed).toBe(false);
    expect((await ask({ body: "another" })).isReplayed).toBe(true);
  });

  it("answers are forgotten, younger ones are not", async () => {
    await ask();
    await makeOlder(25);
    const old = await sql`select from idempotency_keys`;
    await ask({ key: newId() });
    expect(await pruneIdempotencyKeys(sql)).toBe(old.length);
    expect(await sql`select from idempotency_keys`).toHaveLength(1);
  });
});
