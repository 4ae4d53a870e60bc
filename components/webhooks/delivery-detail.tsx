import type { ReactNode } from "react";
import { CopyButton } from "@/components/ui/copy-button";
import { JsonView } from "@/components/ui/json-view";
import { Notice } from "@/components/ui/notice";
import { Ago, Until } from "@/components/ui/time";
import type { Delivery, DeliveryDetail } from "@/lib/webhooks/delivery-schema";
import { AttemptView } from "./attempt-view";
import { phaseOf, retryObstacle } from "./delivery-phase";
import { DeliveryStatus } from "./delivery-status";
import { RetryButton } from "./retry-button";

/** One delivery whole: where it stands, every attempt, and the event it posts. */
export function DeliveryDetailView({
  delivery,
  onRetry,
  isRetrying,
  retryError,
}: {
  delivery: DeliveryDetail;
  onRetry: (delivery: Delivery) => void;
  isRetrying: boolean;
  retryError: string | null;
}) {
  const attempts = delivery.attempt_log.toReversed();
  return (
    <div className="space-y-6">
      <div className="flex flex-wrap items-center gap-3">
        <DeliveryStatus delivery={delivery} />
        <span aria-live="polite" className="mr-auto text-[13px] text-ink-muted">
          <Standing delivery={delivery} />
        </span>
        <RetryButton delivery={delivery} onRetry={onRetry} isPending={isRetrying} />
      </div>
      {retryError && <Notice tone="bad">{retryError}</Notice>}
      <dl className="text-[13px]">
        <Id name="Delivery" id={delivery.id} />
        <Id name="Event" id={delivery.event_id} />
      </dl>
      <Part title={`Attempts (${attempts.length})`}>
        {attempts.length === 0 && <p className="text-[13px] text-ink-muted">None yet.</p>}
        {attempts.map((attempt, position) => (
          <AttemptView key={attempt.number} attempt={attempt} isOpen={position === 0} />
        ))}
      </Part>
      <Part title="Event">
        <JsonView label="Payload" value={delivery.payload} />
      </Part>
    </div>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="space-y-2">
      <h3 className="text-[13px] font-semibold">{title}</h3>
      {children}
    </section>
  );
}

function Id({ name, id }: { name: string; id: string }) {
  return (
    <div className="flex min-h-8 items-center gap-3">
      <dt className="w-16 shrink-0 text-ink-faint">{name}</dt>
      <dd className="min-w-0 flex-1 font-mono text-xs wrap-anywhere">{id}</dd>
      <dd>
        <CopyButton text={id} what={`${name.toLowerCase()} id`} isCompact />
      </dd>
    </div>
  );
}

function Standing({ delivery }: { delivery: Delivery }) {
  const phase = phaseOf(delivery);
  if (delivery.delivered_at && phase === "success") {
    return (
      <>
        Delivered <Ago at={delivery.delivered_at} />
      </>
    );
  }
  if ((phase === "waiting" || phase === "retrying") && delivery.next_attempt_at) {
    return (
      <>
        Next attempt <Until at={delivery.next_attempt_at} />
      </>
    );
  }
  if (phase === "failed") return "Given up. Nothing more is sent unless you retry.";
  return retryObstacle(delivery);
}
