"use client";

import { useState } from "react";
import { Badge } from "@/components/ui/badge";
import { catalogue } from "@/lib/event-types/catalogue";

const shownAtFirst = 6;

/** The event types of a webhook; more than a line's worth wait behind "n more". */
export function EventBadges({ types }: { types: readonly string[] }) {
  const [isWhole, setIsWhole] = useState(false);
  const shown = isWhole ? types : types.slice(0, shownAtFirst);
  const hidden = types.length - shown.length;
  return (
    <ul aria-label="Event types" className="flex flex-wrap items-center gap-1.5">
      {shown.map((type) => (
        <li key={type} className="flex max-w-full">
          <Badge className="font-mono font-normal" title={summaryOf(type)}>
            {type === "*" ? "* (all events)" : type}
          </Badge>
        </li>
      ))}
      {hidden > 0 && (
        <li>
          <button
            type="button"
            onClick={() => setIsWhole(true)}
            className="h-10 rounded-full px-2 text-xs font-medium text-ink-muted hover:text-ink sm:h-6"
          >
            {hidden} more
          </button>
        </li>
      )}
    </ul>
  );
}

function summaryOf(type: string): string | undefined {
  return catalogue.find((entry) => entry.type === type)?.summary;
}
