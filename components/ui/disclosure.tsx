import { ChevronRight } from "lucide-react";
import type { ReactNode } from "react";

/** More of something, shown when it is asked for. */
export function Disclosure({
  summary,
  isOpen,
  onToggle,
  children,
}: {
  summary: ReactNode;
  /** Left out, it begins closed and keeps that to itself. */
  isOpen?: boolean;
  onToggle?: (isOpen: boolean) => void;
  children: ReactNode;
}) {
  return (
    <details
      open={isOpen}
      onToggle={(event) => onToggle?.(event.currentTarget.open)}
      className="group/disclosure"
    >
      <summary className="inline-flex min-h-10 list-none items-center gap-1 rounded-md pr-2 text-[13px] font-medium text-ink-muted hover:text-ink sm:min-h-8 pointer-coarse:min-h-10">
        <ChevronRight
          aria-hidden
          className="size-4 transition-transform [[open]>summary>&]:rotate-90"
        />
        {summary}
      </summary>
      <div className="mt-2">{children}</div>
    </details>
  );
}
