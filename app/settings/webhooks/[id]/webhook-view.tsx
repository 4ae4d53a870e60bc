"use client";

import { ChevronLeft } from "lucide-react";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { DeliverySheet } from "@/app/settings/webhooks/delivery-sheet";
import { useWebhook } from "@/app/settings/webhooks/use-webhooks";
import { WebhookItem } from "@/app/settings/webhooks/webhook-item";
import { Card, CardContent } from "@/components/ui/card";
import { Notice } from "@/components/ui/notice";
import type { Webhook } from "@/lib/webhooks/schema";
import { WebhookLogs } from "./webhook-logs";

/** One webhook: the same actions as in the list, and its deliveries and events. */
export function WebhookView({ initial }: { initial: Webhook }) {
  const router = useRouter();
  const { data: webhook, error } = useWebhook(initial);
  return (
    <div className="space-y-6">
      <Link
        href="/settings/webhooks"
        className="-ml-1 inline-flex min-h-10 items-center gap-1 rounded-md text-[13px] font-medium text-ink-muted hover:text-ink sm:min-h-8"
      >
        <ChevronLeft aria-hidden className="size-4" />
        All webhooks
      </Link>
      {error && <Notice tone="bad">{error.message}</Notice>}
      <Card>
        <CardContent>
          <WebhookItem
            webhook={webhook}
            title={
              <h1 className="min-w-0 text-xl font-semibold tracking-tight wrap-anywhere">
                {webhook.name}
              </h1>
            }
            withTestType
            onDeleted={() => router.push("/settings/webhooks")}
            fallbackFocus={() => null}
          />
        </CardContent>
      </Card>
      <WebhookLogs webhook={webhook} />
      <DeliverySheet />
    </div>
  );
}
