import type { Statements } from "@/db/client";
import { systemActor, type SystemContext } from "@/lib/context";
import { originOf, toEventRow, type EventRow } from "@/lib/events/envelope";
import { commitChange } from "@/lib/events/record";
import type { Entity, Fragment, Stored } from "./define";
import { draftOf } from "./drafts";
import { daysLeft, dueStage, dueStages } from "./due";
import { issue } from "./issue";
import { milestone } from "./milestone";
import { readEntities } from "./read";

/** As many in one statement, and so many statements before the rest waits for the next minute. */
const chunk = 200;
const mostChunks = 50;

/** Those with due dates, and when one has still to be told of, in the words of their partial indexes. */
const dueEntities: { entity: Entity; isOpen: (sql: Statements) => Fragment }[] = [
  {
    entity: milestone,
    isOpen: (sql) => sql`
      entity.status in ('planned', 'in_progress') and entity.due_told is distinct from -1`,
  },
  {
    entity: issue,
    isOpen: (sql) => sql`entity.status <> 'closed' and entity.due_told is distinct from -1`,
  },
];

/**
 * Tells of issues and milestones that are due in 7, 3 or 1 days, or overdue, `today` ("2026-11-23"):
 * each of that once, whoever else tells at the same time, and of what was missed only what is so
 * now. Answers how many events that were.
 */
export async function emitDueDates(ctx: SystemContext, today: string): Promise<number> {
  let told = 0;
  for (const { entity, isOpen } of dueEntities) {
    for (let turn = 0; turn < mostChunks; turn += 1) {
      const due = await findDue(ctx.db.sql, { entity, isOpen: isOpen(ctx.db.sql), today });
      if (due.length === 0) break;
      // If any has changed since, or was told by somebody else, all are looked up again.
      if (await tell(ctx, entity, due)) told += due.length;
    }
  }
  return told;
}

type Due = { row: Stored; days_left: number; stage: number };

/** Whether `stage` has been reached and is not told yet. */
const isNews = (sql: Statements, stage: Fragment) =>
  sql`(entity.due_told is null or ${stage} < entity.due_told)`;

async function findDue(
  sql: Statements,
  { entity, isOpen, today }: { entity: Entity; isOpen: Fragment; today: string },
): Promise<Due[]> {
  const rows = await readEntities(
    sql,
    entity,
    sql`entity.id in (
      select entity.id from ${sql(entity.plural)} entity
      where ${isOpen} and entity.due_date <= ${today}::date + ${Math.max(...dueStages)}::int
        and exists (
          select from unnest(${dueStages}::int[]) as stage
          where entity.due_date <= ${today}::date + stage and ${isNews(sql, sql`stage`)})
      order by entity.due_date, entity.id limit ${chunk})`,
  );
  return rows.flatMap((row) => {
    const days_left = daysLeft(String(row.due_date), today);
    const stage = dueStage(days_left);
    return stage === null ? [] : [{ row, days_left, stage }];
  });
}

/** All of them, or none of them and false. */
function tell(ctx: SystemContext, entity: Entity, due: Due[]): Promise<boolean> {
  const { sql } = ctx.db;
  const table = sql(entity.plural);
  const write = sql`
    with unchanged as materialized (
      select entity.id, due.stage from ${table} entity
      join unnest(
        ${due.map(({ row }) => row.id)}::uuid[], ${due.map(({ row }) => row.version)}::int[],
        ${due.map(({ stage }) => stage)}::int[]
      ) as due (id, version, stage) on due.id = entity.id and due.version = entity.version
      where ${isNews(sql, sql`due.stage`)}
      order by entity.id for no key update of entity
    )
    update ${table} entity set due_told = unchanged.stage from unchanged
    where entity.id = unchanged.id and (select count(*) from unchanged) = ${due.length}
    returning entity.id`;
  const events = due.map((one) => dueEvent(entity, one));
  return commitChange(ctx, { sql, writes: [write], expected: due.length, events });
}

/** Its version stays: nothing of the row itself has changed. */
function dueEvent(entity: Entity, { row, days_left, stage }: Due): EventRow {
  const draft =
    stage < 0
      ? draftOf(entity, "overdue", { row, more: { days_overdue: -days_left } })
      : draftOf(entity, "due_date_approaching", { row, more: { days_left } });
  return toEventRow(draft, originOf({ actor: systemActor }));
}
