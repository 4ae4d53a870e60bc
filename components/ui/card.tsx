import type { ComponentProps, ReactNode } from "react";
import { cn } from "@/lib/cn";

export function Card({ className, ...rest }: ComponentProps<"section">) {
  return (
    <section
      className={cn("rounded-xl border border-line bg-surface shadow-card", className)}
      {...rest}
    />
  );
}

/** The head of a card: a title, a sentence under it, and what stands at its right. */
export function CardHeader({
  title,
  hint,
  children,
}: {
  title: ReactNode;
  hint?: ReactNode;
  children?: ReactNode;
}) {
  return (
    <header className="flex flex-wrap items-start justify-between gap-x-4 gap-y-2 px-4 pt-4 sm:px-6 sm:pt-5">
      <div className="min-w-0">
        {title}
        {hint && <p className="mt-0.5 text-[13px] text-ink-muted">{hint}</p>}
      </div>
      {children}
    </header>
  );
}

export function CardTitle({ className, children, ...rest }: ComponentProps<"h2">) {
  return (
    <h2 className={cn("text-base font-semibold tracking-tight", className)} {...rest}>
      {children}
    </h2>
  );
}

export function CardContent({ className, ...rest }: ComponentProps<"div">) {
  return <div className={cn("px-4 py-4 sm:px-6 sm:py-5", className)} {...rest} />;
}
