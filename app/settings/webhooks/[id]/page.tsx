import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { requirePage } from "@/app/_http/page-caller";
import { FormChoicesProvider } from "@/app/settings/webhooks/form-choices";
import { loadFormChoices, loadWebhook } from "@/app/settings/webhooks/load";
import { WebhookView } from "./webhook-view";

export const dynamic = "force-dynamic";

type PageProps = { params: Promise<{ id: string }> };

export async function generateMetadata({ params }: PageProps): Promise<Metadata> {
  await requirePage();
  const { id } = await params;
  const webhook = await loadWebhook(id);
  return { title: webhook?.name ?? "Not found" };
}

export default async function WebhookPage({ params }: PageProps) {
  await requirePage();
  const { id } = await params;
  const [webhook, choices] = await Promise.all([loadWebhook(id), loadFormChoices()]);
  if (!webhook) notFound();
  return (
    <FormChoicesProvider choices={choices}>
      <WebhookView initial={webhook} />
    </FormChoicesProvider>
  );
}
