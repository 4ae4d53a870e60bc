import {
  cron,
  type Inngest,
  type InngestFunction,
  NonRetriableError,
  RetryAfterError,
} from "inngest";
import type { Act, Call, Work } from "./engine-under-test";

type Told = {
  onCall: (call: Call) => void;
  /** Every call lasts for ever. */
  hangs: boolean;
};

/** Events as they are sent: each client has names of its own, so that no other app hears them. */
export function toEvents(client: Inngest, works: Work[]) {
  return works.map((work) => ({ data: {}, ...work, name: nameOf(client, work.name) }));
}

/** The functions of the suite: they tell of each call, then do what the event's data asks. */
export function defineFunctions(client: Inngest, { onCall, hangs }: Told): InngestFunction.Any[] {
  const body = (fn: Call["fn"]) => async (given: Given) => {
    const { event, runId, attempt, maxAttempts } = given;
    const { id, name, ts, data } = event;
    const told = { id, name, ts, data: data as Call["event"]["data"] };
    const atMs = Date.now();
    onCall({ pid: process.pid, fn, runId, attempt, maxAttempts, event: told, atMs });
    if (hangs) await new Promise(() => {});
    const acts: Act[] = Array.isArray(told.data.acts) ? told.data.acts : [];
    await act(acts[attempt]);
  };
  const [one, both] = [{ event: nameOf(client, "one") }, { event: nameOf(client, "both") }];
  return [
    client.createFunction({ id: "one", triggers: [one, both], retries: 2 }, body("one")),
    client.createFunction({ id: "two", triggers: [both], retries: 2 }, body("two")),
    client.createFunction({ id: "tick", triggers: [cron("* * * * *")], retries: 0 }, body("tick")),
  ];
}

type Given = {
  event: { id?: string; name: string; ts?: number; data: unknown };
  runId: string;
  attempt: number;
  maxAttempts?: number;
};

function nameOf(client: Inngest, name: Work["name"]): string {
  return `${client.id}/${name}`;
}

async function act(given: Act | undefined): Promise<void> {
  if (!given) return;
  if ("throws" in given) throw new Error(given.throws);
  if ("throwsForGood" in given) throw new NonRetriableError(given.throwsForGood);
  if ("retryAtMs" in given) throw new RetryAfterError("later", new Date(given.retryAtMs));
  if ("retryAfterSeconds" in given) {
    throw new RetryAfterError("later", given.retryAfterSeconds * 1_000);
  }
  await new Promise((resolve) => setTimeout(resolve, given.lastsMs));
}
