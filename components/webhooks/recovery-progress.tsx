"use client";

import { useEffect, useRef } from "react";
import { Button } from "@/components/ui/button";
import { Notice } from "@/components/ui/notice";
import type { Recovery } from "@/lib/webhooks/recovery-schema";
import { describeDeliveries, formatLocal } from "./recover-window";

type RecoveryProgressProps = {
  recovery: Recovery;
  /** It has just come into sight: it takes the focus from the button that is gone. */
  isNew: boolean;
  /** Its webhook sends nothing at present. */
  isHeld: boolean;
  isCancelling: boolean;
  onCancel: () => void;
};

/** How far a recovery is, and a way to end it. */
export function RecoveryProgress({ recovery, isNew, ...props }: RecoveryProgressProps) {
  const { scope, status, recovered, total, since } = recovery;
  const most = Math.max(total, recovered);
  const heading = useRef<HTMLParagraphElement>(null);
  useEffect(() => {
    if (isNew) heading.current?.focus();
  }, [isNew]);
  return (
    <div className="space-y-2 rounded-lg border border-line p-3">
      <p ref={heading} tabIndex={-1} className="text-[13px] leading-5 font-medium">
        {describeDeliveries(total, scope)}
        <span className="block font-normal text-ink-muted">since {formatLocal(since)}</span>
      </p>
      <div
        role="progressbar"
        aria-label={`Recovery of what ${scope === "failed" ? "failed" : "is missing"}`}
        aria-valuemin={0}
        aria-valuemax={most}
        aria-valuenow={recovered}
        className="h-2 overflow-hidden rounded-full bg-hover"
      >
        <div
          className="h-full rounded-full bg-accent transition-[width] duration-500"
          style={{ width: `${most === 0 ? 100 : (100 * recovered) / most}%` }}
        />
      </div>
      <div className="flex flex-wrap items-center justify-between gap-2">
        <div className="text-[13px] leading-5">
          <p className="text-ink-muted tabular-nums">
            {recovered.toLocaleString("en")} of {most.toLocaleString("en")} on their way
          </p>
          <p role="status" className="font-medium">
            {endings[status]}
          </p>
        </div>
        {status === "running" && (
          <Button
            size="sm"
            variant="danger-ghost"
            isPending={props.isCancelling}
            onClick={props.onCancel}
          >
            Cancel recovery
          </Button>
        )}
      </div>
      {status === "running" && props.isHeld && (
        <Notice tone="warn">The webhook sends nothing now; this goes on when you resume it.</Notice>
      )}
    </div>
  );
}

const endings = {
  running: "",
  done: "Done.",
  cancelled: "Cancelled. The rest stays as it is.",
};
