import { pageContext } from "@/app/_http/page-caller";
import { AppError } from "@/lib/errors";
import type { Webhook } from "@/lib/webhooks/schema";
import { getWebhook, listAllWebhooks } from "@/lib/webhooks/service";

/** The list as the page first shows it. */
export async function loadWebhooks(): Promise<Webhook[]> {
  return listAllWebhooks(await pageContext());
}

export async function loadWebhook(id: string): Promise<Webhook | null> {
  try {
    return await getWebhook(await pageContext(), id);
  } catch (error) {
    if (error instanceof AppError && error.code === "not_found") return null;
    throw error;
  }
}
