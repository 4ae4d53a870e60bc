import { DeliveryFiltersOfWebhook } from "@/lib/webhooks/deliveries";
import {
  CreateWebhook,
  DryRunWebhook,
  RecoverWebhook,
  RotateSecret,
  UpdateWebhook,
} from "@/lib/webhooks/schema";
import { TestDelivery } from "@/lib/webhooks/test-delivery";
import { examples } from "./examples";
import type { Answer, Operation } from "./operation";
import { Delivery, DryRun, Recovery, RecoveryCount, Webhook } from "./shapes";

const list = "/api/v1/webhooks";
const one = `${list}/{id}`;
const group = "Webhooks";

const webhook = { of: { name: "Webhook", schema: Webhook }, example: examples.webhook };
const recovery = { of: { name: "Recovery", schema: Recovery }, example: examples.recovery };
const delivery = { of: { name: "Delivery", schema: Delivery }, example: examples.delivery };

function shown(description: string): Answer {
  return { status: 200, kind: "resource", description, ...webhook };
}

const withSecret = { ...webhook.example, secret_token: examples.secret };

/** Those of a webhook and its life. */
const life: Operation[] = [
  {
    ...{ id: "listWebhooks", method: "GET", path: list, group },
    summary: "List webhooks",
    description: "Newest first.",
    answers: [{ status: 200, kind: "list", description: "A page of webhooks.", ...webhook }],
  },
  {
    ...{ id: "createWebhook", method: "POST", path: list, group },
    summary: "Create a webhook",
    description:
      "The answer is the only place where its secret stands in full, save that of a rotation.",
    body: {
      of: { name: "CreateWebhook", schema: CreateWebhook },
      example: {
        name: webhook.example.name,
        url: webhook.example.url,
        event_types: webhook.example.event_types,
        filters: webhook.example.filters,
      },
    },
    answers: [
      {
        ...{ status: 201, kind: "resource", isLocated: true, of: webhook.of },
        description: "The new webhook, with its secret.",
        example: withSecret,
      },
    ],
    refusals: { 409: "There are as many webhooks as WEBHOOK_MAX allows." },
  },
  {
    ...{ id: "getWebhook", method: "GET", path: one, group },
    summary: "Get a webhook",
    answers: [shown("The webhook; its secret is masked.")],
  },
  {
    ...{ id: "updateWebhook", method: "PATCH", path: one, group },
    summary: "Change a webhook",
    description: "Only the fields given. After the answer no POST begins under the old terms.",
    body: {
      of: { name: "UpdateWebhook", schema: UpdateWebhook },
      example: { event_types: ["issue.*"], active: true },
    },
    answers: [shown("The webhook as it is now.")],
  },
  {
    ...{ id: "deleteWebhook", method: "DELETE", path: one, group },
    summary: "Delete a webhook",
    description: "After the answer no POST begins for it; what waits is cancelled.",
    answers: [{ status: 204, kind: "nothing", description: "It is gone." }],
  },
  {
    ...{ id: "pauseWebhook", method: "POST", path: `${one}/pause`, group },
    summary: "Pause a webhook",
    description: "Its deliveries are held from the answer on. Disabled, it stays so.",
    answers: [shown("The webhook as it is now.")],
  },
  {
    ...{ id: "resumeWebhook", method: "POST", path: `${one}/resume`, group },
    summary: "Resume a webhook",
    description: "Whatever stopped it: what was held is sent, and its failures are forgotten.",
    answers: [shown("The webhook as it is now.")],
  },
  {
    ...{ id: "rotateSecret", method: "POST", path: `${one}/rotate-secret`, group },
    summary: "Give a webhook a new secret",
    description:
      "For `overlap_hours` both sign, the new one first, so that the receiver can change over.",
    body: {
      of: { name: "RotateSecret", schema: RotateSecret },
      isOptional: true,
      example: { overlap_hours: 24 },
    },
    answers: [
      {
        ...{ status: 200, kind: "resource", of: webhook.of, example: withSecret },
        description: "The webhook, with its new secret in full.",
      },
    ],
  },
];

/** What is sent to it, and would be. */
const sending: Operation[] = [
  {
    ...{ id: "sendTest", method: "POST", path: `${one}/test`, group },
    summary: "Send a test",
    description:
      "A sample event to this webhook alone, at once, even while it is paused. It is tried once.",
    body: {
      of: { name: "SendTest", schema: TestDelivery },
      isOptional: true,
      example: { event_type: "issue.created" },
    },
    answers: [{ status: 202, kind: "data", description: "The delivery to watch.", ...delivery }],
    refusals: { 409: "WEBHOOK_ENABLED is false: nothing is sent." },
  },
  {
    ...{ id: "listWebhookDeliveries", method: "GET", path: `${one}/deliveries`, group },
    summary: "List the deliveries of a webhook",
    description: "Newest first.",
    query: DeliveryFiltersOfWebhook,
    answers: [{ status: 200, kind: "list", description: "A page of deliveries.", ...delivery }],
  },
  {
    ...{ id: "dryRunWebhook", method: "POST", path: `${list}/dry-run`, group },
    summary: "Try the terms of a webhook",
    description:
      "Which events of the last 30 days a webhook of these terms would have got, and what kept out the others. Nothing is sent or kept.",
    body: {
      of: { name: "DryRunWebhook", schema: DryRunWebhook },
      example: { event_types: ["issue.*"], filters: { priority: "high" } },
    },
    answers: [
      {
        ...{ status: 200, kind: "data", description: "What it would have got." },
        of: { name: "DryRun", schema: DryRun },
        example: examples.dryRun,
      },
    ],
  },
  {
    ...{ id: "recoverWebhook", method: "POST", path: `${one}/recover`, group },
    summary: "Send again what a webhook lacks",
    description:
      "What has failed, or what it should have got and never did, in [`since`, `until`): step by step, while new events keep flowing.",
    body: {
      of: { name: "RecoverWebhook", schema: RecoverWebhook },
      example: { since: "2026-01-01T00:00:00Z", status: "failed" },
    },
    answers: [
      {
        ...{ status: 202, kind: "resource", description: "The recovery to watch." },
        isLocated: true,
        ...recovery,
      },
      {
        ...{ status: 200, kind: "data", description: "With `dry_run`: how many it would be." },
        of: { name: "RecoveryCount", schema: RecoveryCount },
        example: examples.recoveryCount,
      },
    ],
    refusals: { 409: "One of the same status is running, or the webhook is deleted or gone." },
  },
  {
    ...{ id: "listRecoveries", method: "GET", path: `${one}/recoveries`, group },
    summary: "List the recoveries of a webhook",
    description: "Newest first.",
    answers: [{ status: 200, kind: "list", description: "A page of recoveries.", ...recovery }],
  },
  {
    ...{ id: "getRecovery", method: "GET", path: `${one}/recoveries/{rid}`, group },
    summary: "Get a recovery",
    description: "Also of a webhook that is deleted by now.",
    answers: [{ status: 200, kind: "resource", description: "How far it is.", ...recovery }],
  },
  {
    ...{ id: "cancelRecovery", method: "DELETE", path: `${one}/recoveries/{rid}`, group },
    summary: "Cancel a recovery",
    description: "What it has not made due yet stays as it is.",
    answers: [{ status: 204, kind: "nothing", description: "It is cancelled." }],
    refusals: { 409: "It is done already." },
  },
];

export const webhookOperations: Operation[] = [...life, ...sending];
