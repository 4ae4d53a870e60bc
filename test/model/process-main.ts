import { connect, db } from "@/db/client";
import { Ownership } from "@/db/ownership";
import { afterCommit } from "@/inngest/after-commit";
import { setParts } from "@/inngest/process";
import { sweep } from "@/inngest/sweep";
import { Worker } from "@/inngest/worker";
import { unknownActor, type Context } from "@/lib/context";
import { issue } from "@/lib/entities/issue";
import { createEntity, updateEntity } from "@/lib/entities/write";
import { readEnv, setEnv } from "@/lib/env";
import { AppError } from "@/lib/errors";
import { flushLog, reasonOf } from "@/lib/log";
import { retryDelivery } from "@/lib/webhooks/deliveries";
import { recoverWebhook } from "@/lib/webhooks/recover";
import * as service from "@/lib/webhooks/service";
import { sendTest } from "@/lib/webhooks/test-delivery";

// A whole process of this product save its HTTP door: what a request would ask comes as a message.

let worker: Worker | undefined;
let ownership: Ownership | undefined;
/** The requests, as it were, that have not been answered yet. */
const underWay = new Set<Promise<unknown>>();

const context = (): Context => ({
  db: db(),
  actor: unknownActor,
  key: null,
  cause: null,
  ifMatch: null,
  requestId: "model",
  afterCommit: afterCommit((work) => void work),
});

type ById = { id: string; input: unknown };

const verbs = {
  /** Begins to serve a database, as the launcher does. */
  start: async ({
    variables,
    isOwner,
  }: {
    variables: Record<string, string>;
    isOwner: boolean;
  }) => {
    const env = readEnv(variables);
    setEnv(env);
    const url = env.databaseUrl ?? "";
    if (isOwner) ownership = await Ownership.take(url, env.dataDir);
    Object.assign(globalThis, { turboDatabase: connect(url, { max: 8 }) });
    worker = new Worker();
    await worker.start({ ownsDatabase: isOwner });
  },
  /** Ends as on SIGTERM: what was asked before is still answered. It may then serve another database. */
  stop: async () => {
    await worker?.stop();
    await Promise.allSettled(underWay);
    await db().close();
    await ownership?.release();
    ownership = undefined;
    Object.assign(globalThis, { turboDatabase: undefined });
    setParts({ turboDeliverer: undefined, turboEngine: undefined, turboSignals: undefined });
  },
  sweep,
  createIssue: (input: unknown) => createEntity(context(), issue, input),
  updateIssue: (given: ById) => updateEntity(context(), issue, given),
  createWebhook: (input: unknown) => service.createWebhook(context(), input),
  updateWebhook: (given: ById) => service.updateWebhook(context(), given),
  pauseWebhook: (id: string) => service.pauseWebhook(context(), id),
  resumeWebhook: (id: string) => service.resumeWebhook(context(), id),
  deleteWebhook: (id: string) => service.deleteWebhook(context(), id),
  rotateSecret: (given: ById) => service.rotateSecret(context(), given),
  sendTest: (given: ById) => sendTest(context(), given),
  recoverWebhook: (given: ById) => recoverWebhook(context(), given),
  retryDelivery: (id: string) => retryDelivery(context(), id),
};

export type Verb = keyof typeof verbs;
export type Question = { id: number; verb: Verb; input: unknown };
/**
 * `refused`: by an AppError, with its code. `unknown`: the database did not answer in time.
 * `broken`: by anything else, which is a bug.
 */
export type Reply = { id: number } & (
  | { kind: "done"; value: unknown }
  | { kind: "refused" | "unknown" | "broken"; reason: string }
);

async function answer({ id, verb, input }: Question): Promise<Reply> {
  try {
    return { id, kind: "done", value: await verbs[verb](input as never) };
  } catch (error) {
    if (error instanceof AppError) return { id, kind: "refused", reason: error.code };
    const stack = error instanceof Error ? error.stack : "";
    const kind = isAway(error) ? "unknown" : "broken";
    return { id, kind, reason: `${reasonOf(error)}\n${stack}` };
  }
}

function isAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = "code" in error ? String(error.code) : "";
  return /^(CONNECT|25P03|55P03|57014)/.test(code) || isAway(error.cause);
}

process.on("message", (question: Question) => {
  const answering = answer(question).then((reply) => {
    underWay.delete(answering);
    return process.send?.(reply);
  });
  if (question.verb !== "stop") underWay.add(answering);
});
process.on("disconnect", () => process.exit());
process.on("exit", flushLog);
process.send?.({ id: 0, kind: "done", value: null } satisfies Reply);
