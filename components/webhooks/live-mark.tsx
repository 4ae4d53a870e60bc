import { cn } from "@/lib/cn";

/** Says that what is shown follows the world by itself, and stops or starts that. */
export function LiveMark({ isLive, onTurn }: { isLive: boolean; onTurn: () => void }) {
  return (
    <button
      type="button"
      aria-pressed={isLive}
      title={isLive ? "Follows every two seconds. Press to hold still." : "Press to follow again."}
      onClick={onTurn}
      className={cn(
        "inline-flex h-10 items-center gap-1.5 rounded-full px-2.5 text-xs font-medium transition-colors hover:bg-hover sm:h-7 pointer-coarse:h-10",
        isLive ? "text-ok" : "text-ink-faint",
      )}
    >
      <span
        aria-hidden
        className={cn("size-2 rounded-full", isLive ? "animate-breathe bg-ok" : "bg-ink-faint")}
      />
      Live
    </button>
  );
}
