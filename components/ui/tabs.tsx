"use client";

import { type KeyboardEvent, type ReactNode, useId } from "react";
import { cn } from "@/lib/cn";

export type Tab<Name extends string> = { name: Name; label: string };

type TabsProps<Name extends string> = {
  label: string;
  tabs: readonly Tab<Name>[];
  active: Name;
  onChange: (name: Name) => void;
  /** What stands at the right of the tabs. */
  aside?: ReactNode;
  /** The panel of the active tab. */
  children: ReactNode;
};

const steps: Record<string, number> = { ArrowRight: 1, ArrowLeft: -1 };

/** Views of one thing, one at a time; the arrow keys go from one to the next. */
export function Tabs<Name extends string>(props: TabsProps<Name>) {
  const { tabs, active, onChange } = props;
  const id = useId();
  const move = (event: KeyboardEvent) => {
    const place = tabs.findIndex(({ name }) => name === active);
    const next = tabs.at((place + (steps[event.key] ?? 0)) % tabs.length);
    if (!next || next.name === active) return;
    event.preventDefault();
    onChange(next.name);
    document.getElementById(`${id}-${next.name}`)?.focus();
  };
  return (
    <>
      <div className="flex min-h-12 flex-wrap items-center justify-between gap-x-4 border-b border-line px-4 sm:px-6">
        <div role="tablist" aria-label={props.label} className="flex gap-5">
          {tabs.map(({ name, label }) => {
            const isActive = name === active;
            return (
              <button
                key={name}
                type="button"
                role="tab"
                id={`${id}-${name}`}
                aria-selected={isActive}
                aria-controls={`${id}-panel`}
                tabIndex={isActive ? 0 : -1}
                onClick={() => onChange(name)}
                onKeyDown={move}
                className={cn(
                  "-mb-px min-h-12 border-b-2 text-sm font-semibold tracking-tight transition-colors",
                  isActive
                    ? "border-accent-text text-ink"
                    : "border-transparent text-ink-muted hover:text-ink",
                )}
              >
                {label}
              </button>
            );
          })}
        </div>
        {props.aside}
      </div>
      <div role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${active}`}>
        {props.children}
      </div>
    </>
  );
}
