import { Button } from "@/components/ui/button";
import type { Delivery } from "@/lib/webhooks/delivery-schema";
import { retryObstacle } from "./delivery-phase";

/** Sends a delivery again; when it cannot be, the button says why. */
export function RetryButton({
  delivery,
  onRetry,
  isPending,
  className,
}: {
  delivery: Delivery;
  onRetry: (delivery: Delivery) => void;
  isPending: boolean;
  className?: string;
}) {
  if (delivery.status === "cancelled") return null;
  const obstacle = retryObstacle(delivery);
  return (
    <Button
      size="sm"
      className={className}
      isPending={isPending}
      aria-disabled={isPending || obstacle !== null || undefined}
      title={obstacle ?? undefined}
      onClick={() => obstacle === null && onRetry(delivery)}
    >
      {delivery.status === "success" ? "Resend" : "Retry"}
      <span className="sr-only">
        {` ${delivery.event_type}`}
        {obstacle && ` (${obstacle})`}
      </span>
    </Button>
  );
}
