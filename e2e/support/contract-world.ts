import { ok, type Api, type Delivery } from "./api";
import { until } from "@/test/kit/until";
import type { OpenApi, Operation } from "./openapi";

type Made = { id: string };
/** The example of a request, with what is there in this installation in place of what it names. */
type Fill = (example: unknown) => Promise<unknown>;

/** Makes what an operation needs to be asked for in earnest, anew each time. */
export class World {
  readonly #api: Api;
  readonly #document: OpenApi;
  readonly #receiverUrl: string;
  #made = 0;

  constructor(api: Api, document: OpenApi, receiverUrl: string) {
    this.#api = api;
    this.#document = document;
    this.#receiverUrl = receiverUrl;
  }

  /** The operation's path with the ids of what was made for it. */
  async pathOf(operation: Operation): Promise<string> {
    const [, , , collection = "", , list = "", last] = operation.path.split("/");
    if (!operation.path.includes("{")) return operation.path;
    if (list === "recoveries" && last) return this.#makeRecovery();
    const id = await this.make(collection);
    const path = operation.path.replace(/\{(id|name)\}/, id);
    if (!path.includes("{")) return path;
    return path.replace(/\{(\w+)\}/, await this.#link(operation, id));
  }

  /** A good body of an operation; undefined: it takes none. */
  async bodyOf(operation: Operation): Promise<unknown> {
    const content = operation.requestBody?.content["application/json"];
    return content && this.#fill(content.example);
  }

  /** One of a collection, made by the operation that makes such. */
  async make(collection: string): Promise<string> {
    if (collection === "deliveries") return this.#makeDelivery();
    const operation = this.#operation("POST", `/api/v1/${collection}`);
    const { body } = await this.#api.post<Record<string, string>>(
      `/${collection}`,
      await this.bodyOf(operation),
    );
    const id = { events: "event_id", "event-types": "name" }[collection] ?? "id";
    return body[id] ?? "nothing was made";
  }

  #operation(method: string, path: string): Operation {
    const found = this.#document.operations.find(
      (one) => one.method === method && one.path === path,
    );
    if (!found) throw new Error(`${method} ${path} is not documented.`);
    return found;
  }

  async #makeDelivery(): Promise<string> {
    const webhook = await this.#api.createWebhook(this.#receiverUrl, {
      event_types: ["project.created"],
    });
    await this.#api.createProject();
    return until("a delivery has arrived", async () => {
      const path = `/webhooks/${webhook.id}/deliveries?status=success`;
      return ok(await this.#api.get<Delivery[]>(path))[0]?.id;
    });
  }

  /** Of a webhook that is paused, so that it does not end: there is more than is made due at once. */
  async #makeRecovery(): Promise<string> {
    for (let n = 0; n < 30; n += 1) await this.#api.createProject();
    const fields = { active: false, event_types: ["project.created"] };
    const { id } = await this.#api.createWebhook(this.#receiverUrl, fields);
    const asked = { since: "2026-01-01T00:00:00Z", scope: "missing" };
    const { body } = await this.#api.post<Made>(`/webhooks/${id}/recover`, asked);
    const path = `/webhooks/${id}/recoveries/${body.id}`;
    const hasBegun = async () => ok(await this.#api.get<{ recovered: number }>(path)).recovered > 0;
    await until("the recovery has begun, and waits", hasBegun);
    return `/api/v1${path}`;
  }

  /** Links something to it; answers by what the link is known. */
  async #link({ path }: Operation, id: string): Promise<string> {
    const list = path.replace(/\/\{\w+\}$/, "");
    const body = (await this.bodyOf(this.#operation("POST", list))) as Record<string, string>;
    await this.#api.post(list.replace("/api/v1", "").replace("{id}", id), body);
    return body[path.match(/\{(\w+)\}$/)?.[1] ?? ""] ?? "";
  }

  readonly #fill: Fill = async (example) => {
    if (typeof example !== "object" || example === null || Array.isArray(example)) return example;
    const given: Record<string, unknown> = { ...example };
    const filled: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(given)) {
      filled[name] = await this.#value(name, value, given);
    }
    return filled;
  };

  async #value(name: string, value: unknown, within: Record<string, unknown>): Promise<unknown> {
    this.#made += 1;
    const unique = this.#made;
    if (name === "url") return this.#receiverUrl;
    if (name === "event_type" && value === "calendar.meeting_booked")
      return this.make("event-types");
    if (name === "name" && value === "calendar.meeting_booked") return `contract.type_${unique}`;
    if (name === "name") return `Contract ${unique}`;
    if (name === "entity_id") return this.make(`${String(within.entity_type)}s`);
    const reference = /^(project|milestone|initiative|issue|tag|depends_on)_id$/.exec(name)?.[1];
    if (reference) return this.make(reference === "depends_on" ? "issues" : `${reference}s`);
    return this.#fill(value);
  }
}
