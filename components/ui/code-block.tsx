import type { ReactNode } from "react";
import { CopyButton } from "./copy-button";
import { ScrollText } from "./scroll-text";

/** Text in its own words: bytes, JSON, code. `text` is what Copy takes. */
export function CodeBlock({
  label,
  text,
  mark,
  children,
}: {
  label: string;
  text: string;
  mark?: ReactNode;
  children?: ReactNode;
}) {
  return (
    <figure className="min-w-0 overflow-hidden rounded-lg border border-line bg-sunken">
      <figcaption className="flex min-h-10 items-center justify-between gap-3 border-b border-line py-1 pr-1 pl-3">
        <span className="flex min-w-0 flex-wrap items-center gap-2 text-xs font-medium text-ink-muted">
          {label}
          {mark}
        </span>
        <CopyButton text={text} what={label.toLowerCase()} isCompact />
      </figcaption>
      <ScrollText label={label} className="max-h-96 focus-visible:-outline-offset-2">
        {children ?? text}
      </ScrollText>
    </figure>
  );
}
