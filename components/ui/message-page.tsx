import type { ReactNode } from "react";
import { Wordmark } from "./wordmark";

/** A page that has only something to say, and a way on. */
export function MessagePage({
  title,
  children,
  action,
}: {
  title: string;
  children: ReactNode;
  action: ReactNode;
}) {
  return (
    <main className="mx-auto flex min-h-[80dvh] max-w-md flex-col items-center justify-center gap-4 px-4 py-16 text-center">
      <Wordmark />
      <h1 className="text-xl font-semibold tracking-tight">{title}</h1>
      <div className="text-ink-muted">{children}</div>
      {action}
    </main>
  );
}
