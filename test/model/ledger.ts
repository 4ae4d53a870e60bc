import { Webhook as StandardWebhook } from "standardwebhooks";
import { isTold, refusals, type Promised } from "./promise";
import { nameOf, timeoutMs, type Post } from "./receivers";

type Body = {
  event_id: string;
  event_type: string;
  entity_id: string;
  data: { current: { title?: string; name?: string } };
};

/** Holds what arrives, POST by POST, against what was promised. */
export class Ledger {
  readonly #promised: Promised;
  readonly #texts = new Map<string, string>();
  readonly #last = new Map<string, Post>();
  #checked = 0;

  constructor(promised: Promised) {
    this.#promised = promised;
  }

  /** What is wrong with the POSTs that have come whole since the last call. */
  check(posts: Post[]): string[] {
    const problems: string[] = [];
    for (let post = posts[this.#checked]; post && isWhole(post); post = posts[this.#checked]) {
      this.#checked += 1;
      const wrong = [...this.#checkTurn(post), ...this.#checkText(post), ...this.#checkTerms(post)];
      problems.push(...wrong.map((what) => `${describe(post)}: ${what}`));
    }
    return problems;
  }

  #checkTurn(post: Post): string[] {
    // A receiver that stood still may read it after its sender has given it up, and sent the next.
    if (post.lateMs >= timeoutMs) return [];
    const id = String(post.headers["x-turbo-delivery-id"]);
    const before = this.#last.get(id);
    this.#last.set(id, post);
    if (!before) return [];
    const [number, numberBefore] = [attemptOf(post), attemptOf(before)];
    return [
      before.endedAtMs > post.beganAtMs ? [`begins while ${describe(before)} is open`] : [],
      number < numberBefore ? [`comes after attempt ${numberBefore}`] : [],
      number === numberBefore && before.answered !== null ? ["was answered before"] : [],
    ].flat();
  }

  #checkText({ body, headers }: Post): string[] {
    if (body === null) return [];
    const { event_id } = JSON.parse(body) as Body;
    const before = this.#texts.get(event_id);
    this.#texts.set(event_id, body);
    return [
      headers["webhook-id"] === event_id ? [] : ["webhook-id is not the event's id"],
      before === undefined || before === body
        ? []
        : ["the text is not the one of the attempt before"],
    ].flat();
  }

  #checkTerms(post: Post): string[] {
    if (post.body === null) return [];
    const { event_type, data } = JSON.parse(post.body) as Body;
    const name = nameOf(post.path);
    const webhook = this.#promised.webhooks.find((one) => one.name === name);
    if (!webhook) return ["there is no such webhook"];
    const secrets = webhook.secrets
      .map(({ secret }) => secret)
      .filter((secret) => verifies(secret, post));
    const isTest = event_type === "webhook.test";
    const terms = { time: post.beganAtMs, path: post.path, secrets, isTest };
    const wrong = refusals(webhook, terms).map((why) => `but ${why}`);
    const signatures = String(post.headers["webhook-signature"]).split(" ").length;
    if (signatures !== secrets.length) wrong.push("bears a signature of no secret of its webhook");
    if (isTest) return data.current.name === name ? wrong : [...wrong, "is another's test"];
    if (event_type.startsWith("webhook."))
      return data.current.name === name ? [...wrong, "speaks of itself"] : wrong;
    const change = this.#promised.changes.find(({ label }) => label === data.current.title);
    if (!change?.types.includes(event_type))
      return [...wrong, "tells of no change that was asked for"];
    return isTold(webhook, event_type, change) === "never"
      ? [...wrong, "nobody wanted it there"]
      : wrong;
  }
}

function isWhole(post: Post): boolean {
  return post.body !== null || post.endedAtMs < Infinity;
}

function verifies(secret: string, { body, headers }: Post): boolean {
  try {
    new StandardWebhook(secret).verify(body ?? "", headers as Record<string, string>);
    return true;
  } catch {
    return false;
  }
}

export function attemptOf({ headers }: Post): number {
  return Number(headers["x-turbo-attempt"]);
}

export function describe(post: Post): string {
  const { headers, path, beganAtMs, endedAtMs, answered } = post;
  const times = `${Math.round(beganAtMs)}..${Math.round(endedAtMs)}`;
  const event = `${String(headers["x-turbo-event"])} of delivery ${String(headers["x-turbo-delivery-id"])}`;
  return `POST ${path} at ${times}, attempt ${attemptOf(post)} of ${event}, answered ${answered}`;
}
