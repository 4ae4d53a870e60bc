"use server";

import { runAction, type ActionResult } from "@/app/_http/server-action";
import * as recoveries from "@/lib/webhooks/recover";
import type { Recovery, RecoverWebhook } from "@/lib/webhooks/recovery-schema";
import type { CreateWebhook, UpdateWebhook, Webhook } from "@/lib/webhooks/schema";
import * as webhooks from "@/lib/webhooks/service";

type One = { id: string };

export async function listWebhooks(): Promise<ActionResult<Webhook[]>> {
  return runAction((ctx) => webhooks.listAllWebhooks(ctx));
}

export async function createWebhook(input: CreateWebhook): Promise<ActionResult<Webhook>> {
  return runAction((ctx) => webhooks.createWebhook(ctx, input));
}

export async function updateWebhook({
  id,
  ...input
}: One & UpdateWebhook): Promise<ActionResult<Webhook>> {
  return runAction((ctx) => webhooks.updateWebhook(ctx, { id, input }));
}

export async function pauseWebhook({ id }: One): Promise<ActionResult<Webhook>> {
  return runAction((ctx) => webhooks.pauseWebhook(ctx, id));
}

export async function resumeWebhook({ id }: One): Promise<ActionResult<Webhook>> {
  return runAction((ctx) => webhooks.resumeWebhook(ctx, id));
}

export async function deleteWebhook({ id }: One): Promise<ActionResult<One>> {
  return runAction(async (ctx) => {
    await webhooks.deleteWebhook(ctx, id);
    return { id };
  });
}

/** The new secret is in this answer in full, and never again. */
export async function rotateSecret({
  id,
  overlap_hours,
}: One & { overlap_hours?: number }): Promise<ActionResult<Webhook>> {
  return runAction((ctx) => webhooks.rotateSecret(ctx, { id, input: { overlap_hours } }));
}

export async function startRecovery({
  id,
  ...input
}: One & Omit<RecoverWebhook, "dry_run">): Promise<ActionResult<Recovery>> {
  return runAction(async (ctx) => {
    const begun = { id, input: { ...input, dry_run: false } };
    const outcome = await recoveries.recoverWebhook(ctx, begun);
    if ("recovery" in outcome) return outcome.recovery;
    throw new Error("The recovery was counted, not begun.");
  });
}

/** The recovery as it is then. */
export async function cancelRecovery({
  id,
  recovery_id,
}: One & { recovery_id: string }): Promise<ActionResult<Recovery>> {
  return runAction(async (ctx) => {
    const named = { webhookId: id, recoveryId: recovery_id };
    await recoveries.cancelRecovery(ctx, named);
    return recoveries.getRecovery(ctx, named);
  });
}
