"use client";

import { usePathname, useSearchParams } from "next/navigation";
import { Notice } from "@/components/ui/notice";
import { Sheet } from "@/components/ui/dialog";
import { Skeleton } from "@/components/ui/skeleton";
import { DeliveryDetailView } from "@/components/webhooks/delivery-detail";
import { useDelivery, useRetryDelivery } from "./use-webhooks";

/** The delivery that the address names by `?delivery=`, so that it can be sent to somebody. */
function useShownDelivery() {
  const pathname = usePathname();
  const id = useSearchParams().get("delivery");
  return { id, close: () => window.history.replaceState(null, "", pathname) };
}

/** Shows a delivery's detail over the page; the address tells which, so Back closes it. */
export function openDelivery(id: string) {
  window.history.pushState(null, "", `?delivery=${id}`);
}

export function DeliverySheet() {
  const { id, close } = useShownDelivery();
  const delivery = useDelivery(id);
  const retry = useRetryDelivery();
  const { data, error } = delivery;
  return (
    <Sheet
      isOpen={id !== null}
      onClose={() => {
        close();
        retry.reset();
      }}
      title={data ? <span className="font-mono">{data.event_type}</span> : "Delivery"}
    >
      {error && <Notice tone="bad">{error.message}</Notice>}
      {!data && !error && (
        <div role="status" className="space-y-3">
          <span className="sr-only">Loading the delivery</span>
          <Skeleton className="h-6 w-40" />
          <Skeleton className="h-24" />
          <Skeleton className="h-64" />
        </div>
      )}
      {data && (
        <DeliveryDetailView
          delivery={data}
          onRetry={(one) => retry.mutate(one)}
          isRetrying={retry.isPending}
          retryError={retry.error?.message ?? null}
        />
      )}
    </Sheet>
  );
}
