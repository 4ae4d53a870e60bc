import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { createTestDatabase } from "@/db/testing";
import { AppError } from "@/lib/errors";
import { newId } from "@/lib/id";
import {
  addDeliveries,
  contextOn,
  readDelivery,
  recordingAfterCommit,
  useEnv,
} from "@/lib/testing";
import { webhookSealer } from "./policy";
import {
  createWebhook,
  deleteWebhook,
  getWebhook,
  listAllWebhooks,
  listWebhooks,
  pauseWebhook,
  resumeWebhook,
  rotateSecret,
  updateWebhook,
} from "./service";

useEnv();
const database = await createTestDatabase();
const { sql } = database;
let ctx = contextOn(database, recordingAfterCommit());

beforeEach(async () => {
  useEnv();
  await sql`truncate webhook_subscriptions, events cascade`;
  ctx = contextOn(database, recordingAfterCommit());
});
afterAll(() => database.close());

const input = { name: "CI", url: "https://example.com/hook", event_types: ["issue.created"] };
const ownSecret = "a secret of the user's own";

const create = (changes: object = {}) => createWebhook(ctx, { ...input, ...changes });

type Stored = {
  state: string;
  terms: number;
  secret_token: string;
  previous_secrets: { sealed: string; expires_at: string }[];
};

async function stored(id: string): Promise<Stored> {
  const [row] = await sql<Stored[]>`select * from webhook_subscriptions where id = ${id}`;
  if (!row) throw new Error("it is not there");
  return row;
}

const noStreak = { failing_since: null, failures_in_row: 0 };
const longStreak = { failing_since: "2026-01-02T03:04:05.678Z", failures_in_row: 12 };

const setLongStreak = (id: string) => sql`
  update webhook_lanes set failing_since = ${longStreak.failing_since}, failures_in_row = 12,
    failing_told_at = now() where webhook_id = ${id}`;

/** As the sweep does after days of nothing but failures. */
async function disable(id: string): Promise<void> {
  await setLongStreak(id);
  await sql`update webhook_subscriptions set state = 'disabled', disabled_reason = 'failing',
    disabled_at = now() where id = ${id}`;
}

async function refusalOf(work: Promise<unknown>): Promise<AppError> {
  const outcome = await work.catch((error: unknown) => error);
  if (outcome instanceof AppError) return outcome;
  throw new Error("it was not refused", { cause: outcome });
}

