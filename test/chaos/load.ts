import { setTimeout as sleep } from "node:timers/promises";
import { call } from "./api";
import type { AppProcess } from "./app-process";
import type { Change, Journal } from "./journal";
import type { Random } from "./random";

const workers = 4;
const mostIssues = 20;
const statuses = ["open", "in_progress", "review", "testing", "closed"] as const;
type Status = (typeof statuses)[number];

type Issue = { id: string; status: Status };
type Asked = { method: string; path: string; fields: Record<string, unknown>; types: string[] };

/** Changes of issues, asked for by a few workers of whichever process, each noted in the journal. */
export class Load {
  readonly #journal: Journal;
  readonly #apps: readonly AppProcess[];
  readonly #random: Random;
  readonly #pauseMs: number;
  #isStopping = false;
  #work: Promise<unknown> = Promise.resolve();

  /** `pauseMs`: how long a worker rests between two changes, on average. */
  constructor(
    journal: Journal,
    apps: readonly AppProcess[],
    { random, pauseMs }: { random: Random; pauseMs: number },
  ) {
    this.#journal = journal;
    this.#apps = apps;
    this.#random = random;
    this.#pauseMs = pauseMs;
  }

  start(): void {
    this.#work = Promise.all(Array.from({ length: workers }, () => this.#run()));
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#work;
  }

  async #run(): Promise<void> {
    const issues: Issue[] = [];
    while (!this.#isStopping) {
      await this.#changeOne(issues);
      await sleep(this.#random.between(0, 2 * this.#pauseMs));
    }
  }

  async #changeOne(issues: Issue[]): Promise<void> {
    const app = this.#random.pick(this.#apps);
    const isNew = issues.length === 0 || this.#random.chance(0.3);
    const issue: Issue = isNew ? { id: "", status: "open" } : this.#random.pick(issues);
    const to = this.#random.pick(statuses);
    const asked = isNew ? creation() : update(issue, to);
    const change = this.#note(asked);
    const body = { title: String(change.number), ...asked.fields };
    const answer = await call(this.#journal, app, { ...asked, body });
    change.endedMs = performance.now();
    const isDone = answer.kind === "answered" && answer.status !== 503;
    if (answer.kind === "unreached") change.outcome = "unreached";
    if (!isDone) {
      // What its state is by now is open: it is left alone.
      if (!isNew) issues.splice(issues.indexOf(issue), 1);
      return;
    }
    change.outcome = "committed";
    if (isNew) issues.push({ id: String(answer.body.id), status: "open" });
    else issue.status = to;
    if (issues.length > mostIssues) issues.shift();
  }

  #note({ types }: Asked): Change {
    const change: Change = {
      number: this.#journal.changes.length + 1,
      beganMs: performance.now(),
      endedMs: Infinity,
      outcome: "unknown",
      eventTypes: types,
    };
    this.#journal.changes.push(change);
    return change;
  }
}

function creation(): Asked {
  return { method: "POST", path: "/issues", fields: {}, types: ["issue.created"] };
}

function update({ id, status: from }: Issue, to: Status): Asked {
  const types = ["issue.updated"];
  if (to !== from) types.push("issue.status_changed");
  if (to !== from && to === "closed") types.push("issue.closed");
  if (to !== from && from === "closed") types.push("issue.reopened");
  return { method: "PATCH", path: `/issues/${id}`, fields: { status: to }, types };
}
