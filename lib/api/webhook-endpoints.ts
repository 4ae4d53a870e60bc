import { CreateWebhook, RotateSecret, UpdateWebhook, Webhook } from "@/lib/webhooks/schema";
import {
  createWebhook,
  deleteWebhook,
  getWebhook,
  listWebhooks,
  pauseWebhook,
  resumeWebhook,
  rotateSecret,
  updateWebhook,
} from "@/lib/webhooks/service";
import { endpoint, type Answer, type Endpoint } from "./endpoint";
import { examples } from "./examples";
import { created, nothing, pageOf } from "./outcome";
import { sendingEndpoints } from "./sending-endpoints";

const list = "/api/v1/webhooks";
const one = `${list}/{id}` as const;
const group = "Webhooks";

const webhook = { of: { name: "Webhook", schema: Webhook }, example: examples.webhook };

function shown(description: string): Answer {
  return { status: 200, kind: "resource", description, ...webhook };
}

/** Those of a webhook and its life. */
const lifeEndpoints: Endpoint[] = [
  endpoint({
    id: "listWebhooks",
    method: "GET",
    path: list,
    group,
    summary: "List webhooks",
    description: "Newest first.",
    answers: [{ status: 200, kind: "list", description: "A page of webhooks.", ...webhook }],
    run: async ({ ctx, query }) => pageOf(await listWebhooks(ctx, query)),
  }),
  endpoint({
    id: "createWebhook",
    method: "POST",
    path: list,
    group,
    summary: "Create a webhook",
    description:
      "The answer is the only place where its secret stands in full, save that of a rotation.",
    body: { of: { name: "CreateWebhook", schema: CreateWebhook }, example: examples.newWebhook },
    answers: [
      {
        status: 201,
        kind: "resource",
        description: "The new webhook, with its secret.",
        of: webhook.of,
        example: examples.webhookWithSecret,
        isLocated: true,
      },
    ],
    refusals: { 409: "There are as many webhooks as WEBHOOK_MAX allows." },
    run: async ({ ctx, body }) => created(await createWebhook(ctx, body), list),
  }),
  endpoint({
    id: "getWebhook",
    method: "GET",
    path: one,
    group,
    summary: "Get a webhook",
    answers: [shown("The webhook; its secret is masked.")],
    run: async ({ ctx, params }) => ({ data: await getWebhook(ctx, params.id) }),
  }),
  endpoint({
    id: "updateWebhook",
    method: "PATCH",
    path: one,
    group,
    summary: "Change a webhook",
    description: "Only the fields given. After the answer no POST begins under the old terms.",
    body: {
      of: { name: "UpdateWebhook", schema: UpdateWebhook },
      example: { event_types: ["issue.*"], active: true },
    },
    answers: [shown("The webhook as it is now.")],
    run: async ({ ctx, params, body }) => ({
      data: await updateWebhook(ctx, { id: params.id, input: body }),
    }),
  }),
  endpoint({
    id: "deleteWebhook",
    method: "DELETE",
    path: one,
    group,
    summary: "Delete a webhook",
    description: "After the answer no POST begins for it; what waits is cancelled.",
    answers: [{ status: 204, kind: "nothing", description: "It is gone." }],
    run: async ({ ctx, params }) => {
      await deleteWebhook(ctx, params.id);
      return nothing;
    },
  }),
  endpoint({
    id: "pauseWebhook",
    method: "POST",
    path: `${one}/pause`,
    group,
    summary: "Pause a webhook",
    description: "Its deliveries are held from the answer on. Disabled, it stays so.",
    answers: [shown("The webhook as it is now.")],
    run: async ({ ctx, params }) => ({ data: await pauseWebhook(ctx, params.id) }),
  }),
  endpoint({
    id: "resumeWebhook",
    method: "POST",
    path: `${one}/resume`,
    group,
    summary: "Resume a webhook",
    description: "Whatever stopped it: what was held is sent, and its failures are forgotten.",
    answers: [shown("The webhook as it is now.")],
    run: async ({ ctx, params }) => ({ data: await resumeWebhook(ctx, params.id) }),
  }),
  endpoint({
    id: "rotateSecret",
    method: "POST",
    path: `${one}/rotate-secret`,
    group,
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
        status: 200,
        kind: "resource",
        description: "The webhook, with its new secret in full.",
        of: webhook.of,
        example: examples.webhookWithSecret,
      },
    ],
    run: async ({ ctx, params, body }) => ({
      data: await rotateSecret(ctx, { id: params.id, input: body }),
    }),
  }),
];

export const webhookEndpoints: Endpoint[] = [...lifeEndpoints, ...sendingEndpoints];
