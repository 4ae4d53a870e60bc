import type { ReactNode } from "react";
import { conventions, type ConventionId } from "./convention-names";
import { AnchoredHeading } from "./text";

/** One of the things that are told once. */
export function Section({ id, children }: { id: ConventionId; children: ReactNode }) {
  const name = conventions.find((convention) => convention.id === id)?.name;
  return (
    <section aria-labelledby={id} className="space-y-4 border-t border-line pt-8 text-ink-muted">
      <AnchoredHeading id={id} level="h2">
        <span className="text-ink">{name}</span>
      </AnchoredHeading>
      {children}
    </section>
  );
}

/** Terms and what they mean, one under the other. */
export function Terms({ children }: { children: [term: ReactNode, meaning: ReactNode][] }) {
  return (
    <dl className="grid gap-x-6 gap-y-2 text-[13px] sm:grid-cols-[minmax(7rem,max-content)_1fr]">
      {children.map(([term, meaning], index) => (
        // oxlint-disable-next-line react/no-array-index-key -- the list never changes
        <div key={index} className="contents">
          <dt className="font-mono text-ink wrap-anywhere">{term}</dt>
          <dd className="mb-1 sm:mb-0">{meaning}</dd>
        </div>
      ))}
    </dl>
  );
}
