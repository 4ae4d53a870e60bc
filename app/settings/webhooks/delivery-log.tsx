"use client";

import { Button } from "@/components/ui/button";
import { ErrorNotice } from "@/components/ui/error-notice";
import { Notice } from "@/components/ui/notice";
import { Skeleton } from "@/components/ui/skeleton";
import { DeliveryTable } from "@/components/webhooks/delivery-table";
import type { Webhook } from "@/lib/webhooks/schema";
import { openDelivery } from "./delivery-sheet";
import { useDeliveries, useRetryDelivery } from "./use-webhooks";

type DeliveryLogProps = {
  webhook: Webhook;
  isLive: boolean;
  /** All of them, page by page; else the last ten. */
  isWhole: boolean;
};

/** A webhook's deliveries, as they happen. */
export function DeliveryLog({ webhook, isLive, isWhole }: DeliveryLogProps) {
  const log = useDeliveries(webhook.id, { limit: isWhole ? 25 : 10, isLive });
  const retry = useRetryDelivery();
  const pages = log.data?.pages ?? [];
  const deliveries = pages.flatMap((page) => page.data);
  const page = `/settings/webhooks/${webhook.id}`;

  return (
    <div className="space-y-2">
      {log.error && <ErrorNotice message={log.error.message} onRetry={() => void log.refetch()} />}
      {retry.error && <Notice tone="bad">Not retried. {retry.error.message}</Notice>}
      {log.isPending && <LogSkeleton />}
      {log.data && !log.error && deliveries.length === 0 && (
        <p className="rounded-lg border border-dashed border-line px-3 py-6 text-center text-[13px] text-ink-muted">
          No deliveries yet. They appear here as events happen.
        </p>
      )}
      {deliveries.length > 0 && (
        <div className="overflow-hidden border-line max-md:border-y md:rounded-lg md:border">
          <DeliveryTable
            caption={`Deliveries of ${webhook.name}`}
            deliveries={deliveries}
            hrefOf={(delivery) => `${page}?delivery=${delivery.id}`}
            onOpen={(delivery) => openDelivery(delivery.id)}
            onRetry={(delivery) => retry.mutate(delivery)}
            retryingId={retry.isPending ? retry.variables.id : undefined}
          />
        </div>
      )}
      {isWhole && log.hasNextPage && (
        <div className="flex justify-center pt-2">
          <Button isPending={log.isFetchingNextPage} onClick={() => void log.fetchNextPage()}>
            Load more
          </Button>
        </div>
      )}
    </div>
  );
}

function LogSkeleton() {
  return (
    <div role="status" className="space-y-px rounded-lg border border-line p-3">
      <span className="sr-only">Loading deliveries</span>
      <Skeleton className="h-8" />
      <Skeleton className="h-8" />
      <Skeleton className="h-8" />
    </div>
  );
}
