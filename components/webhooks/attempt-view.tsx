import { ChevronRight, CircleCheck, CirclePause, CircleX } from "lucide-react";
import type { ReactNode } from "react";
import { Badge } from "@/components/ui/badge";
import { CodeBlock } from "@/components/ui/code-block";
import { Ago } from "@/components/ui/time";
import { formatDuration, formatUtc } from "@/components/ui/time-words";
import { cn } from "@/lib/cn";
import type { Attempt } from "@/lib/webhooks/delivery-schema";
import { hintForStatus, nameStatus } from "./http-status";

const outcomes = {
  success: { Icon: CircleCheck, colour: "text-ok" },
  failure: { Icon: CircleX, colour: "text-bad" },
  interrupted: { Icon: CirclePause, colour: "text-warn" },
};

/** "200 OK", "No answer", "Interrupted". */
export function headlineOf(attempt: Attempt): string {
  if (attempt.response_code !== null) return nameStatus(attempt.response_code);
  return attempt.outcome === "interrupted" ? "Interrupted" : "No answer";
}

/** Why an attempt failed, in words; null when it did not. */
export function reasonOf(attempt: Attempt): string | null {
  if (attempt.outcome === "success") return null;
  const said = attempt.error_message?.replace(/([^.!?])$/, "$1.") ?? "";
  if (attempt.outcome === "interrupted") {
    return said || "The service stopped while this was sent. It is sent again.";
  }
  if (attempt.response_code === null) return said || "The receiver did not answer.";
  return hintForStatus(attempt.response_code);
}

/** One attempt as a line that opens into everything that was sent and answered. */
export function AttemptView({ attempt, isOpen }: { attempt: Attempt; isOpen: boolean }) {
  const { Icon, colour } = outcomes[attempt.outcome];
  return (
    <details open={isOpen} className="group rounded-lg border border-line">
      <summary className="flex min-h-11 list-none flex-wrap items-center gap-x-2 gap-y-0.5 rounded-lg px-3 py-2 text-[13px] hover:bg-hover">
        <ChevronRight
          aria-hidden
          className="size-4 shrink-0 text-ink-faint transition-transform group-open:rotate-90"
        />
        <span className="text-ink-faint tabular-nums">#{attempt.number}</span>
        <Icon aria-hidden className={cn("size-4 shrink-0", colour)} />
        <span className="font-medium">{headlineOf(attempt)}</span>
        {attempt.duration_ms !== null && (
          <span className="text-ink-muted tabular-nums">{formatDuration(attempt.duration_ms)}</span>
        )}
        {attempt.trigger !== "automatic" && <Badge>{attempt.trigger}</Badge>}
        <Ago at={attempt.started_at} className="ml-auto text-ink-faint" />
      </summary>
      <AttemptFacts attempt={attempt} />
    </details>
  );
}

/** Everything known of one attempt. */
export function AttemptFacts({ attempt }: { attempt: Attempt }) {
  const reason = reasonOf(attempt);
  return (
    <div className="space-y-4 border-t border-line p-3">
      {reason && <p className="text-[13px] text-bad">{reason}</p>}
      <dl className="grid grid-cols-[6rem_1fr] gap-x-3 gap-y-1 text-[13px] sm:grid-cols-[7rem_1fr]">
        <Fact name="Outcome">
          {attempt.outcome}
          {attempt.error_class &&
            attempt.error_class !== "http_status" &&
            ` (${attempt.error_class})`}
        </Fact>
        <Fact name="Trigger">{attempt.trigger}</Fact>
        <Fact name="Started">{formatUtc(attempt.started_at)}</Fact>
        {attempt.duration_ms !== null && (
          <Fact name="Duration">{formatDuration(attempt.duration_ms)}</Fact>
        )}
        {attempt.url && <Fact name="URL">{attempt.url}</Fact>}
        {attempt.address && <Fact name="Address">{attempt.address}</Fact>}
      </dl>
      {attempt.response_code !== null && (
        <CodeBlock
          label="Response body"
          text={attempt.response_body ?? ""}
          mark={attempt.is_response_cut && <Badge tone="warn">cut at 16 KiB</Badge>}
        >
          {attempt.response_body || <span className="text-ink-faint">Empty.</span>}
        </CodeBlock>
      )}
      <Headers label="Response headers" headers={attempt.response_headers} />
      <Headers label="Request headers" headers={attempt.request_headers} />
    </div>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-ink-faint">{name}</dt>
      <dd className="min-w-0 wrap-anywhere">{children}</dd>
    </>
  );
}

function Headers({ label, headers }: { label: string; headers: Record<string, string> | null }) {
  const lines = Object.entries(headers ?? {});
  if (lines.length === 0) return null;
  return (
    <CodeBlock label={label} text={lines.map(([name, value]) => `${name}: ${value}`).join("\n")}>
      {lines.map(([name, value]) => (
        <span key={name} className="block">
          <span className="text-ink-muted">{name}:</span> {value}
        </span>
      ))}
    </CodeBlock>
  );
}
