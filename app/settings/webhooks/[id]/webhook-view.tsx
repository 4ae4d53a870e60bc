"use client";

import { ChevronLeft } from "lucide-react";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { DeliveryLog } from "@/app/settings/webhooks/delivery-log";
import { DeliverySheet } from "@/app/settings/webhooks/delivery-sheet";
import { useWebhook } from "@/app/settings/webhooks/use-webhooks";
import { WebhookItem } from "@/app/settings/webhooks/webhook-item";
import { Card, CardContent, CardHeader, CardTitle } from "@/components/ui/card";
import { Notice } from "@/components/ui/notice";
import { LiveMark } from "@/components/webhooks/live-mark";
import type { Webhook } from "@/lib/webhooks/schema";

/** One webhook: the same actions as in the list, and all of its deliveries. */
export function WebhookView({ initial }: { initial: Webhook }) {
  const router = useRouter();
  const [isLive, setIsLive] = useState(true);
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
      <Card aria-labelledby="deliveries">
        <CardHeader
          title={<CardTitle id="deliveries">Deliveries</CardTitle>}
          hint="One line for each event, whatever became of it. Open one for its attempts."
        >
          <LiveMark isLive={isLive} onTurn={() => setIsLive(!isLive)} />
        </CardHeader>
        <CardContent>
          <DeliveryLog webhook={webhook} isLive={isLive} isWhole />
        </CardContent>
      </Card>
      <DeliverySheet />
    </div>
  );
}
