import { FlaskConical } from "lucide-react";
import { Button } from "@/components/ui/button";
import { ErrorNotice } from "@/components/ui/error-notice";
import { Ago } from "@/components/ui/time";
import { cn } from "@/lib/cn";
import type { DryRun } from "@/lib/webhooks/schema";

const shownEvents = 5;

type DryRunViewProps = {
  /** The answer; null: not asked yet. */
  answer: DryRun | null;
  /** Why it could not be told. */
  error: string | null;
  /** What must be mended before it can be asked. */
  obstacle: string | null;
  isAsking: boolean;
  onAsk: () => void;
};

/** Which events of the last days this filter would have let through. */
export function DryRunView({ answer, error, obstacle, isAsking, onAsk }: DryRunViewProps) {
  return (
    <div className="space-y-2 rounded-lg border border-line bg-sunken p-3">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
        <Button
          size="sm"
          icon={<FlaskConical aria-hidden className="size-3.5" />}
          isPending={isAsking}
          aria-disabled={isAsking || obstacle !== null || undefined}
          onClick={() => obstacle === null && onAsk()}
        >
          Try it on the last 30 days
        </Button>
        <p role="status" className="min-w-0 flex-1 basis-56 text-[13px] text-ink-muted">
          {obstacle ?? (answer && !error && <Found answer={answer} />)}
        </p>
      </div>
      {error && !obstacle && <ErrorNotice message={error} onRetry={onAsk} />}
      {answer && !obstacle && !error && (
        <div className={cn("space-y-2 text-xs transition-opacity", isAsking && "opacity-55")}>
          <Matches events={answer.events.slice(0, shownEvents)} />
          <Mismatches mismatches={answer.mismatches.slice(0, shownEvents)} />
        </div>
      )}
    </div>
  );
}

function Found({ answer }: { answer: DryRun }) {
  const { matched, examined, is_complete, since } = answer;
  if (examined === 0) return "There was no event of these types in the last 30 days.";
  const events = examined === 1 ? "1 event" : `${count(examined)} events`;
  return (
    <>
      <strong className="font-semibold text-ink">
        {count(matched)} of the last {events}
      </strong>{" "}
      {is_complete ? "of 30 days" : <>since {since.slice(0, 10)}</>} would have matched.
      {!is_complete && " Older ones were not looked at."}
    </>
  );
}

function Matches({ events }: Pick<DryRun, "events">) {
  if (events.length === 0) return null;
  return (
    <ul aria-label="The newest that would have matched">
      {events.map((event) => (
        <li
          key={event.event_id}
          className="flex min-h-7 flex-wrap items-center gap-x-3 border-t border-line py-1"
        >
          <span className="font-mono wrap-anywhere">{event.event_type}</span>
          <span className="text-ink-faint wrap-anywhere">by {event.actor}</span>
          <span className="ml-auto text-ink-faint">
            <Ago at={event.timestamp} />
          </span>
        </li>
      ))}
    </ul>
  );
}

/** What kept out the others, and how many of them. */
function Mismatches({ mismatches }: Pick<DryRun, "mismatches">) {
  if (mismatches.length === 0) return null;
  return (
    <dl className="flex flex-wrap gap-x-4 gap-y-0.5 border-t border-line pt-2 text-ink-faint">
      {mismatches.map(({ pointer, count: kept }) => (
        <div key={pointer} className="flex max-w-full gap-1.5">
          <dt className="min-w-0 font-mono wrap-anywhere">{pointer}</dt>
          <dd>kept out {count(kept)}</dd>
        </div>
      ))}
    </dl>
  );
}

function count(value: number): string {
  return value.toLocaleString("en");
}
