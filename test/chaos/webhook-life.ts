import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { call, callUntilAnswered } from "./api";
import type { AppProcess } from "./app-process";
import type { ReceiverPlan } from "./behaviours";
import type { Journal, Subscription } from "./journal";
import type { Random } from "./random";
import type { Receivers } from "./receivers";

const pauseMs = 200;

/** A receiver with the URL it is reached at. */
export type Reachable = ReceiverPlan & { url: string };

/** What is done to webhooks while the load runs: created, paused and resumed, deleted. */
export class WebhookLife {
  readonly #journal: Journal;
  readonly #apps: readonly AppProcess[];
  readonly #receivers: Receivers;
  readonly #random: Random;
  #isStopping = false;
  #work: Promise<unknown> = Promise.resolve();

  constructor(
    journal: Journal,
    apps: readonly AppProcess[],
    { receivers, random }: { receivers: Receivers; random: Random },
  ) {
    this.#journal = journal;
    this.#apps = apps;
    this.#receivers = receivers;
    this.#random = random;
  }

  /** Registers a webhook for the receiver. */
  async create(receiver: Reachable, name: string): Promise<Subscription> {
    const secret = `whsec_${randomBytes(32).toString("base64")}`;
    this.#receivers.expect(name, secret);
    const askedMs = performance.now();
    const { eventTypes } = receiver;
    const url = `${receiver.url}/${name}`;
    const body = { name, url, event_types: eventTypes, secret_token: secret };
    const { id, createdMs } = await this.#askOnce(body);
    const subscription: Subscription = {
      name,
      receiver: receiver.name,
      id,
      secret,
      eventTypes,
      askedMs,
      createdMs,
      deleteAskedMs: null,
      deletedMs: null,
      pauses: [],
    };
    this.#journal.subscriptions.push(subscription);
    return subscription;
  }

  /** A creation whose answer was lost may have been made: there must be one, not two. */
  async #askOnce(body: { name: string }): Promise<{ id: string; createdMs: number }> {
    for (;;) {
      const listed = await callUntilAnswered(this.#journal, this.#apps, {
        method: "GET",
        path: "/webhooks?limit=100",
      });
      const webhooks = listed.body as unknown as { id: string; name: string }[];
      const made = webhooks.find(({ name }) => name === body.name);
      if (made) return { id: made.id, createdMs: performance.now() };
      const app = this.#random.pick(this.#apps);
      const answer = await call(this.#journal, app, { method: "POST", path: "/webhooks", body });
      if (answer.kind === "answered" && answer.status === 201) {
        return { id: String(answer.body.id), createdMs: performance.now() };
      }
      await sleep(pauseMs);
    }
  }

  /** Begins to pause and resume the one, and to create and delete webhooks of the other. */
  start(paused: Subscription, deleted: Reachable): void {
    this.#work = Promise.all([this.#keepPausing(paused), this.#keepDeleting(deleted)]);
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#work;
  }

  async #keepPausing(subscription: Subscription): Promise<void> {
    while (!this.#isStopping) {
      await this.#rest(1, 4);
      await this.#ask("POST", `/webhooks/${subscription.id}/pause`);
      const pause = { fromMs: performance.now(), untilMs: Infinity };
      subscription.pauses.push(pause);
      await this.#rest(0.5, 3);
      pause.untilMs = performance.now();
      await this.#ask("POST", `/webhooks/${subscription.id}/resume`);
    }
  }

  async #keepDeleting(receiver: Reachable): Promise<void> {
    for (let number = 1; !this.#isStopping; number += 1) {
      const subscription = await this.create(receiver, `${receiver.name}-${number}`);
      await this.#rest(3, 8);
      subscription.deleteAskedMs = performance.now();
      const { status } = await this.#ask("DELETE", `/webhooks/${subscription.id}`);
      // Without the 204 itself, nothing was said about POSTs.
      if (status === 204) subscription.deletedMs = performance.now();
    }
  }

  #ask(method: string, path: string) {
    const apps = this.#random.shuffle(this.#apps);
    return callUntilAnswered(this.#journal, apps, { method, path });
  }

  async #rest(leastSeconds: number, mostSeconds: number): Promise<void> {
    const endMs = performance.now() + 1000 * this.#random.between(leastSeconds, mostSeconds);
    while (!this.#isStopping && performance.now() < endMs) await sleep(50);
  }
}
