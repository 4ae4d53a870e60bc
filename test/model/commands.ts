import { setTimeout as sleep } from "node:timers/promises";
import * as fc from "fast-check";
import { makeSecret } from "@/lib/webhooks/secret";
import type { Moment, Promised, Webhook } from "./promise";
import { moods } from "./receivers";
import type { World } from "./world";

/** What is promised, and the issues there are to change. */
export type Model = Promised & { issues: { id: string; isClosed: boolean }[] };
type Command = fc.AsyncCommand<Model, World>;
type Plan = { can?: (model: Model) => boolean; run: (model: Model, world: World) => Promise<void> };

const mostWebhooks = 6;
const longAgo = "2000-01-01T00:00:00Z";

// `by` says which process is asked; `isAwaited`, whether the next command waits for the answer.
const which = fc.nat(11);
const asking = { by: which, isAwaited: fc.boolean() };
const onWebhook = { ...asking, webhook: which };

/** Commands of one kind: made of random values, checked after each run. */
function command<T extends object>(
  name: string,
  values: { [key in keyof T]: fc.Arbitrary<T[key]> },
  plan: (given: T) => Plan,
): fc.Arbitrary<Command> {
  // The cast: record() makes a T of arbitraries of its parts.
  return (fc.record(values) as fc.Arbitrary<T>).map((given) => {
    const { can, run } = plan(given);
    return {
      check: (model) => can?.(model) ?? true,
      run: async (model, world) => {
        await run(model, world);
        world.check();
      },
      toString: () => `${name}(${JSON.stringify(given).replaceAll('"', "")})`,
    };
  });
}

const newMoment = (): Moment => ({ from: Infinity, to: Infinity });

type NewWebhook = { by: number; isAwaited: boolean; hasSlowDoor: boolean; types: string[] };

export async function addWebhook(
  { webhooks }: Model,
  world: World,
  { by, isAwaited, hasSlowDoor, types }: NewWebhook,
): Promise<void> {
  const name = `w${webhooks.length}`;
  const [path, secret, at] = [`/${name}/0`, makeSecret(), newMoment()];
  webhooks.push({
    name,
    types,
    created: at,
    deleted: [],
    activated: [at],
    paused: [],
    urls: [{ path, at }],
    secrets: [{ secret, at, endsOthers: false }],
    recovered: [],
    goneAt: Infinity,
  });
  const url = world.receivers.urlOf(path, hasSlowDoor);
  const input = { name, url, event_types: types, secret_token: secret };
  await world.let(world.ask({ verb: "createWebhook", input, by }, at), isAwaited);
}

const createWebhook = command<NewWebhook>(
  "createWebhook",
  {
    ...asking,
    hasSlowDoor: fc.boolean(),
    types: fc.constantFrom<string[][]>(
      ["*"],
      ["issue.*"],
      ["issue.created"],
      ["issue.updated", "issue.closed"],
      ["issue.assigned", "project.*"],
      ["project.*"],
    ),
  },
  (given) => ({
    can: ({ webhooks }) => webhooks.length < mostWebhooks,
    run: (model, world) => addWebhook(model, world, given),
  }),
);

type OnWebhook = { by: number; isAwaited: boolean; webhook: number };
type Act = (
  webhook: Webhook,
  ask: (how: How) => Promise<unknown>,
  world: World,
) => Promise<unknown>;
type How = { verb: Parameters<World["ask"]>[0]["verb"]; input?: object; at?: Moment };

/** A plan for one of the webhooks that are not surely deleted. */
function planFor({ by, isAwaited, webhook: index }: OnWebhook, act: Act): Plan {
  const living = ({ webhooks }: Model) =>
    webhooks.filter(({ deleted }) => deleted.every(({ to }) => to === Infinity));
  return {
    can: (model) => living(model).length > 0,
    run: async (model, world) => {
      const webhook = living(model)[index % living(model).length];
      if (!webhook) return;
      const work = async () => {
        const id = await world.idOf(webhook.name);
        if (id === undefined) return;
        webhook.created.to = Math.min(webhook.created.to, performance.now());
        await act(
          webhook,
          ({ verb, input, at }) => world.ask({ verb, input: input ? { id, input } : id, by }, at),
          world,
        );
      };
      await world.let(work(), isAwaited);
    },
  };
}

function momentIn(list: Moment[]): Moment {
  const at = newMoment();
  list.push(at);
  return at;
}

