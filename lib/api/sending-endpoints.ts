import { listDeliveriesOf } from "@/lib/webhooks/deliveries";
import { Delivery, DeliveryFiltersOfWebhook } from "@/lib/webhooks/delivery-schema";
import { dryRunWebhook } from "@/lib/webhooks/dry-run";
import {
  cancelRecovery,
  getRecovery,
  listRecoveries,
  recoverWebhook,
} from "@/lib/webhooks/recover";
import { Recovery, RecoveryCount, RecoverWebhook } from "@/lib/webhooks/recovery-schema";
import { DryRun, DryRunWebhook, TestDelivery } from "@/lib/webhooks/schema";
import { getWebhook } from "@/lib/webhooks/service";
import { sendTest } from "@/lib/webhooks/test-delivery";
import { endpoint, type Endpoint } from "./endpoint";
import { examples } from "./examples";
import { created, nothing, pageOf } from "./outcome";

const list = "/api/v1/webhooks";
const one = `${list}/{id}` as const;
const group = "Webhooks";

const delivery = { of: { name: "Delivery", schema: Delivery }, example: examples.delivery };
const recovery = { of: { name: "Recovery", schema: Recovery }, example: examples.recovery };
const ofRecovery = {
  path: `${one}/recoveries/{rid}`,
  group,
  pathWords: { rid: "The recovery's id." },
} as const;

/** What is sent to a webhook, would be sent, and is sent again. */
export const sendingEndpoints: Endpoint[] = [
  endpoint({
    id: "sendTest",
    method: "POST",
    path: `${one}/test`,
    group,
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
    run: async ({ ctx, params, body }) => ({
      data: await sendTest(ctx, { id: params.id, input: body }),
    }),
  }),
  endpoint({
    id: "listWebhookDeliveries",
    method: "GET",
    path: `${one}/deliveries`,
    group,
    summary: "List the deliveries of a webhook",
    description: "Newest first.",
    query: DeliveryFiltersOfWebhook,
    answers: [{ status: 200, kind: "list", description: "A page of deliveries.", ...delivery }],
    run: async ({ ctx, params, query }) => {
      const { id } = await getWebhook(ctx, params.id);
      return pageOf(await listDeliveriesOf(ctx, id, query));
    },
  }),
  endpoint({
    id: "dryRunWebhook",
    method: "POST",
    path: `${list}/dry-run`,
    group,
    summary: "Try the terms of a webhook",
    description:
      "Which events of the last 30 days a webhook of these terms would have got, and what kept out the others. Nothing is sent or kept.",
    body: {
      of: { name: "DryRunWebhook", schema: DryRunWebhook },
      example: { event_types: ["issue.*"], filters: { priority: "high" } },
    },
    answers: [
      {
        status: 200,
        kind: "data",
        description: "What it would have got.",
        of: { name: "DryRun", schema: DryRun },
        example: examples.dryRun,
      },
    ],
    run: async ({ ctx, body }) => ({ data: await dryRunWebhook(ctx, body) }),
  }),
  endpoint({
    id: "recoverWebhook",
    method: "POST",
    path: `${one}/recover`,
    group,
    summary: "Send again what a webhook lacks",
    description:
      "What has failed, or what it should have got and never did, in [`since`, `until`): step by step, while new events keep flowing.",
    body: {
      of: { name: "RecoverWebhook", schema: RecoverWebhook },
      example: { since: "2026-01-01T00:00:00Z", scope: "failed" },
    },
    answers: [
      {
        status: 202,
        kind: "resource",
        description: "The recovery to watch.",
        isLocated: true,
        ...recovery,
      },
      {
        status: 200,
        kind: "data",
        description: "With `dry_run`: how many it would be.",
        of: { name: "RecoveryCount", schema: RecoveryCount },
        example: examples.recoveryCount,
      },
    ],
    refusals: { 409: "One of the same scope is running, or the webhook is deleted or gone." },
    run: async ({ ctx, params, body }) => {
      const outcome = await recoverWebhook(ctx, { id: params.id, input: body });
      if ("count" in outcome) return { data: outcome.count, status: 200 };
      return created(outcome.recovery, `${list}/${params.id}/recoveries`);
    },
  }),
  endpoint({
    id: "listRecoveries",
    method: "GET",
    path: `${one}/recoveries`,
    group,
    summary: "List the recoveries of a webhook",
    description: "Newest first.",
    answers: [{ status: 200, kind: "list", description: "A page of recoveries.", ...recovery }],
    run: async ({ ctx, params, query }) =>
      pageOf(await listRecoveries(ctx, { id: params.id, query })),
  }),
  endpoint({
    id: "getRecovery",
    method: "GET",
    ...ofRecovery,
    summary: "Get a recovery",
    description: "Also of a webhook that is deleted by now.",
    answers: [{ status: 200, kind: "resource", description: "How far it is.", ...recovery }],
    run: async ({ ctx, params }) => ({
      data: await getRecovery(ctx, { webhookId: params.id, recoveryId: params.rid }),
    }),
  }),
  endpoint({
    id: "cancelRecovery",
    method: "DELETE",
    ...ofRecovery,
    summary: "Cancel a recovery",
    description: "What it has not made due yet stays as it is.",
    answers: [{ status: 204, kind: "nothing", description: "It is cancelled." }],
    refusals: { 409: "It is done already." },
    run: async ({ ctx, params }) => {
      await cancelRecovery(ctx, { webhookId: params.id, recoveryId: params.rid });
      return nothing;
    },
  }),
];
