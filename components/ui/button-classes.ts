import { cn } from "@/lib/cn";

const variants = {
  primary: "bg-accent text-accent-ink shadow-card hover:bg-accent-hover",
  secondary: "border border-line-strong bg-surface text-ink shadow-card hover:bg-hover",
  ghost: "text-ink-muted hover:bg-hover hover:text-ink",
  danger: "bg-bad-fill text-white shadow-card hover:bg-bad-hover",
  "danger-ghost": "text-bad hover:bg-bad-soft",
};

const sizes = {
  md: "h-10 px-4 text-sm",
  // A finger gets 40 px, a pointer 32.
  sm: "h-10 px-3 text-[13px] sm:h-8 sm:px-2.5 pointer-coarse:h-10",
};

export type ButtonVariant = keyof typeof variants;
export type ButtonSize = keyof typeof sizes;

/** The look of a button, for a link that should look like one. */
export function buttonClasses(
  variant: ButtonVariant = "secondary",
  size: ButtonSize = "md",
): string {
  return cn(
    "inline-flex shrink-0 items-center justify-center gap-2 rounded-lg font-medium whitespace-nowrap",
    "transition-colors aria-disabled:opacity-55 disabled:opacity-55",
    variants[variant],
    sizes[size],
  );
}
