"use client";

import { Check, Plus, Search } from "lucide-react";
import { useId, useState } from "react";
import { FieldError, inputClasses } from "@/components/ui/field";
import { cn } from "@/lib/cn";
import { eventGroups } from "@/lib/events/catalogue";
import { isCovered, togglePattern, wildcardOf } from "./event-selection";

type EventPickerProps = {
  selected: readonly string[];
  onChange: (selected: string[]) => void;
  error?: string | undefined;
};

/** Event types as toggle badges, grouped by entity, with a wildcard for each group and for all. */
export function EventPicker({ selected, onChange, error }: EventPickerProps) {
  const id = useId();
  const [sought, setSought] = useState("");
  const groups = findGroups(sought);
  const toggle = (pattern: string) => ({
    pattern,
    isPressed: isCovered(selected, pattern),
    onPress: () => onChange(togglePattern(selected, pattern)),
  });

  return (
    <fieldset aria-describedby={error && `${id}-error`}>
      <legend className="mb-1.5 text-[13px] font-medium">Event Types</legend>
      <div className="flex flex-wrap items-center gap-2">
        <EventToggle
          {...toggle("*")}
          label="All events"
          title="Every event there is, and every one that will be."
          isInvalid={Boolean(error)}
        />
        <FilterField value={sought} onChange={setSought} />
      </div>
      <div className="mt-3 divide-y divide-line rounded-lg border border-line">
        {groups.map(({ entity, types }) => (
          <div
            key={entity}
            role="group"
            aria-label={`${entity} events`}
            className="grid gap-1.5 p-2 sm:grid-cols-[8.5rem_1fr] sm:gap-2 sm:p-3"
          >
            <div>
              <EventToggle
                {...toggle(wildcardOf(entity))}
                title={`Every ${entity} event, and every one that will be.`}
              />
            </div>
            <div className="flex flex-wrap gap-1.5">
              {types.map((entry) => (
                <EventToggle key={entry.type} {...toggle(entry.type)} title={entry.summary} />
              ))}
            </div>
          </div>
        ))}
        {groups.length === 0 && (
          <p className="p-3 text-[13px] text-ink-muted">No event type matches “{sought.trim()}”.</p>
        )}
      </div>
      {error && <FieldError id={`${id}-error`}>{error}</FieldError>}
      <p aria-live="polite" className="mt-1.5 text-[13px] text-ink-faint">
        {describeSelection(selected)}
      </p>
    </fieldset>
  );
}

function FilterField({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  return (
    <label className="relative ml-auto w-full sm:w-56">
      <span className="sr-only">Filter event types</span>
      <Search
        aria-hidden
        className="pointer-events-none absolute top-1/2 left-3 size-4 -translate-y-1/2 text-ink-faint"
      />
      <input
        type="search"
        value={value}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => event.key === "Enter" && event.preventDefault()}
        placeholder="Filter event types"
        className={cn(inputClasses, "w-full pl-9 sm:h-9")}
      />
    </label>
  );
}

type EventToggleProps = {
  pattern: string;
  label?: string;
  title: string;
  isPressed: boolean;
  isInvalid?: boolean;
  onPress: () => void;
};

function EventToggle({ pattern, label, title, isPressed, isInvalid, onPress }: EventToggleProps) {
  const Icon = isPressed ? Check : Plus;
  return (
    <button
      type="button"
      aria-pressed={isPressed}
      title={title}
      data-invalid={isInvalid || undefined}
      onClick={onPress}
      className={cn(
        "inline-flex h-10 items-center gap-1.5 rounded-full border pr-2.5 pl-1.5 text-xs sm:pr-3 sm:pl-2 transition-colors sm:h-8 pointer-coarse:h-10",
        label ? "font-medium" : "font-mono",
        isPressed
          ? "border-accent-line bg-accent-soft text-accent-text"
          : "border-line bg-surface text-ink-muted hover:border-line-strong hover:bg-hover hover:text-ink",
      )}
    >
      <Icon aria-hidden className={cn("size-3.5 shrink-0", !isPressed && "text-ink-faint")} />
      {label ?? pattern}
    </button>
  );
}

function findGroups(sought: string) {
  const words = sought.trim().toLowerCase().split(/\s+/);
  return eventGroups
    .map(({ entity, types }) => ({
      entity,
      types: types.filter((entry) => {
        const text = `${entry.type} ${entry.summary}`.toLowerCase();
        return words.every((word) => text.includes(word));
      }),
    }))
    .filter((group) => group.types.length > 0);
}

function describeSelection(selected: readonly string[]): string {
  if (selected.length === 0) return "None selected yet.";
  if (selected.includes("*")) return "All events, those to come included.";
  return `${selected.length} selected.`;
}
