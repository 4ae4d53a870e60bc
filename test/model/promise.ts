/**
 * What is promised, as far as an onlooker can know it: who asked for what, and when it was answered.
 *
 * A moment is when something took effect: not before `from`, when it was asked, and surely by `to`,
 * when it was answered. As long as there is no answer, or if it was lost, `to` is Infinity.
 */
export type Moment = { from: number; to: number };

/** A commit and the types of the events it means; every event of it bears the label. */
export type Change = { label: string; types: string[]; at: Moment };

export type Webhook = {
  /** The first part of its URLs' paths, by which receivers know whose POST they got. */
  name: string;
  types: string[];
  created: Moment;
  deleted: Moment[];
  activated: Moment[];
  paused: Moment[];
  urls: { path: string; at: Moment }[];
  secrets: { secret: string; at: Moment; endsOthers: boolean }[];
  /** When it was asked for what it should have got, of all time: it may get what is older than it. */
  recovered: Moment[];
  /** When its receiver first said 410: from then on only it knows what is wanted. */
  goneAt: number;
};

export type Promised = { webhooks: Webhook[]; changes: Change[] };

/** Is a webhook told of an event of this type in this change? `may`: they were asked for at once. */
export function isTold(webhook: Webhook, type: string, { at }: Change): "must" | "may" | "never" {
  const { types, created, deleted, recovered, goneAt } = webhook;
  const isMatch = types.some((one) => [type, "*", `${type.split(".")[0]}.*`].includes(one));
  const isTooEarly = at.to < created.from && recovered.length === 0;
  const isTooLate = deleted.some(({ to }) => to < at.from);
  if (!isMatch || isTooEarly || isTooLate) return "never";
  const isSure =
    created.to < at.from && at.to < Math.min(goneAt, ...deleted.map(({ from }) => from));
  return isSure ? "must" : "may";
}

/** May what was begun and ended so be in force at a time? Not if it surely ended after each beginning. */
export function mayHold(time: number, begun: Moment[], ended: Moment[]): boolean {
  const isOver = (begin: Moment) => ended.some((end) => begin.to < end.from && end.to < time);
  return begun.some((begin) => begin.from <= time && !isOver(begin));
}

/** Under which terms a POST begins: where to, signed with which of the webhook's secrets. */
export type Terms = { time: number; path: string; secrets: string[]; isTest: boolean };

/** Why this webhook must not be told under these terms at this time; none: it may. */
export function refusals(webhook: Webhook, { time, path, secrets, isTest }: Terms): string[] {
  const { created, deleted, activated, paused, urls } = webhook;
  const toPath = urls.filter((url) => url.path === path).map(({ at }) => at);
  const elsewhere = urls.filter((url) => url.path !== path).map(({ at }) => at);
  const isValid = (secret: string) => {
    const others = webhook.secrets.filter((one) => one.secret !== secret && one.endsOthers);
    const given = webhook.secrets.filter((one) => one.secret === secret);
    return mayHold(
      time,
      given.map(({ at }) => at),
      others.map(({ at }) => at),
    );
  };
  return [
    mayHold(time, [created], deleted) ? [] : ["it was deleted"],
    isTest || mayHold(time, activated, paused) ? [] : ["it was paused"],
    mayHold(time, toPath, elsewhere) ? [] : ["its URL was changed"],
    secrets.length > 0 ? [] : ["none of its secrets verifies it"],
    secrets.every(isValid) ? [] : ["its secret was rotated without overlap"],
  ].flat();
}
