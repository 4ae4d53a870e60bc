import type { ReactNode } from "react";

/** Words in which `code` stands between backticks. */
export function Text({ children }: { children: string }) {
  return children.split("`").map((part, index) =>
    // oxlint-disable-next-line react/no-array-index-key -- the parts of a text have no other name
    index % 2 === 1 ? <Code key={index}>{part}</Code> : part,
  );
}

export function Code({ children }: { children: ReactNode }) {
  return (
    <code className="rounded bg-hover px-1 py-0.5 font-mono text-[0.92em] wrap-anywhere">
      {children}
    </code>
  );
}

/** A heading that can be linked to. */
export function AnchoredHeading({
  id,
  level: Level,
  children,
}: {
  id: string;
  level: "h2" | "h3";
  children: ReactNode;
}) {
  const size = Level === "h2" ? "text-lg" : "text-base";
  return (
    <Level id={id} className={`group scroll-mt-6 font-semibold tracking-tight ${size}`}>
      {children}
      <a
        href={`#${id}`}
        aria-label="Link to this section"
        className="ml-2 rounded px-1 font-normal text-ink-faint opacity-0 group-hover:opacity-100 focus-visible:opacity-100"
      >
        #
      </a>
    </Level>
  );
}
