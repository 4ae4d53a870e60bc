"use client";

import { RefreshCw } from "lucide-react";
import { openDelivery } from "@/app/settings/webhooks/delivery-sheet";
import { useEvent, useEvents, useExplanation } from "@/app/settings/webhooks/use-events";
import { Button } from "@/components/ui/button";
import { ErrorNotice } from "@/components/ui/error-notice";
import { Skeleton } from "@/components/ui/skeleton";
import { EventQuestion } from "@/components/webhooks/event-question";
import { EventVerdict } from "@/components/webhooks/event-verdict";
import type { ShownEvent } from "@/components/webhooks/verdict";

type EventLogProps = {
  webhookId: string;
  /** The event that is asked about by its id; null: none. */
  askedId: string | null;
  onAsk: (eventId: string) => void;
};

/** The newest events there were, and for each why the webhook gets it or not. */
export function EventLog({ webhookId, askedId, onAsk }: EventLogProps) {
  const events = useEvents();
  const shown = events.data?.pages.flatMap((page) => page.data) ?? [];
  return (
    <div className="space-y-4">
      <EventQuestion onAsk={onAsk} />
      {askedId && <AskedEvent key={askedId} eventId={askedId} webhookId={webhookId} />}
      <div className="flex flex-wrap items-center justify-between gap-2">
        <h3 className="text-[13px] font-semibold">The newest events</h3>
        <Button
          size="sm"
          variant="ghost"
          icon={<RefreshCw aria-hidden className="size-3.5" />}
          isPending={events.isRefetching && !events.isFetchingNextPage}
          onClick={() => void events.refetch()}
        >
          Refresh
        </Button>
      </div>
      {events.error && (
        <ErrorNotice message={events.error.message} onRetry={() => void events.refetch()} />
      )}
      {events.isPending && <Skeleton className="h-64" />}
      {events.data && shown.length === 0 && (
        <p className="rounded-lg border border-dashed border-line px-3 py-6 text-center text-[13px] text-ink-muted">
          No events yet. They appear here as things happen.
        </p>
      )}
      <ul aria-label="Events" className="divide-y divide-line">
        {shown.map((event) => (
          <li key={event.event_id}>
            <ExplainedEvent event={event} webhookId={webhookId} />
          </li>
        ))}
      </ul>
      {events.hasNextPage && (
        <div className="flex justify-center">
          <Button isPending={events.isFetchingNextPage} onClick={() => void events.fetchNextPage()}>
            Load more
          </Button>
        </div>
      )}
    </div>
  );
}

/** The answer about one event, which a screen reader hears when it comes. */
function AskedEvent({ eventId, webhookId }: { eventId: string; webhookId: string }) {
  const { data: event, error, refetch } = useEvent(eventId);
  return (
    <section
      aria-live="polite"
      aria-label="The event asked about"
      className="rounded-lg border border-line bg-sunken px-3"
    >
      {error && (
        <div className="py-3">
          <ErrorNotice message={error.message} onRetry={() => void refetch()} />
        </div>
      )}
      {!event && !error && <Skeleton className="my-3 h-10" />}
      {event && <ExplainedEvent event={event} webhookId={webhookId} />}
    </section>
  );
}

function ExplainedEvent({ event, webhookId }: { event: ShownEvent; webhookId: string }) {
  const { data, error, refetch } = useExplanation(event.event_id, webhookId);
  return (
    <EventVerdict
      event={event}
      explanation={data ?? null}
      error={error && <ErrorNotice message={error.message} onRetry={() => void refetch()} />}
      hrefOf={(deliveryId) => `/settings/webhooks/${webhookId}?delivery=${deliveryId}`}
      onOpen={openDelivery}
    />
  );
}
