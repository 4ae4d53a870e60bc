import type { Metadata } from "next";
import { requirePage } from "@/app/_http/page-caller";
import { FormChoicesProvider } from "./form-choices";
import { loadFormChoices, loadWebhooks } from "./load";
import { WebhooksPanel } from "./webhooks-panel";

export const metadata: Metadata = { title: "Webhook Settings" };
export const dynamic = "force-dynamic";

export default async function WebhooksPage() {
  const { isExposed } = await requirePage();
  const [webhooks, choices] = await Promise.all([loadWebhooks(), loadFormChoices()]);
  return (
    <FormChoicesProvider choices={choices}>
      <h1 className="mb-6 text-2xl font-semibold tracking-tight">Webhook Settings</h1>
      <WebhooksPanel initial={webhooks} isExposed={isExposed} />
    </FormChoicesProvider>
  );
}
