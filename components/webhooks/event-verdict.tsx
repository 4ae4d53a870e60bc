import type { ReactNode } from "react";
import { Badge } from "@/components/ui/badge";
import { Skeleton } from "@/components/ui/skeleton";
import { Ago, Until } from "@/components/ui/time";
import type { Explanation, Found } from "@/lib/webhooks/explanation-schema";
import { actorName, type ShownEvent, titleOf, verdictLooks } from "./verdict";

type EventVerdictProps = {
  event: ShownEvent;
  /** Null while it is being asked. */
  explanation: Explanation | null;
  /** Why there is no answer. */
  error: ReactNode;
  /** The address of a delivery's detail; a plain click opens it in place. */
  hrefOf: (deliveryId: string) => string;
  onOpen: (deliveryId: string) => void;
};

/** An event, whether one webhook gets it, and why. */
export function EventVerdict({ event, explanation, error, ...links }: EventVerdictProps) {
  const title = titleOf(event);
  return (
    <div className="grid gap-x-3 gap-y-1 py-3 text-[13px] sm:grid-cols-[8rem_1fr]">
      <div className="flex">
        {explanation && <VerdictBadge verdict={explanation.verdict} />}
        {!explanation && !error && <Skeleton className="h-6 w-24 rounded-full" />}
      </div>
      <div className="min-w-0 space-y-1">
        <p className="flex min-h-6 flex-wrap items-center gap-x-3">
          <span className="font-mono text-xs wrap-anywhere">{event.event_type}</span>
          {title && <span className="min-w-0 truncate">{title}</span>}
          <span className="text-xs text-ink-faint wrap-anywhere">
            by {actorName(event.actor)}, <Ago at={event.timestamp} />
          </span>
        </p>
        {error}
        {explanation && <Reason explanation={explanation} {...links} />}
      </div>
    </div>
  );
}

function VerdictBadge({ verdict }: Pick<Explanation, "verdict">) {
  const { label, tone } = verdictLooks[verdict];
  return <Badge tone={tone}>{label}</Badge>;
}

function Reason({
  explanation,
  hrefOf,
  onOpen,
}: Pick<EventVerdictProps, "hrefOf" | "onOpen"> & { explanation: Explanation }) {
  const { reason, until, delivery_id, condition } = explanation;
  return (
    <>
      <p className="text-ink-muted wrap-anywhere">
        {reason}
        {until && (
          <>
            {" "}
            Next attempt <Until at={until} />.
          </>
        )}{" "}
        {delivery_id && (
          <a
            href={hrefOf(delivery_id)}
            onClick={(event) => {
              if (event.metaKey || event.ctrlKey || event.shiftKey) return;
              event.preventDefault();
              onOpen(delivery_id);
            }}
            className="font-medium text-accent-text hover:underline"
          >
            See the delivery
          </a>
        )}
      </p>
      {condition && <Condition condition={condition} />}
    </>
  );
}

/** The condition that kept the event out, by its own key, and what stands there. */
function Condition({ condition }: { condition: NonNullable<Explanation["condition"]> }) {
  const key = condition.pointer.split("/").at(-1)?.replaceAll("~1", "/").replaceAll("~0", "~");
  const parts = [
    ["Condition", `${key} ${JSON.stringify(condition.condition)}`],
    ["The event has", describeFound(condition.found)],
  ];
  return (
    <dl className="flex flex-wrap gap-x-4 gap-y-0.5 text-xs">
      {parts.map(([name, value]) => (
        <div key={name} className="flex max-w-full gap-1.5">
          <dt className="shrink-0 text-ink-faint">{name}</dt>
          <dd className="min-w-0 font-mono wrap-anywhere text-ink-muted">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Of a condition made of others, by the pointers of those. */
function describeFound(found: Found): string {
  if (Array.isArray(found)) return listValues(found);
  return Object.entries(found)
    .map(([pointer, values]) => `${pointer}: ${listValues(values)}`)
    .join("; ");
}

function listValues(values: unknown[]): string {
  return values.map((value) => JSON.stringify(value)).join(", ") || "nothing there";
}
