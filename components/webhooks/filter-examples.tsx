"use client";

import { Undo2 } from "lucide-react";
import { useState } from "react";
import { Button } from "@/components/ui/button";
import { type Filters, writeFilters } from "./filter-value";

const examples: { says: string; filters: Filters }[] = [
  {
    says: "Became closed, priority critical",
    filters: { "current.status": "closed", changes: "status", priority: "critical" },
  },
  {
    says: "High or critical, not done by an AI",
    filters: { priority: ["high", "critical"], not: { "actor.type": "ai" } },
  },
  {
    says: "Assigned for the first time",
    filters: { "previous.assignee": null, "current.assignee": { ne: null }, changes: "assignee" },
  },
];

/** Ready filters that take the place of what is there, which comes back by Undo. */
export function FilterExamples({
  text,
  onFillIn,
}: {
  text: string;
  onFillIn: (text: string) => void;
}) {
  const [swap, setSwap] = useState<{ before: string; after: string } | null>(null);
  const fillIn = (after: string) => {
    if (after !== text) setSwap({ before: text, after });
    onFillIn(after);
  };
  return (
    <div role="group" aria-label="Examples" className="flex flex-wrap items-center gap-1.5">
      <span aria-hidden className="mr-1 text-[13px] text-ink-faint">
        Examples
      </span>
      {examples.map(({ says, filters }) => (
        <button
          key={says}
          type="button"
          onClick={() => fillIn(writeFilters(filters))}
          className="inline-flex min-h-10 items-center rounded-full border border-dashed border-line-strong px-3 text-left text-xs text-ink-muted transition-colors hover:bg-hover hover:text-ink sm:min-h-8 pointer-coarse:min-h-10"
        >
          {says}
        </button>
      ))}
      {swap?.after === text && (
        <Button
          size="sm"
          variant="ghost"
          icon={<Undo2 aria-hidden className="size-3.5" />}
          onClick={() => onFillIn(swap.before)}
        >
          Undo
        </Button>
      )}
    </div>
  );
}