describe("createWebhook", () => {
  it("answers it whole, active, with a secret it made", async () => {
    const webhook = await create();
    expect(webhook).toMatchObject({
      ...input,
      active: true,
      state: "active",
      disabled_reason: null,
      filters: {},
      disabled_at: null,
      failing_since: null,
      failures_in_row: 0,
      previous_secret_expires_at: null,
    });
    expect(webhook.secret_token).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(webhook.created_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(await sql`select webhook_id from webhook_lanes`).toEqual([{ webhook_id: webhook.id }]);
  });

  it("makes a different secret each time, when none or null is given", async () => {
    const secrets = [await create(), await create({ secret_token: null })].map(
      ({ secret_token }) => secret_token,
    );
    expect(new Set(secrets).size).toBe(2);
  });

  it("keeps the secret it is given", async () => {
    const secret_token = "0123456789abcdefghijklmn";
    expect((await create({ secret_token })).secret_token).toBe(secret_token);
  });

  it("is paused from the start when it is not to be active", async () => {
    expect(await create({ active: false })).toMatchObject({ active: false, state: "paused" });
  });

  it("keeps its description, without space around it; none, or nothing but space, is null", async () => {
    expect(await create({ description: " For the\nbuilds. " })).toMatchObject({
      description: "For the\nbuilds.",
    });
    expect(await create({ description: "𝒳".repeat(500) })).toMatchObject({
      description: "𝒳".repeat(500),
    });
    for (const none of [{}, { description: null }, { description: " " }])
      expect(await create(none)).toMatchObject({ description: null });
  });

  it("keeps each event type once, and the URL in its canonical form", async () => {
    const webhook = await create({
      url: "HTTPS://Example.COM",
      event_types: ["*", "issue.*", "*"],
    });
    expect(webhook).toMatchObject({
      url: "https://example.com/",
      event_types: ["*", "issue.*"],
    });
  });

  it.each([
    [{ name: "" }, "/name"],
    [{ name: "x".repeat(101) }, "/name"],
    [{ description: "x".repeat(501) }, "/description"],
    [{ description: 5 }, "/description"],
    [{ url: "ftp://example.com" }, "/url"],
    [{ url: "http://169.254.169.254/" }, "/url"],
    [{ url: "http://127.0.0.1:3000/hook" }, "/url"],
    [{ event_types: [] }, "/event_types"],
    [{ event_types: ["issue.exploded"] }, "/event_types/0"],
    [{ event_types: ["webhook.test"] }, "/event_types/0"],
    [{ secret_token: "too short" }, "/secret_token"],
    [{ secret_token: "whsec_c2hvcnQ=" }, "/secret_token"],
    [{ filters: { project_id: "x" } }, "/filters/project_id"],
    [{ filters: [] }, "/filters"],
    [{ filters: null }, "/filters"],
    [{ skip_own: "all" }, "/skip_own"],
    [{ state: "active" }, "/state"],
  ])("refuses %j at %s, and stores nothing", async (changes, pointer) => {
    const refusal = await refusalOf(create(changes));
    expect(refusal.code).toBe("validation_failed");
    expect(refusal.fields.map((field) => field.pointer)).toEqual([pointer]);
    expect(await sql`select id from webhook_subscriptions`).toHaveLength(0);
  });

  it("refuses more than WEBHOOK_MAX with 409, not counting the deleted", async () => {
    useEnv({ WEBHOOK_MAX: "2" });
    const first = await create();
    await create();
    const refusal = await refusalOf(create());
    expect(refusal.code).toBe("conflict");
    expect(refusal.message).toContain("WEBHOOK_MAX");
    await deleteWebhook(ctx, first.id);
    await create();
  });
});

describe("secrets", () => {
  it("lie sealed in the table, each for its webhook alone", async () => {
    const secret_token = ownSecret.replaceAll(" ", "-");
    const { id } = await create({ secret_token });
    const [row] = await sql`select webhook::text as text from webhook_subscriptions webhook`;
    expect(row?.text).not.toContain(secret_token);
    const { secret_token: sealed } = await stored(id);
    expect(webhookSealer().open(sealed, id)).toBe(secret_token);
    expect(() => webhookSealer().open(sealed, newId())).toThrow("secret_unavailable");
  });

  it("are shown masked by everything but create and rotate", async () => {
    const { id, secret_token } = await create();
    const masked = `whsec_••••${secret_token.slice(-4)}`;
    const shown = [
      await getWebhook(ctx, id),
      await updateWebhook(ctx, { id, input: { name: "New" } }),
      await pauseWebhook(ctx, id),
      await resumeWebhook(ctx, id),
      ...(await listWebhooks(ctx, new URLSearchParams())).rows,
      ...(await listAllWebhooks(ctx)),
    ];
    expect(shown.map((webhook) => webhook.secret_token)).toEqual(shown.map(() => masked));
  });

  it("do not keep a webhook from being shown when they cannot be opened", async () => {
    const { id } = await create();
    useEnv({ TURBO_SECRET_KEY: "another key of enough characters" });
    expect((await getWebhook(ctx, id)).secret_token).toBe("••••");
  });
});

describe("listWebhooks", () => {
  it("shows the newest first, page by page, without the deleted", async () => {
    const ids = [];
    for (const name of ["a", "b", "c"]) ids.push((await create({ name })).id);
    const deleted = await create({ name: "d" });
    await deleteWebhook(ctx, deleted.id);
    const { rows } = await listWebhooks(ctx, new URLSearchParams({ limit: "2" }));
    expect(rows.map(({ id }) => id)).toEqual(ids.toReversed());
    const cursor = Buffer.from(ids[1] ?? "").toString("base64url");
    const rest = await listWebhooks(ctx, new URLSearchParams({ cursor }));
    expect(rest.rows.map(({ id }) => id)).toEqual(ids.slice(0, 1));
  });
});

describe("updateWebhook", () => {
  it("changes what is given and leaves the rest", async () => {
    const { id, secret_token: _, updated_at: __, ...before } = await create();
    const after = await updateWebhook(ctx, { id, input: { name: "New", event_types: ["*"] } });
    expect(after).toMatchObject({ ...before, name: "New", event_types: ["*"], version: 2 });
    expect(await updateWebhook(ctx, { id, input: {} })).toEqual(after);
  });

  it("keeps the description unless it is given, and takes it away", async () => {
    const { id } = await create({ description: "For the builds" });
    const update = (input: object) => updateWebhook(ctx, { id, input });
    expect(await update({ name: "New" })).toMatchObject({ description: "For the builds" });
    expect(await update({ description: "" })).toMatchObject({ description: null });
  });

  it("fences a new URL, with a higher terms, before it answers", async () => {
    const { id } = await create();
    const url = "https://example.com/other";
    expect(await updateWebhook(ctx, { id, input: { url } })).toMatchObject({ url });
    expect(ctx.afterCommit.fences).toEqual([{ webhookId: id, terms: 2 }]);
    expect((await stored(id)).terms).toBe(2);
  });

  it("forgets the failures of another URL, and of no other change", async () => {
    const { id, url } = await create();
    await setLongStreak(id);
    expect(await updateWebhook(ctx, { id, input: { url, name: "New" } })).toMatchObject(longStreak);
    const moved = { url: "https://example.com/other" };
    expect(await updateWebhook(ctx, { id, input: moved })).toMatchObject({ ...moved, ...noStreak });
    const [lane] = await sql`select failing_told_at from webhook_lanes where webhook_id = ${id}`;
    expect(lane).toEqual({ failing_told_at: null });
  });

  it("keeps the terms when the terms stay the same", async () => {
    const { id, url } = await create();
    await updateWebhook(ctx, { id, input: { name: "New", url, event_types: ["*"] } });
    expect((await stored(id)).terms).toBe(1);
  });

  it("pauses and resumes by active", async () => {
    const { id } = await create();
    const paused = await updateWebhook(ctx, { id, input: { active: false, name: "New" } });
    expect(paused).toMatchObject({ active: false, state: "paused", name: "New" });
    const resumed = await updateWebhook(ctx, { id, input: { active: true } });
    expect(resumed).toMatchObject({ active: true, state: "active" });
    expect(ctx.afterCommit.rings).toEqual([[id]]);
  });

  it.each([
    [{ secret_token: ownSecret }, "/secret_token"],
    [{ url: "http://10.0.0.1/" }, "/url"],
    [{ name: null }, "/name"],
    [{ active: "no" }, "/active"],
  ])("refuses %j at %s", async (changes, pointer) => {
    const { id } = await create();
    const refusal = await refusalOf(updateWebhook(ctx, { id, input: changes }));
    expect(refusal.fields.map((field) => field.pointer)).toEqual([pointer]);
  });
});

describe("pauseWebhook and resumeWebhook", () => {
  it("raise the terms once, and fence and ring as often as is needed", async () => {
    const { id } = await create();
    await pauseWebhook(ctx, id);
    await pauseWebhook(ctx, id);
    const fence = { webhookId: id, terms: 2 };
    expect(ctx.afterCommit.fences).toEqual([fence, fence]);
    await resumeWebhook(ctx, id);
    await resumeWebhook(ctx, id);
    expect(ctx.afterCommit.rings).toEqual([[id]]);
  });

  it("leave a disabled webhook disabled until it is resumed, and then forget the reason", async () => {
    const { id } = await create();
    await disable(id);
    const disabled = { state: "disabled", active: false, disabled_reason: "failing" };
    expect(await pauseWebhook(ctx, id)).toMatchObject({ ...disabled, ...longStreak });
    const active = { state: "active", active: true, disabled_reason: null, disabled_at: null };
    expect(await resumeWebhook(ctx, id)).toMatchObject({ ...active, ...noStreak });
  });

  it("tell others, once, that a disabled webhook is active again, and who did it", async () => {
    const { id } = await create();
    const other = await create({ event_types: ["webhook.enabled"] });
    await disable(id);
    const by = { ...ctx, actor: { type: "user", name: "ada", metadata: {} } as const };
    await Promise.all([1, 2, 3].map(() => resumeWebhook(by, id)));
    const told = await sql`
      select type, body::jsonb as body, entity_version, subscription_id as to from events event
      join webhook_deliveries on event_id = event.id where entity_id = ${id}`;
    expect(told).toMatchObject([{ type: "webhook.enabled", to: other.id, entity_version: 2 }]);
    expect(told[0]?.body).toMatchObject({
      actor: { type: "user", name: "ada" },
      data: {
        current: { id, active: true, state: "active", disabled_reason: null, ...noStreak },
        previous: { active: false, state: "disabled", disabled_reason: "failing", ...longStreak },
      },
    });
    expect(JSON.stringify(told)).not.toContain("secret_token");
    expect(await stored(id)).toMatchObject({ state: "active", terms: 2 });
    expect(ctx.afterCommit.rings).toEqual([[id, other.id].toSorted()]);
  });

  it("tell nobody of a pause that is over, and forget the failures all the same", async () => {
    const { id } = await create();
    await create({ event_types: ["*"] });
    await setLongStreak(id);
    expect(await pauseWebhook(ctx, id)).toMatchObject(longStreak);
    expect(await resumeWebhook(ctx, id)).toMatchObject(noStreak);
    expect(await sql`select id from events`).toEqual([]);
  });
});

describe("rotateSecret", () => {
  it("answers the new secret in full, and keeps the old one signing for 24 hours", async () => {
    const { id, secret_token } = await create();
    const rotated = await rotateSecret(ctx, { id, input: undefined });
    expect(rotated.secret_token).toMatch(/^whsec_.{44}$/);
    expect(rotated.secret_token).not.toBe(secret_token);
    const row = await stored(id);
    expect(webhookSealer().open(row.secret_token, id)).toBe(rotated.secret_token);
    const [previous] = row.previous_secrets;
    expect(webhookSealer().open(previous?.sealed ?? "", id)).toBe(secret_token);
    const hours = (Date.parse(previous?.expires_at ?? "") - Date.now()) / 3_600_000;
    expect(hours).toBeGreaterThan(23.9);
    expect(hours).toBeLessThanOrEqual(24);
    expect(rotated.previous_secret_expires_at).toBe(previous?.expires_at);
    expect(ctx.afterCommit.fences).toEqual([]);
  });

  it("keeps the older ones too, newest first, at most ten, without the expired", async () => {
    const { id, secret_token: first } = await create();
    const second = await rotateSecret(ctx, { id, input: { overlap_hours: 1 } });
    await rotateSecret(ctx, { id, input: {} });
    const open = async () =>
      (await stored(id)).previous_secrets.map(({ sealed }) => webhookSealer().open(sealed, id));
    expect(await open()).toEqual([second.secret_token, first]);
    await sql`update webhook_subscriptions set previous_secrets =
      jsonb_set(previous_secrets, '{1,expires_at}', '"2020-01-01T00:00:00.000Z"')`;
    await rotateSecret(ctx, { id, input: {} });
    expect(await open()).not.toContain(first);
    for (let turn = 0; turn < 12; turn++) await rotateSecret(ctx, { id, input: {} });
    expect(await open()).toHaveLength(10);
  });

  it("forgets the old one at once with an overlap of 0, fenced", async () => {
    const { id } = await create();
    const rotated = await rotateSecret(ctx, { id, input: { overlap_hours: 0 } });
    expect(rotated.previous_secret_expires_at).toBeNull();
    expect((await stored(id)).previous_secrets).toEqual([]);
    expect(ctx.afterCommit.fences).toEqual([{ webhookId: id, terms: 2 }]);
  });

  it("takes a secret of the user's own", async () => {
    const { id } = await create();
    const secret_token = ownSecret.replaceAll(" ", "-");
    const rotated = await rotateSecret(ctx, { id, input: { secret_token } });
    expect(rotated.secret_token).toBe(secret_token);
  });

  it.each([
    [{ overlap_hours: -1 }, "/overlap_hours"],
    [{ overlap_hours: 169 }, "/overlap_hours"],
    [{ overlap_hours: 1.5 }, "/overlap_hours"],
    [{ secret_token: "short" }, "/secret_token"],
  ])("refuses %j at %s", async (changes, pointer) => {
    const { id } = await create();
    const refusal = await refusalOf(rotateSecret(ctx, { id, input: changes }));
    expect(refusal.fields.map((field) => field.pointer)).toEqual([pointer]);
  });

  it("loses no secret when two rotate at once", async () => {
    const { id, secret_token } = await create();
    const rotated = await Promise.all([1, 2].map(() => rotateSecret(ctx, { id, input: {} })));
    const row = await stored(id);
    const all = [row.secret_token, ...row.previous_secrets.map(({ sealed }) => sealed)];
    const made = [secret_token, ...rotated.map((one) => one.secret_token)];
    expect(all.map((sealed) => webhookSealer().open(sealed, id)).toSorted()).toEqual(
      made.toSorted(),
    );
  });
});

describe("deleteWebhook", () => {
  it("hides it, fences it, and cancels what waits for it", async () => {
    const { id } = await create();
    const [waiting = "", underWay = "", done = ""] = await addDeliveries(sql, id, { count: 3 });
    await sql`update webhook_deliveries set claimed_until = now() + interval '1 minute',
      attempts = 1 where id = ${underWay}`;
    await sql`update webhook_deliveries set status = 'success', next_attempt_at = null
      where id = ${done}`;
    await deleteWebhook(ctx, id);
    expect(ctx.afterCommit.fences).toEqual([{ webhookId: id, terms: 2 }]);
    expect((await refusalOf(getWebhook(ctx, id))).code).toBe("not_found");
    expect(await listAllWebhooks(ctx)).toEqual([]);
    const cancelled = { status: "cancelled", next_attempt_at: null };
    expect(await readDelivery(sql, waiting)).toMatchObject(cancelled);
    // Its result is still to be written down.
    expect((await readDelivery(sql, underWay)).status).toBe("pending");
    expect((await readDelivery(sql, done)).status).toBe("success");
  });

  it("fences before it cancels", async () => {
    const { id } = await create();
    const [delivery = ""] = await addDeliveries(sql, id);
    const seen: string[] = [];
    const fence = async () => void seen.push((await readDelivery(sql, delivery)).status);
    await deleteWebhook({ ...ctx, afterCommit: { ...ctx.afterCommit, fence } }, id);
    expect(seen).toEqual(["pending"]);
  });

  it("leaves a delivery alone that is claimed while it waits to cancel it", async () => {
    const { id } = await create();
    const [delivery = ""] = await addDeliveries(sql, id);
    const claimer = await sql.reserve();
    await claimer`begin`;
    await claimer`update webhook_deliveries set attempts = 1,
      claimed_until = now() + interval '1 minute' where id = ${delivery}`;
    await deleteWebhook(ctx, id);
    await claimer`commit`;
    claimer.release();
    const row = { status: "pending", attempts: 1 };
    expect(await readDelivery(sql, delivery)).toMatchObject(row);
  });
});

describe("an id that no webhook has", () => {
  const verbs = {
    get: (id: string) => getWebhook(ctx, id),
    update: (id: string) => updateWebhook(ctx, { id, input: { name: "New" } }),
    pause: (id: string) => pauseWebhook(ctx, id),
    resume: (id: string) => resumeWebhook(ctx, id),
    rotate: (id: string) => rotateSecret(ctx, { id, input: {} }),
    delete: (id: string) => deleteWebhook(ctx, id),
  };

  it.each(Object.entries(verbs))("is not found by %s, nor is nonsense", async (_, verb) => {
    for (const id of [newId(), "nonsense"]) {
      const refusal = await refusalOf(verb(id));
      expect(refusal.code).toBe("not_found");
      expect(refusal.message).toContain(id);
    }
  });

  it.each(Object.entries(verbs))("is, once deleted, not found by %s", async (_, verb) => {
    const { id } = await create();
    await deleteWebhook(ctx, id);
    expect((await refusalOf(verb(id))).code).toBe("not_found");
  });
});
