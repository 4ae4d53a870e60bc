import { sql } from "drizzle-orm";
import {
  boolean,
  check,
  foreignKey,
  index,
  integer,
  pgTable,
  pgView,
  primaryKey,
  text,
  uuid,
  varchar,
} from "drizzle-orm/pg-core";
import {
  created_at,
  id,
  instant,
  jsonb,
  oneOf,
  transactionId,
  updated_at,
  version,
} from "./columns";
import { events } from "./events";

export const webhookStates = ["active", "paused", "disabled", "deleted"] as const;
export type WebhookState = (typeof webhookStates)[number];

/** Why a webhook is disabled: its receiver answered 410, or gave nothing but failures for days. */
export const disabledReasons = ["gone", "failing"] as const;
export type DisabledReason = (typeof disabledReasons)[number];

/** Whose events a webhook may be spared: those of the actor, or of the API key, that made it. */
export const skipOwnChoices = ["actor", "key"] as const;
export type SkipOwn = (typeof skipOwnChoices)[number];

export type SealedSecret = { sealed: string; expires_at: string };

/**
 * What of a webhook is kept in its revisions. A column that stands here is in both tables, its changes
 * raise the version, and each is kept: the triggers go by the names that the tables have in common.
 */
const rememberedColumns = () => ({
  name: varchar("name", { length: 100 }).notNull(),
  description: text("description"),
  url: text("url").notNull(),
  event_types: text("event_types").array().notNull(),
  state: text("state").$type<WebhookState>().notNull().default("active"),
  disabled_reason: text("disabled_reason").$type<DisabledReason>(),
  filters: jsonb("filters").$type<Record<string, unknown>>().notNull().default({}),
  // The filters as turbo_mismatch() reads them; null: none.
  filter_plan: jsonb("filter_plan"),
  // Who made it, and whether it is spared what that actor, or that key, causes.
  owner_actor: text("owner_actor"),
  owner_key: text("owner_key"),
  skip_own: text("skip_own").$type<SkipOwn>(),
  // Rises with every change that is shown; each is kept in webhook_revisions, by a trigger.
  version: version(),
});

/** Nothing more is ever sent to it: it is deleted, or its receiver answered 410 Gone. */
const isOver = () =>
  boolean("is_over")
    .notNull()
    .generatedAlwaysAs(
      sql`state = 'deleted' or (state = 'disabled' and coalesce(disabled_reason = 'gone', false))`,
    );

export const webhook_subscriptions = pgTable(
  "webhook_subscriptions",
  {
    id: id(),
    ...rememberedColumns(),
    disabled_at: instant("disabled_at"),
    active: boolean("active")
      .notNull()
      .generatedAlwaysAs(sql`state = 'active'`),
    is_over: isOver(),
    secret_token: text("secret_token").notNull(),
    // Older secrets that still sign while a rotation overlaps, newest first.
    previous_secrets: jsonb("previous_secrets").$type<SealedSecret[]>().notNull().default([]),
    // Rises when url, secret or state change the terms under which a POST may begin.
    terms: integer("terms").notNull().default(1),
    created_at: created_at(),
    updated_at: updated_at(),
    deleted_at: instant("deleted_at"),
  },
  (table) => [check("webhook_subscriptions_skip_own", oneOf(table.skip_own, skipOwnChoices))],
);

/** What a webhook was, from the transaction on that made it so. */
export const webhook_revisions = pgTable(
  "webhook_revisions",
  {
    webhook_id: uuid("webhook_id")
      .notNull()
      .references(() => webhook_subscriptions.id),
    ...rememberedColumns(),
    // As it was in webhook_subscriptions, where it is generated.
    is_over: boolean("is_over").notNull(),
    made_by: transactionId("made_by")
      .notNull()
      .default(sql`pg_current_xact_id()`),
    created_at: instant("created_at")
      .notNull()
      .default(sql`clock_timestamp()`),
  },
  (table) => [primaryKey({ columns: [table.webhook_id, table.version] })],
);

export const webhook_lanes = pgTable("webhook_lanes", {
  webhook_id: uuid("webhook_id")
    .primaryKey()
    .references(() => webhook_subscriptions.id),
  holder: uuid("holder"),
  lease_until: instant("lease_until"),
  terms_seen: integer("terms_seen").notNull().default(0),
  bell_seq: integer("bell_seq").notNull().default(0),
  bell_at: instant("bell_at"),
  alarm_at: instant("alarm_at"),
  timeouts_in_row: integer("timeouts_in_row").notNull().default(0),
  // The streak of failed attempts since the last success: when it began, how long it is, and when
  // webhook.failing told of it.
  failing_since: instant("failing_since"),
  failures_in_row: integer("failures_in_row").notNull().default(0),
  failing_told_at: instant("failing_told_at"),
});

export const deliveryStatuses = ["pending", "success", "failed", "cancelled"] as const;
export type DeliveryStatus = (typeof deliveryStatuses)[number];

export const attemptTriggers = ["automatic", "manual", "test", "recover"] as const;
export type AttemptTrigger = (typeof attemptTriggers)[number];

