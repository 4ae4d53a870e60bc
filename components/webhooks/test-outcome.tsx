import { CircleCheck, CircleX, LoaderCircle, X } from "lucide-react";
import { Button, IconButton } from "@/components/ui/button";
import { ScrollText } from "@/components/ui/scroll-text";
import { formatDuration } from "@/components/ui/time-words";
import { cn } from "@/lib/cn";
import type { Attempt } from "@/lib/webhooks/delivery-schema";
import { headlineOf, reasonOf } from "./attempt-view";

/** A test on its way, refused before it was sent, or answered. */
export type TestState =
  | { phase: "sending" }
  | { phase: "refused"; message: string }
  | { phase: "answered"; attempt: Attempt };

const boxes = {
  neutral: "border-line bg-sunken",
  ok: "border-ok-line bg-ok-soft",
  bad: "border-bad-line bg-bad-soft",
};

/** What became of a test, in words, with the receiver's own answer under it. */
export function TestOutcome({
  test,
  onDetails,
  onClose,
}: {
  test: TestState;
  onDetails: () => void;
  onClose: () => void;
}) {
  const attempt = test.phase === "answered" ? test.attempt : null;
  const isSuccess = attempt?.outcome === "success";
  const tone = test.phase === "sending" ? "neutral" : isSuccess ? "ok" : "bad";
  return (
    <div
      className={cn("animate-rise-in rounded-lg border py-1 pr-1 pl-3 text-[13px]", boxes[tone])}
    >
      <div className="flex flex-wrap items-center gap-x-2">
        <TestIcon tone={tone} />
        <p role="status" className="min-w-0 flex-1 py-1.5 font-medium wrap-anywhere">
          {headlineFor(test)}
        </p>
        {attempt && (
          <Button size="sm" variant="ghost" onClick={onDetails}>
            Details
          </Button>
        )}
        {test.phase !== "sending" && (
          <IconButton label="Dismiss the test's outcome" onClick={onClose}>
            <X aria-hidden className="size-4" />
          </IconButton>
        )}
      </div>
      {attempt && <Answer attempt={attempt} />}
    </div>
  );
}

function TestIcon({ tone }: { tone: keyof typeof boxes }) {
  if (tone === "neutral") return <LoaderCircle aria-hidden className="size-4 animate-spin" />;
  if (tone === "ok") return <CircleCheck aria-hidden className="size-4 text-ok" />;
  return <CircleX aria-hidden className="size-4 text-bad" />;
}

function Answer({ attempt }: { attempt: Attempt }) {
  const reason = reasonOf(attempt);
  return (
    <div className="space-y-2 pr-2 pb-2">
      {reason && <p className="text-ink-muted wrap-anywhere">{reason}</p>}
      {attempt.response_body && (
        <ScrollText
          label="Response body of the test"
          className="max-h-40 rounded-md border border-line bg-surface"
        >
          {attempt.response_body}
        </ScrollText>
      )}
    </div>
  );
}

function headlineFor(test: TestState): string {
  if (test.phase === "sending") return "Sending…";
  if (test.phase === "refused") return `Not sent: ${test.message}`;
  const { response_code, duration_ms, outcome } = test.attempt;
  const took = duration_ms === null ? null : formatDuration(duration_ms);
  if (response_code === null) return took ? `Failed after ${took}` : "Failed";
  const result = outcome === "success" ? "" : "Failed: ";
  return `${result}${headlineOf(test.attempt)}${took ? ` in ${took}` : ""}`;
}
