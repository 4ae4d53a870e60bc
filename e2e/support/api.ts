import { expect } from "@playwright/test";
import { until } from "@/test/kit/until";

export type ApiAnswer<T = unknown> = { status: number; headers: Headers; body: T };

/** A webhook, as far as tests look at it. */
export type Webhook = {
  id: string;
  name: string;
  url: string;
  event_types: string[];
  active: boolean;
  state: string;
  disabled_reason: string | null;
  disabled_at: string | null;
  failing_since: string | null;
  failures_in_row: number;
  secret_token: string;
  previous_secret_expires_at: string | null;
};

export type Delivery = {
  id: string;
  webhook_id: string;
  event_id: string;
  event_type: string;
  status: string;
  response_code: number | null;
  response_body: string | null;
  error_message: string | null;
  attempts: number;
  trigger: string;
  is_in_flight: boolean;
  is_held: boolean;
  next_attempt_at: string | null;
  created_at: string;
  delivered_at: string | null;
};

export type Attempt = {
  number: number;
  trigger: string;
  outcome: string;
  started_at: string;
  duration_ms: number | null;
  url: string | null;
  address: string | null;
  request_headers: Record<string, string> | null;
  response_code: number | null;
  response_headers: Record<string, string> | null;
  response_body: string | null;
  error_class: string | null;
  error_message: string | null;
};

export type DeliveryDetail = Delivery & { payload: unknown; attempt_log: Attempt[] };

export type Problem = {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: string;
  request_id: string;
  errors?: { pointer: string; code: string; message: string }[];
};

/** A row of projects or issues. */
export type Entity = { id: string; version: number } & Record<string, unknown>;

type Headered = { headers?: Record<string, string> };

/** Speaks JSON with `/api/v1` of one installation; its paths begin behind that. */
export class Api {
  readonly #appUrl: string;
  readonly #headers: Record<string, string>;

  constructor(appUrl: string, headers: Record<string, string> = {}) {
    this.#appUrl = appUrl;
    this.#headers = headers;
  }

  /** `body`: a text is sent as it is, anything else as JSON. `T` is what the caller expects. */
  async send<T>(
    method: string,
    path: string,
    { body, headers }: { body?: unknown } & Headered = {},
  ): Promise<ApiAnswer<T>> {
    const response = await fetch(`${this.#appUrl}/api/v1${path}`, {
      method,
      headers: {
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...this.#headers,
        ...headers,
      },
      body: body === undefined || typeof body === "string" ? body : JSON.stringify(body),
      redirect: "manual",
      signal: AbortSignal.timeout(30_000),
    });
    const text = await response.text();
    const isJson = /json/.test(response.headers.get("content-type") ?? "");
    const parsed: T = isJson && text !== "" ? JSON.parse(text) : text;
    return { status: response.status, headers: response.headers, body: parsed };
  }

  get<T>(path: string, more: Headered = {}): Promise<ApiAnswer<T>> {
    return this.send("GET", path, more);
  }
  post<T>(path: string, body?: unknown, more: Headered = {}): Promise<ApiAnswer<T>> {
    return this.send("POST", path, { body, ...more });
  }
  patch<T>(path: string, body?: unknown, more: Headered = {}): Promise<ApiAnswer<T>> {
    return this.send("PATCH", path, { body, ...more });
  }
  delete<T>(path: string, more: Headered = {}): Promise<ApiAnswer<T>> {
    return this.send("DELETE", path, more);
  }

  /** A webhook for every event there, unless `fields` say otherwise. */
  async createWebhook(url: string, fields: Record<string, unknown> = {}): Promise<Webhook> {
    const asked = { name: "Test Webhook", url, event_types: ["*"], ...fields };
    return created(await this.post<Webhook>("/webhooks", asked));
  }

  async createProject(fields: Record<string, unknown> = {}): Promise<Entity> {
    return created(await this.post<Entity>("/projects", { name: "Test Project", ...fields }));
  }

  async createIssue(fields: Record<string, unknown> = {}): Promise<Entity> {
    return created(await this.post<Entity>("/issues", { title: "Test Issue", ...fields }));
  }

  async getWebhook(id: string): Promise<Webhook> {
    return ok(await this.get<Webhook>(`/webhooks/${id}`));
  }

  /** Newest first, at most 100. */
  async listDeliveries(webhookId: string): Promise<Delivery[]> {
    return ok(await this.get<Delivery[]>(`/webhooks/${webhookId}/deliveries?limit=100`));
  }

  async getDelivery(id: string): Promise<DeliveryDetail> {
    return ok(await this.get<DeliveryDetail>(`/deliveries/${id}`));
  }

  /** The delivery of this event to this webhook, once it is as `fits` asks. */
  async waitForDelivery(
    webhook: Webhook,
    eventId: string,
    fits: (delivery: DeliveryDetail) => boolean,
  ): Promise<DeliveryDetail> {
    const filter = `webhook_id=${webhook.id}&event_id=${eventId}`;
    let seen: DeliveryDetail | undefined;
    try {
      return await until("the delivery is as expected", async () => {
        const [row] = ok(await this.get<Delivery[]>(`/deliveries?${filter}`));
        seen = row ? await this.getDelivery(row.id) : undefined;
        return seen && fits(seen) ? seen : null;
      });
    } catch (cause) {
      throw new Error(`The delivery is ${JSON.stringify(seen)}`, { cause });
    }
  }

  /** Every delivery of the webhook, once there are `count` and all of them fit. */
  waitForDeliveries(
    webhook: Webhook,
    count: number,
    fits: (delivery: Delivery) => boolean,
  ): Promise<Delivery[]> {
    return until(
      `all ${count} deliveries are as expected`,
      async () => {
        const rows = await this.listDeliveries(webhook.id);
        return rows.length === count && rows.every(fits) ? rows : null;
      },
      60_000,
    );
  }
}

export function ok<T>({ status, body }: ApiAnswer<T>): T {
  expect(status, JSON.stringify(body)).toBe(200);
  return body;
}

function created<T>({ status, body }: ApiAnswer<T>): T {
  expect(status, JSON.stringify(body)).toBe(201);
  return body;
}
