import { Ago, Until } from "@/components/ui/time";
import { cn } from "@/lib/cn";
import type { Delivery } from "@/lib/webhooks/delivery-schema";
import { phaseOf } from "./delivery-phase";
import { DeliveryStatus } from "./delivery-status";
import { RetryButton } from "./retry-button";

export type DeliveryTableProps = {
  caption: string;
  deliveries: readonly Delivery[];
  /** The address of a delivery's detail; a plain click opens it in place. */
  hrefOf: (delivery: Delivery) => string;
  onOpen: (delivery: Delivery) => void;
  onRetry: (delivery: Delivery) => void;
  /** The delivery whose retry is being asked for. */
  retryingId: string | undefined;
};

const columns = ["Status", "Event", "Response", "Attempts", "Next attempt", "Created"];

/**
 * A table where there is room, cards on a phone: the same rows, so that nothing is told twice. The
 * roles keep it a table for a screen reader although its display changes.
 */
export function DeliveryTable(props: DeliveryTableProps) {
  return (
    <table role="table" className="w-full text-left text-[13px] max-md:block">
      <caption className="sr-only">{props.caption}</caption>
      <thead role="rowgroup" className="max-md:sr-only">
        <tr role="row" className="border-b border-line text-xs text-ink-faint">
          {columns.map((column) => (
            <th
              key={column}
              role="columnheader"
              scope="col"
              className="px-2 py-2 font-medium whitespace-nowrap first:pl-3"
            >
              {column}
            </th>
          ))}
          <th role="columnheader" scope="col" className="px-2 py-2">
            <span className="sr-only">Actions</span>
          </th>
        </tr>
      </thead>
      <tbody role="rowgroup" className="divide-y divide-line max-md:block">
        {props.deliveries.map((delivery) => (
          <DeliveryRow key={delivery.id} delivery={delivery} {...props} />
        ))}
      </tbody>
    </table>
  );
}

const cell = "md:px-2 md:py-2.5 md:first:pl-3";
const quiet = "text-ink-muted tabular-nums max-md:text-xs";
const onlyOnPhone = "md:hidden";

function DeliveryRow({ delivery, ...props }: DeliveryTableProps & { delivery: Delivery }) {
  return (
    <tr
      role="row"
      className="relative transition-colors hover:bg-hover max-md:grid max-md:grid-cols-[auto_auto_1fr_auto] max-md:items-center max-md:gap-x-3 max-md:gap-y-1 max-md:py-3"
    >
      <td role="cell" className={cn(cell, "max-md:col-start-4 max-md:justify-self-end")}>
        <DeliveryStatus delivery={delivery} />
      </td>
      <td
        role="cell"
        className={cn(cell, "min-w-0 max-md:col-span-3 max-md:col-start-1 max-md:row-start-1")}
      >
        <DeliveryLink delivery={delivery} href={props.hrefOf(delivery)} onOpen={props.onOpen} />
      </td>
      <td role="cell" className={cn(cell, quiet, "max-md:col-start-1 max-md:row-start-2")}>
        {delivery.response_code ?? <NoCode delivery={delivery} />}
      </td>
      <td role="cell" className={cn(cell, quiet, "max-md:col-start-2 max-md:row-start-2")}>
        {delivery.attempts}
        <span className={onlyOnPhone}>{delivery.attempts === 1 ? " attempt" : " attempts"}</span>
      </td>
      <td
        role="cell"
        className={cn(
          cell,
          quiet,
          "whitespace-nowrap max-md:col-span-3 max-md:col-start-1 max-md:row-start-3",
        )}
      >
        <NextAttempt delivery={delivery} />
      </td>
      <td
        role="cell"
        className={cn(cell, quiet, "whitespace-nowrap max-md:col-start-3 max-md:row-start-2")}
      >
        <Ago at={delivery.created_at} />
      </td>
      <td
        role="cell"
        className={cn(
          cell,
          "text-right max-md:col-start-4 max-md:row-span-2 max-md:row-start-2 md:pr-3",
        )}
      >
        <RetryButton
          delivery={delivery}
          onRetry={props.onRetry}
          isPending={props.retryingId === delivery.id}
          className="relative"
        />
      </td>
    </tr>
  );
}

/** It spans its row, so that the row can be clicked, and opened in a new tab. */
function DeliveryLink({
  delivery,
  href,
  onOpen,
}: {
  delivery: Delivery;
  href: string;
  onOpen: (delivery: Delivery) => void;
}) {
  return (
    <a
      href={href}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey) return;
        event.preventDefault();
        onOpen(delivery);
      }}
      className="font-mono text-xs wrap-anywhere after:absolute after:inset-0 focus-visible:outline-none focus-visible:after:outline-2 focus-visible:after:-outline-offset-2 focus-visible:after:outline-accent-text"
    >
      {delivery.event_type}
    </a>
  );
}

function NoCode({ delivery }: { delivery: Delivery }) {
  const isUnanswered = delivery.attempts > 0 && delivery.error_message !== null;
  if (!isUnanswered) return <span className="text-ink-faint">–</span>;
  return (
    <span title={delivery.error_message ?? undefined} className="text-bad">
      No answer
    </span>
  );
}

function NextAttempt({ delivery }: { delivery: Delivery }) {
  const phase = phaseOf(delivery);
  const isDue = phase === "waiting" || phase === "retrying";
  if (isDue && delivery.next_attempt_at) {
    return (
      <>
        <span className={onlyOnPhone}>Next attempt </span>
        <Until at={delivery.next_attempt_at} />
      </>
    );
  }
  return <span className="text-ink-faint max-md:hidden">–</span>;
}
