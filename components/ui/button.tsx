"use client";

import { LoaderCircle } from "lucide-react";
import type { ButtonHTMLAttributes, ReactNode } from "react";
import { cn } from "@/lib/cn";
import { buttonClasses, type ButtonSize, type ButtonVariant } from "./button-classes";

type ButtonProps = ButtonHTMLAttributes<HTMLButtonElement> & {
  variant?: ButtonVariant;
  size?: ButtonSize;
  icon?: ReactNode;
  isPending?: boolean;
};

/** While it is pending it keeps the focus and does nothing. */
export function Button(props: ButtonProps) {
  const { variant, size, icon, isPending, className, children, onClick, ...rest } = props;
  return (
    <button
      type="button"
      aria-disabled={isPending || undefined}
      className={cn(buttonClasses(variant, size), className)}
      onClick={(event) => {
        if (isPending) event.preventDefault();
        else onClick?.(event);
      }}
      {...rest}
    >
      {isPending ? <LoaderCircle aria-hidden className="size-4 animate-spin" /> : icon}
      {children}
    </button>
  );
}

/** A square button that shows an icon; `label` is its name. */
export function IconButton({
  label,
  className,
  children,
  ...rest
}: ButtonHTMLAttributes<HTMLButtonElement> & { label: string }) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      className={cn(
        "inline-flex size-10 shrink-0 items-center justify-center rounded-lg text-ink-muted transition-colors",
        "hover:bg-hover hover:text-ink disabled:opacity-40 sm:size-8 pointer-coarse:size-10",
        className,
      )}
      {...rest}
    >
      {children}
    </button>
  );
}
