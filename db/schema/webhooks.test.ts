import { getTableColumns } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addWebhook } from "@/lib/testing";
import { createTestDatabase } from "../testing";
import { webhook_revisions, webhook_subscriptions } from "./webhooks";

const database = await createTestDatabase();
const { sql } = database;
afterAll(() => database.close());

/** Columns of a webhook that no revision of it keeps, and why not. */
const notKept: Record<string, string> = {
  id: "it is the revision's webhook_id",
  active: "it follows from the state",
  disabled_at: "it is when the revision that is disabled was made",
  deleted_at: "it is when the revision that is deleted was made",
  secret_token: "an older secret is kept nowhere once it no longer signs",
  previous_secrets: "an older secret is kept nowhere once it no longer signs",
  terms: "it fences attempts, and is no part of what a webhook asks for",
  created_at: "it is when the first revision was made; here it is when this one was",
  updated_at: "it is when the last revision was made",
};

async function revisionsOf(id: string) {
  return sql`select * from webhook_revisions where webhook_id = ${id} order by version`;
}

async function versionOf(id: string): Promise<number> {
  const [row] = await sql<{ version: number }[]>`
    select version from webhook_subscriptions where id = ${id}`;
  return row?.version ?? 0;
}

describe("what a webhook was", () => {
  beforeAll(async () => {
    await sql`alter table webhook_subscriptions add column note text`;
    await sql`alter table webhook_revisions add column note text`;
  });

  it("keeps every column, save those that are named with a reason", () => {
    const kept = new Set(Object.keys(getTableColumns(webhook_revisions)));
    kept.delete("created_at");
    const missing = Object.keys(getTableColumns(webhook_subscriptions)).filter(
      (name) => !kept.has(name),
    );
    expect(missing.toSorted()).toEqual(Object.keys(notKept).toSorted());
  });

  it("is kept column by column from the first version on", async () => {
    const id = await addWebhook(sql, { event_types: ["issue.*", "comment.created"] });
    const filters = { all: [{ path: "priority", value: 1.5 }], none: null };
    await sql`
      update webhook_subscriptions set filters = ${sql.json(filters)}, filter_plan = '{"op": "eq"}',
        owner_actor = 'user:ada', owner_key = 'k', skip_own = 'actor'
      where id = ${id}`;
    const [first, second] = await revisionsOf(id);
    const names = Object.keys(getTableColumns(webhook_revisions)).filter(
      (name) => !["webhook_id", "made_by", "created_at"].includes(name),
    );
    const [now = {}] = await sql`select * from webhook_subscriptions where id = ${id}`;
    for (const name of names) expect(second?.[name], name).toEqual(now[name]);
    expect(first).toMatchObject({ version: 1, filters: {}, filter_plan: null, owner_actor: null });
    expect(first?.made_by).not.toBe(second?.made_by);
    expect(Number(second?.created_at)).toBeGreaterThanOrEqual(Number(first?.created_at));
  });

  it("holds a column that is added later, without a word about it", async () => {
    const id = await addWebhook(sql);
    await sql`update webhook_subscriptions set note = 'why it is there' where id = ${id}`;
    expect(await versionOf(id)).toBe(2);
    expect((await revisionsOf(id)).map(({ note }) => note)).toEqual([null, "why it is there"]);
  });

  it("has no new version when only what is set aside changes, or nothing does", async () => {
    const id = await addWebhook(sql);
    await sql`
      update webhook_subscriptions set terms = terms + 1, updated_at = now(), deleted_at = now(),
        disabled_at = now(), previous_secrets = '[{"sealed": "x", "expires_at": "2026-01-01"}]',
        filter_plan = '{"op": "eq"}', name = name, url = url
      where id = ${id}`;
    expect(await versionOf(id)).toBe(1);
    expect(await revisionsOf(id)).toHaveLength(1);
  });

  it.each([
    ["name", "another"],
    ["url", "http://127.0.0.1:9/other"],
    ["state", "paused"],
    ["disabled_reason", "gone"],
    ["secret_token", "another secret"],
  ])("has a new version when its %s changes", async (column, value) => {
    const id = await addWebhook(sql);
    await sql`update webhook_subscriptions set ${sql({ [column]: value })} where id = ${id}`;
    expect([await versionOf(id), (await revisionsOf(id)).length]).toEqual([2, 2]);
  });
});
