import { Check, Plus } from "lucide-react";
import type { ReactNode } from "react";
import { cn } from "@/lib/cn";

type ToggleProps = {
  isPressed: boolean;
  onPress: () => void;
  title?: string;
  /** Its text is a name from the data, not a word. */
  isMono?: boolean;
  isInvalid?: boolean;
  isDisabled?: boolean;
  children: ReactNode;
};

/** A badge that is chosen by a press, and let go by another. */
export function Toggle({ isPressed, isMono, isInvalid, isDisabled, ...props }: ToggleProps) {
  const Icon = isPressed ? Check : Plus;
  return (
    <button
      type="button"
      aria-pressed={isPressed}
      title={props.title}
      data-invalid={isInvalid || undefined}
      disabled={isDisabled}
      onClick={props.onPress}
      className={cn(
        "inline-flex h-10 max-w-full items-center gap-1.5 rounded-full border pr-2.5 pl-1.5 text-xs transition-colors sm:h-8 sm:pr-3 sm:pl-2 pointer-coarse:h-10",
        isMono ? "font-mono" : "font-medium",
        isPressed
          ? "border-accent-line bg-accent-soft text-accent-text"
          : "border-line bg-surface text-ink-muted enabled:hover:border-line-strong enabled:hover:bg-hover enabled:hover:text-ink",
        "disabled:opacity-55",
      )}
    >
      <Icon aria-hidden className={cn("size-3.5 shrink-0", !isPressed && "text-ink-faint")} />
      <span className="truncate">{props.children}</span>
    </button>
  );
}
