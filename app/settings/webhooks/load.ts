import { readForPage } from "@/app/_http/page-caller";
import { AppError } from "@/lib/errors";
import type { Webhook } from "@/lib/webhooks/schema";
import { getWebhook, listAllWebhooks } from "@/lib/webhooks/service";

/** The list as the page first shows it. */
export async function loadWebhooks(): Promise<Webhook[]> {
  return readForPage(listAllWebhooks);
}

export async function loadWebhook(id: string): Promise<Webhook | null> {
  try {
    return await readForPage((ctx) => getWebhook(ctx, id));
  } catch (error) {
    if (error instanceof AppError && error.code === "not_found") return null;
    throw error;
  }
}