export const webhook_deliveries = pgTable(
  "webhook_deliveries",
  {
    id: id(),
    subscription_id: uuid("subscription_id")
      .notNull()
      .references(() => webhook_subscriptions.id),
    event_id: uuid("event_id")
      .notNull()
      .references(() => events.id),
    event_type: varchar("event_type", { length: 100 }).notNull(),
    status: varchar("status", { length: 20 }).$type<DeliveryStatus>().notNull().default("pending"),
    response_code: integer("response_code"),
    response_body: text("response_body"),
    error_message: text("error_message"),
    attempts: integer("attempts").notNull().default(0),
    // What the next (or running) attempt is, and how many delays of the schedule are used up.
    trigger: varchar("trigger", { length: 20 })
      .$type<AttemptTrigger>()
      .notNull()
      .default("automatic"),
    steps_used: integer("steps_used").notNull().default(0),
    interruptions: integer("interruptions").notNull().default(0),
    next_attempt_at: instant("next_attempt_at"),
    // Set while an attempt runs; past it, the attempt is taken for interrupted.
    claimed_until: instant("claimed_until"),
    created_at: created_at(),
    delivered_at: instant("delivered_at"),
  },
  (table) => [
    index("webhook_deliveries_due")
      .on(table.subscription_id, table.next_attempt_at, table.id)
      .where(sql`status = 'pending'`),
    index("webhook_deliveries_log").on(table.subscription_id, table.id),
    index("webhook_deliveries_event").on(table.event_id),
    index("webhook_deliveries_failed")
      .on(table.subscription_id, table.id)
      .where(sql`status = 'failed'`),
    check("webhook_deliveries_scheduled", sql`status <> 'pending' or next_attempt_at is not null`),
    check(
      "webhook_deliveries_ended",
      sql`status = 'pending' or (next_attempt_at is null and claimed_until is null)`,
    ),
  ],
);

export const attemptOutcomes = ["success", "failure", "interrupted"] as const;
export type AttemptOutcome = (typeof attemptOutcomes)[number];

export const webhook_attempts = pgTable(
  "webhook_attempts",
  {
    delivery_id: uuid("delivery_id").notNull(),
    number: integer("number").notNull(),
    trigger: varchar("trigger", { length: 20 }).$type<AttemptTrigger>().notNull(),
    outcome: varchar("outcome", { length: 20 }).$type<AttemptOutcome>().notNull(),
    started_at: instant("started_at").notNull(),
    duration_ms: integer("duration_ms"),
    url: text("url"),
    address: text("address"),
    request_headers: jsonb("request_headers").$type<Record<string, string>>(),
    response_code: integer("response_code"),
    response_headers: jsonb("response_headers").$type<Record<string, string>>(),
    response_body: text("response_body"),
    is_response_cut: boolean("is_response_cut").notNull().default(false),
    error_class: text("error_class"),
    error_message: text("error_message"),
  },
  (table) => [
    primaryKey({ columns: [table.delivery_id, table.number] }),
    foreignKey({ columns: [table.delivery_id], foreignColumns: [webhook_deliveries.id] }),
  ],
);

/** What is recovered: deliveries that have failed, or such as were never made. */
export const recoveryScopes = ["failed", "missing"] as const;
export type RecoveryScope = (typeof recoveryScopes)[number];

export const recoveryStatuses = ["running", "done", "cancelled"] as const;
export type RecoveryStatus = (typeof recoveryStatuses)[number];

/** Work that sends again what failed, or was never sent, since a time; done in steps. */
export const webhook_recoveries = pgTable(
  "webhook_recoveries",
  {
    id: id(),
    webhook_id: uuid("webhook_id")
      .notNull()
      .references(() => webhook_subscriptions.id),
    scope: text("scope").$type<RecoveryScope>().notNull(),
    since: instant("since").notNull(),
    until: instant("until").notNull(),
    status: text("status").$type<RecoveryStatus>().notNull().default("running"),
    total: integer("total").notNull(),
    recovered: integer("recovered").notNull().default(0),
    // The last delivery (of failed) or event (of missing) that was dealt with.
    cursor: uuid("cursor"),
    created_at: created_at(),
    stepped_at: instant("stepped_at").notNull().defaultNow(),
    finished_at: instant("finished_at"),
  },
  (table) => [
    index("webhook_recoveries_webhook").on(table.webhook_id, table.id),
    index("webhook_recoveries_running")
      .on(table.stepped_at)
      .where(sql`status = 'running'`),
  ],
);

/** The delivery log with the payload of each delivery, which is stored once, with the event. */
export const webhook_delivery_payloads = pgView("webhook_delivery_payloads", {
  id: uuid("id").notNull(),
  subscription_id: uuid("subscription_id").notNull(),
  event_id: uuid("event_id").notNull(),
  event_type: varchar("event_type", { length: 100 }).notNull(),
  payload: jsonb("payload").notNull(),
  status: varchar("status", { length: 20 }).notNull(),
  response_code: integer("response_code"),
  response_body: text("response_body"),
  error_message: text("error_message"),
  attempts: integer("attempts").notNull(),
  created_at: instant("created_at").notNull(),
  delivered_at: instant("delivered_at"),
}).as(sql`
  select d.id, d.subscription_id, d.event_id, d.event_type, e.body::jsonb as payload, d.status,
    d.response_code, d.response_body, d.error_message, d.attempts, d.created_at, d.delivered_at
  from webhook_deliveries d join events e on e.id = d.event_id`);
