import type { ReactNode } from "react";
import { Contents } from "./contents";

/** A page of the reference beside its contents; `current`: the slug of its group, null: none. */
export function ReferencePage({
  current,
  title,
  intro,
  children,
}: {
  current: string | null;
  title: string;
  intro: ReactNode;
  children: ReactNode;
}) {
  return (
    <div className="grid gap-8 lg:grid-cols-[13rem_minmax(0,1fr)]">
      <Contents current={current} />
      <article className="min-w-0">
        <h1 className="text-2xl font-semibold tracking-tight">{title}</h1>
        <p className="mt-2 mb-8 text-ink-muted">{intro}</p>
        <div className="space-y-10">{children}</div>
      </article>
    </div>
  );
}
