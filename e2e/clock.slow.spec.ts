import { Api, ok, type Entity } from "./support/api";
import type { App } from "./support/app";
import { until } from "@/test/kit/until";
import { embedded } from "./support/engine";
import type { Received } from "./support/receiver";
import { expect, test } from "./support/test";
import { WallClock } from "./support/wall-clock";

test.describe.configure({ timeout: 240_000 });

// The wall clock of the app's processes alone is set, as NTP or an operator sets it: their timers
// and the database's clock run on. Setting the machine's clock would set the database's as well,
// and that of every other test.
const retryMs = 6_000;
/** How much later than due a retry may come on a busy machine; hours would be the fault. */
const slackMs = 4_000;
const closeMs = 5_000;

/** Hours by which the newest line of the log that fits is off the true time. */
function hoursOfLog(app: App, text: string): number {
  const line = app.log.split("\n").findLast((one) => one.startsWith("{") && one.includes(text));
  const { time }: { time?: string } = JSON.parse(line ?? "{}");
  return Math.round((Date.parse(time ?? "") - Date.now()) / 3_600_000);
}

function expectTrueTime({ headers, body, at }: Received): void {
  expect(Math.abs(Number(headers["webhook-timestamp"]) * 1_000 - at)).toBeLessThan(closeMs);
  expect(Math.abs(Date.parse(body.timestamp) - at)).toBeLessThan(60_000);
}

/** Keeps the time of each sweep by the minutely cron, of which the app keeps the last alone. */
const keepTicks = `
  create table ticks (at timestamptz not null default clock_timestamp());
  create function keep_tick() returns trigger language plpgsql as
    'begin insert into ticks default values; return new; end';
  create trigger keep_tick before insert or update on installation for each row
    when (new.key = 'cron_sweep_at') execute function keep_tick();`;

/** At least one full minute has passed; each had one tick, soon after it, and nothing else had any. */
const expectTicks = `
  do $$ declare first timestamptz; last timestamptz; ticks int; begin
    select min(at), max(at), count(*) into first, last, ticks from (
      select date_trunc('minute', at) as at from ticks where at - date_trunc('minute', at) < interval '5 s') tick;
    if last is null or last < date_trunc('minute', now() - interval '5 s') then raise 'the last tick is %', last; end if;
    if ticks <> (select count(*) from ticks) then raise 'a tick came between minutes'; end if;
    if ticks <> extract(epoch from last - first) / 60 + 1 then raise '% ticks from % to %', ticks, first, last; end if;
  end $$`;

test("a wall clock set hours off neither fires nor delays retries", async ({
  postgres,
  startOwnApp,
  receiver,
  folder,
}) => {
  const wall = new WallClock(folder);
  const app = await startOwnApp({
    ...embedded,
    ...wall.settings,
    DATABASE_URL: postgres.url,
    TURBO_SECRET_KEY: "a-secret-key-of-many-characters",
    WEBHOOK_RETRY_SCHEDULE: Array.from({ length: 10 }, () => "1s").join(),
  });
  const api = new Api(app.url);
  await api.createWebhook(receiver.url, { event_types: ["issue.created"] });
  receiver.respondWith({ status: 503, headers: { "retry-after": String(retryMs / 1_000) } });
  const issue = await api.createIssue({ title: "tried again and again" });
  const attempts = () => receiver.posts.filter(({ body }) => body.entity_id === issue.id);
  await receiver.waitFor();
  const issues = [issue];

  for (const [index, hours] of [6, -6, 0].entries()) {
    await until("the attempt is written down", () =>
      app.log.includes(`webhook attempt ${index + 1} of`),
    );
    wall.set(hours);
    await receiver.waitForAll(index + 2, ({ body }) => body.entity_id === issue.id);
    issues.push(await api.createIssue({ title: `made at ${hours}` }));
    // One line is of the routes, which Next bundles apart, one of what delivers.
    await until("the clock is off", () => {
      const texts = ["emitted issue.created", "webhook attempt"];
      return texts.every((text) => hoursOfLog(app, text) === hours);
    });
  }
  // Killed, and started again on a clock that is behind.
  await app.kill();
  wall.set(-6);
  await app.start();
  const times = attempts().map(({ at }) => at);
  const afterKill = await receiver.waitForAll(
    times.length + 1,
    ({ body }) => body.entity_id === issue.id,
  );
  expect((afterKill.at(-1)?.at ?? 0) - (times.at(-1) ?? 0)).toBeGreaterThanOrEqual(retryMs - 10);
  for (const [index, at] of times.slice(1).entries()) {
    const waited = at - (times[index] ?? 0);
    expect(waited, `attempt ${index + 2}`).toBeGreaterThanOrEqual(retryMs - 10);
    expect(waited, `attempt ${index + 2}`).toBeLessThan(retryMs + slackMs);
  }
  for (const request of receiver.posts) expectTrueTime(request);
  const rows = ok(await api.get<Entity[]>("/issues"));
  expect(rows.map(({ id }) => id)).toEqual(issues.map(({ id }) => id).toReversed());
});

test("cron ticks once a minute, wherever the wall clock is set meanwhile", async ({
  postgres,
  startOwnApp,
  folder,
}) => {
  const wall = new WallClock(folder);
  await startOwnApp({
    ...embedded,
    ...wall.settings,
    DATABASE_URL: postgres.url,
    TURBO_SECRET_KEY: "a-secret-key-of-many-characters",
  });
  const areRight = () =>
    postgres.run(expectTicks).then(
      () => true,
      () => false,
    );
  await postgres.run(keepTicks);
  wall.set(6);
  const minute = new Date().getMinutes();
  await until("a full minute", () => new Date().getMinutes() !== minute, 65_000);
  wall.set(-6);
  await until("it has its tick, and no other minute has one too many", areRight);
});
