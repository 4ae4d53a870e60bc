"use client";

import { ChevronRight, Search } from "lucide-react";
import { useId, useState } from "react";
import { FieldError, inputClasses } from "@/components/ui/field";
import { Toggle } from "@/components/ui/toggle";
import { cn } from "@/lib/cn";
import {
  type EventGroup,
  findStrangers,
  findTypes,
  groupTypes,
  mostUsed,
  type RegisteredType,
  wildcardOf,
} from "./event-groups";
import { isCovered, togglePattern } from "./event-selection";

type EventPickerProps = {
  /** The types that users have registered, beside those of the catalogue. */
  registered: readonly RegisteredType[];
  selected: readonly string[];
  onChange: (selected: string[]) => void;
  error?: string | undefined;
};

/**
 * Event types as toggle badges: the most used, then every group, folded until it is opened or
 * something is sought. A wildcard stands for a group, and one for all.
 */
export function EventPicker({ registered, selected, onChange, error }: EventPickerProps) {
  const id = useId();
  const [sought, setSought] = useState("");
  const groups = groupTypes(registered);
  // What nobody knows stays in sight when it is pressed off, so that it can be pressed on again.
  const [strangers] = useState(() => findStrangers(groups, selected));
  const isSeeking = sought.trim() !== "";
  const found = findTypes(groups, sought);
  const choice: Choice = {
    selected,
    onToggle: (pattern) => onChange(togglePattern(selected, pattern, groups)),
  };

  return (
    <fieldset aria-describedby={error && `${id}-error`}>
      <legend className="mb-1.5 text-[13px] font-medium">Event Types</legend>
      <div className="flex flex-wrap items-center gap-2">
        <PatternToggle
          {...choice}
          pattern="*"
          label="All events"
          title="Every event there is, and every one that will be."
          isInvalid={Boolean(error)}
        />
        <FilterField value={sought} onChange={setSought} />
      </div>
      <div className="mt-3 divide-y divide-line rounded-lg border border-line">
        {!isSeeking && <TypeRow name="Most used" types={pickTypes(groups, mostUsed)} {...choice} />}
        <div
          className={cn(
            "divide-y divide-line",
            !isSeeking && "sm:grid sm:grid-cols-2 sm:divide-x sm:divide-y-0",
          )}
        >
          {columnsOf(found, isSeeking ? 1 : 2).map((column) => (
            <div key={column[0]?.entity} className="divide-y divide-line">
              {column.map((group) => (
                <GroupRow key={group.entity} group={group} isSought={isSeeking} {...choice} />
              ))}
            </div>
          ))}
        </div>
        {!isSeeking && strangers.length > 0 && (
          <TypeRow
            name="Chosen, but not registered"
            types={strangers.map((type) => ({ type, summary: "No such type is registered now." }))}
            {...choice}
          />
        )}
        {found.length === 0 && (
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

type Choice = { selected: readonly string[]; onToggle: (pattern: string) => void };
type Types = EventGroup["types"];

function TypeRow({ name, types, ...choice }: Choice & { name: string; types: Types }) {
  return (
    <div role="group" aria-label={name} className="space-y-1.5 p-2 sm:p-3">
      <p aria-hidden className="text-xs font-medium text-ink-faint">
        {name}
      </p>
      <TypeToggles types={types} {...choice} />
    </div>
  );
}

/** Folded it says how many of its types are chosen; a search opens it. */
function GroupRow({
  group: { entity, types },
  isSought,
  ...choice
}: Choice & { group: EventGroup; isSought: boolean }) {
  const listId = useId();
  const [isUnfolded, setIsUnfolded] = useState(false);
  const isOpen = isUnfolded || isSought;
  const count = types.filter(({ type }) => isCovered(choice.selected, type)).length;
  return (
    <div role="group" aria-label={`${entity} events`} className="p-1 sm:px-2">
      <div className="flex items-center justify-between gap-2">
        <button
          type="button"
          aria-expanded={isOpen}
          aria-controls={listId}
          disabled={isSought}
          onClick={() => setIsUnfolded(!isUnfolded)}
          className="inline-flex min-h-10 min-w-0 flex-1 items-center gap-1.5 rounded-md px-1 text-left text-[13px] font-medium text-ink-muted enabled:hover:text-ink sm:min-h-8 pointer-coarse:min-h-10"
        >
          <ChevronRight
            aria-hidden
            className={cn(
              "size-4 shrink-0 transition-transform",
              isOpen && "rotate-90",
              isSought && "invisible",
            )}
          />
          <span className="truncate">{titleOf(entity)}</span>
          <span className={cn("font-normal", count > 0 ? "text-accent-text" : "text-ink-faint")}>
            {count > 0 ? `${count} of ${types.length}` : types.length}
            <span className="sr-only">{count > 0 ? " chosen" : " types"}</span>
          </span>
        </button>
        <PatternToggle
          {...choice}
          pattern={wildcardOf(entity)}
          title={`Every ${entity} event, and every one that will be.`}
        />
      </div>
      <div id={listId}>
        {isOpen && (
          <div className="px-1 pt-1 pb-2 sm:pl-6.5">
            <TypeToggles types={types} {...choice} />
          </div>
        )}
      </div>
    </div>
  );
}

function TypeToggles({ types, ...choice }: Choice & { types: Types }) {
  return (
    <div className="flex flex-wrap gap-1.5">
      {types.map(({ type, summary }) => (
        <PatternToggle key={type} {...choice} pattern={type} title={summary} />
      ))}
    </div>
  );
}

type PatternToggleProps = Choice & {
  pattern: string;
  label?: string;
  title: string;
  isInvalid?: boolean;
};

function PatternToggle({ selected, onToggle, pattern, label, ...look }: PatternToggleProps) {
  return (
    <Toggle
      {...look}
      isMono={!label}
      isPressed={isCovered(selected, pattern)}
      onPress={() => onToggle(pattern)}
    >
      {label ?? pattern}
    </Toggle>
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

function pickTypes(groups: readonly EventGroup[], names: readonly string[]): Types {
  const all = groups.flatMap(({ types }) => types);
  return names.flatMap((name) => all.filter(({ type }) => type === name));
}

/** One under the other, so that a group that is opened moves only those below it. */
function columnsOf(groups: EventGroup[], count: number): EventGroup[][] {
  const height = Math.ceil(groups.length / count);
  return Array.from({ length: count }, (_, place) =>
    groups.slice(place * height, (place + 1) * height),
  );
}

function titleOf(entity: string): string {
  return entity.charAt(0).toUpperCase() + entity.slice(1);
}

function describeSelection(selected: readonly string[]): string {
  if (selected.length === 0) return "None selected yet.";
  if (selected.includes("*")) return "All events, those to come included.";
  return `${selected.length} selected.`;
}
