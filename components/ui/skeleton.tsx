import { cn } from "@/lib/cn";

/** A grey place where something is about to stand. */
export function Skeleton({ className }: { className?: string }) {
  return <div aria-hidden className={cn("animate-pulse rounded-md bg-hover", className)} />;
}
