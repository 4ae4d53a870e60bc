import type { ReactNode } from "react";
import { cn } from "@/lib/cn";

/** Text as it is, in a box that scrolls when it is long. */
export function ScrollText({
  label,
  className,
  children,
}: {
  label: string;
  className?: string;
  children: ReactNode;
}) {
  return (
    <pre
      role="region"
      aria-label={label}
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard
      tabIndex={0}
      className={cn(
        "overflow-auto px-3 py-2.5 font-mono text-xs leading-5 wrap-anywhere whitespace-pre-wrap",
        className,
      )}
    >
      {children}
    </pre>
  );
}
