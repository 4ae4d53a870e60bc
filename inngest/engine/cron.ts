/** A parsed expression: the values each field allows, in rising order. All times are UTC. */
export type Cron = {
  expression: string;
  minutes: number[];
  hours: number[];
  daysOfMonth: number[];
  months: number[];
  daysOfWeek: number[];
  /** Both day fields are restricted: a day that satisfies either of them counts. */
  eitherDay: boolean;
};

type Field = { name: string; least: number; most: number; names?: string[] };

const minute: Field = { name: "minute", least: 0, most: 59 };
const hour: Field = { name: "hour", least: 0, most: 23 };
const dayOfMonth: Field = { name: "day of month", least: 1, most: 31 };
const month: Field = {
  name: "month",
  least: 1,
  most: 12,
  names: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
};
const dayOfWeek: Field = {
  name: "day of week",
  least: 0,
  most: 7,
  names: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
};

const dayMs = 86_400_000;
// The longest gap between two 29ths of February is eight years.
const searchDays = 8 * 366;

/** Reads five fields: minute, hour, day of month, month, day of week. Throws an Error with the reason. */
export function parseCron(expression: string): Cron {
  const refuse = (reason: string) => new Error(`cron "${expression}": ${reason}`);
  if (/^\s*(CRON_)?TZ=/i.test(expression)) throw refuse("time zones are not supported, it is UTC");
  const parts = expression.trim().split(/\s+/);
  const [minutes, hours, days, months, weekdays] = parts;
  if (parts.length !== 5 || !minutes || !hours || !days || !months || !weekdays) {
    throw refuse("it must have five fields");
  }
  try {
    const cron: Cron = {
      expression,
      minutes: readField(minutes, minute),
      hours: readField(hours, hour),
      daysOfMonth: readField(days, dayOfMonth),
      months: readField(months, month),
      daysOfWeek: [...new Set(readField(weekdays, dayOfWeek).map((day) => day % 7))],
      eitherDay: days !== "*" && weekdays !== "*",
    };
    // Any instant does: what does not happen in the eight years around 2000 never happens.
    if (nextTick(cron, Date.UTC(1996, 0, 1)) === null) throw new Error("it never happens");
    return cron;
  } catch (error) {
    throw refuse(error instanceof Error ? error.message : String(error));
  }
}

/** The first tick after `afterMs` (epoch ms), or null if there is none in eight years. */
export function nextTick(cron: Cron, afterMs: number): number | null {
  const today = Math.floor(afterMs / dayMs) * dayMs;
  for (let day = 0; day <= searchDays; day += 1) {
    const tick = ticksOfDay(cron, today + day * dayMs).find((at) => at > afterMs);
    if (tick !== undefined) return tick;
  }
  return null;
}

/** The last tick at or before `atMs` (epoch ms), or null if there was none in eight years. */
export function latestTick(cron: Cron, atMs: number): number | null {
  const today = Math.floor(atMs / dayMs) * dayMs;
  for (let day = 0; day <= searchDays; day += 1) {
    const tick = ticksOfDay(cron, today - day * dayMs).findLast((at) => at <= atMs);
    if (tick !== undefined) return tick;
  }
  return null;
}

function ticksOfDay(cron: Cron, startMs: number): number[] {
  const date = new Date(startMs);
  if (!cron.months.includes(date.getUTCMonth() + 1)) return [];
  const isDayOfMonth = cron.daysOfMonth.includes(date.getUTCDate());
  const isDayOfWeek = cron.daysOfWeek.includes(date.getUTCDay());
  if (cron.eitherDay ? !isDayOfMonth && !isDayOfWeek : !isDayOfMonth || !isDayOfWeek) return [];
  return cron.hours.flatMap((h) => cron.minutes.map((m) => startMs + (h * 60 + m) * 60_000));
}

function readField(text: string, field: Field): number[] {
  const values = new Set<number>();
  for (const part of text.split(",")) {
    const match = /^(\*|[a-z0-9]+)(?:-([a-z0-9]+))?(?:\/(\d+))?$/i.exec(part);
    const [, from, to, every] = match ?? [];
    if (!from || (from === "*" && to)) throw new Error(`the ${field.name} "${part}" is not valid`);
    const step = every === undefined ? 1 : Number(every);
    const first = from === "*" ? field.least : readValue(from, field);
    const last = lastOf(from, { to, hasStep: every !== undefined }, field) ?? first;
    if (step < 1) throw new Error(`the ${field.name} "${part}" has a step of zero`);
    if (last < first) throw new Error(`the ${field.name} "${part}" runs backwards`);
    for (let value = first; value <= last; value += step) values.add(value);
  }
  return [...values].toSorted((a, b) => a - b);
}

function lastOf(
  from: string,
  { to, hasStep }: { to: string | undefined; hasStep: boolean },
  field: Field,
): number | undefined {
  if (to !== undefined) return readValue(to, field);
  return from === "*" || hasStep ? field.most : undefined;
}

function readValue(text: string, field: Field): number {
  const named = field.names?.indexOf(text.toLowerCase()) ?? -1;
  const value = named >= 0 ? named + field.least : /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= field.least && value <= field.most) return value;
  throw new Error(`the ${field.name} "${text}" is not from ${field.least} to ${field.most}`);
}