const pauseWebhook = command("pause", onWebhook, (given) =>
  planFor(given, ({ paused }, ask) => ask({ verb: "pauseWebhook", at: momentIn(paused) })),
);
const resumeWebhook = command("resume", onWebhook, (given) =>
  planFor(given, ({ activated }, ask) => ask({ verb: "resumeWebhook", at: momentIn(activated) })),
);
const deleteWebhook = command("delete", onWebhook, (given) =>
  planFor(given, ({ deleted }, ask) => ask({ verb: "deleteWebhook", at: momentIn(deleted) })),
);
const moveWebhook = command("move", { ...onWebhook, hasSlowDoor: fc.boolean() }, (given) =>
  planFor(given, ({ name, urls }, ask, { receivers }) => {
    const path = `/${name}/${urls.length}`;
    const at = newMoment();
    urls.push({ path, at });
    const input = { url: receivers.urlOf(path, given.hasSlowDoor) };
    return ask({ verb: "updateWebhook", input, at });
  }),
);
const rotateSecret = command("rotate", { ...onWebhook, overlaps: fc.boolean() }, (given) =>
  planFor(given, ({ secrets }, ask) => {
    const at = newMoment();
    const secret = makeSecret();
    secrets.push({ secret, at, endsOthers: !given.overlaps });
    const input = { secret_token: secret, overlap_hours: given.overlaps ? 24 : 0 };
    return ask({ verb: "rotateSecret", input, at });
  }),
);
const recover = command("recover", { ...onWebhook, isMissing: fc.boolean() }, (given) =>
  planFor(given, ({ recovered }, ask) => {
    const at = given.isMissing ? momentIn(recovered) : newMoment();
    const input = { scope: given.isMissing ? "missing" : "failed", since: longAgo };
    return ask({ verb: "recoverWebhook", input, at });
  }),
);
const sendTest = command("test", onWebhook, (given) =>
  planFor(given, (_webhook, ask) => ask({ verb: "sendTest", input: {} })),
);
const changeMood = command(
  "mood",
  {
    webhook: which,
    mood: fc.oneof(
      { weight: 30, arbitrary: fc.constantFrom(...moods.filter((mood) => mood !== "gone")) },
      { weight: 1, arbitrary: fc.constant("gone" as const) },
    ),
  },
  ({ webhook, mood }) => ({
    can: ({ webhooks }) => webhooks.length > 0,
    run: async ({ webhooks }, { receivers }) =>
      receivers.setMood(webhooks[webhook % webhooks.length]?.name ?? "", mood),
  }),
);

const changeTypes = {
  create: ["issue.created"],
  rename: ["issue.updated"],
  assign: ["issue.updated", "issue.assigned"],
  close: ["issue.updated", "issue.status_changed", "issue.closed"],
};
type Kind = keyof typeof changeTypes;

/** One change, of an issue that there is or a new one; an issue is closed but once. */
async function change(
  { issues, changes }: Model,
  world: World,
  { kind, issue: index, by }: { kind: Kind; issue: number; by: number },
): Promise<void> {
  const open = issues.filter(({ isClosed }) => !isClosed);
  const issue = open[index % open.length];
  const label = `c${changes.length}`;
  const at = newMoment();
  const done = issue ? kind : "create";
  changes.push({ label, types: changeTypes[done], at });
  if (!issue || kind === "create") {
    const made = await world.ask({ verb: "createIssue", input: { title: label }, by }, at);
    if (made) issues.push({ id: (made as { id: string }).id, isClosed: false });
    return;
  }
  const fields = {
    create: {},
    rename: {},
    assign: { assignee: label },
    close: { status: "closed" },
  };
  if (kind === "close") issue.isClosed = true;
  const input = { id: issue.id, input: { title: label, ...fields[kind] } };
  await world.ask({ verb: "updateIssue", input, by }, at);
}

const kind = fc.constantFrom<Kind[]>("create", "create", "rename", "assign", "close");
const changeIssues = command(
  "change",
  {
    isAwaited: fc.boolean(),
    each: fc.array(fc.record({ kind, issue: which, by: which }), { minLength: 1, maxLength: 6 }),
  },
  ({ isAwaited, each }) => ({
    run: (model, world) =>
      world.let(Promise.all(each.map((one) => change(model, world, one))), isAwaited),
  }),
);

const retryDelivery = command("retry", { ...asking, delivery: fc.nat(1000) }, (given) => ({
  can: ({ changes }) => changes.length > 0,
  run: async (_model, world) => {
    const id = await world.anyDelivery(given.delivery);
    if (id)
      await world.let(
        world.ask({ verb: "retryDelivery", input: id, by: given.by }),
        given.isAwaited,
      );
  },
}));
const crash = command("crash", { process: which, afterMs: fc.nat(40) }, ({ process, afterMs }) => ({
  run: async (_model, world) => {
    await sleep(afterMs);
    await world.crash(process);
  },
}));
// Up to the end of its leases, not of its claims: after that a delivery may be posted once more.
const freeze = command(
  "freeze",
  { process: which, ms: fc.constantFrom(300, 2_500, 10_000) },
  ({ process, ms }) => ({ run: async (_model, world) => world.freeze(process, ms) }),
);
const startProcess = command("start", {}, () => ({ run: (_model, world) => world.startAnother() }));
const stopProcess = command("stop", { process: which }, ({ process }) => ({
  run: (_model, world) => world.stop(process),
}));
const sweep = command("sweep", asking, ({ by, isAwaited }) => ({
  run: (_model, world) => world.let(world.ask({ verb: "sweep", by }), isAwaited),
}));
const wait = command("wait", { ms: fc.oneof(fc.nat(150), fc.nat(1500)) }, ({ ms }) => ({
  run: () => sleep(ms),
}));

/** Up to so many commands, in random order. */
export function someCommands(mostCommands: number): fc.Arbitrary<Iterable<Command>> {
  const weighted = fc.oneof(
    { weight: 14, arbitrary: changeIssues },
    { weight: 6, arbitrary: changeMood },
    { weight: 5, arbitrary: createWebhook },
    ...[pauseWebhook, resumeWebhook, moveWebhook, rotateSecret].map((arbitrary) => ({
      weight: 3,
      arbitrary,
    })),
    ...[deleteWebhook, retryDelivery, sendTest, crash].map((arbitrary) => ({
      weight: 2,
      arbitrary,
    })),
    { weight: 6, arbitrary: wait },
    ...[startProcess, stopProcess, freeze, sweep, recover].map((arbitrary) => ({
      weight: 1,
      arbitrary,
    })),
  );
  // Without bias: it prefers runs of a command or two.
  return fc.noBias(fc.commands([weighted], { maxCommands: mostCommands, size: "max" }));
}
