"use client";

import { ChevronRight } from "lucide-react";
import { type ReactNode, useState } from "react";
import { FieldError } from "@/components/ui/field";
import { cn } from "@/lib/cn";
import type { Webhook } from "@/lib/webhooks/schema";
import { FilterExamples } from "./filter-examples";
import { FilterJson } from "./filter-json";
import { beyondQuick, readFilters, writeFilters } from "./filter-value";
import { QuickFilters, type QuickFiltersProps } from "./quick-filters";
import { SkipOwn } from "./skip-own";

/** Which of the chosen events are sent. `filters` is the text that is edited, JSON or not yet. */
export type FilterDraft = { filters: string; skip_own: Webhook["skip_own"] };

/** What a form asks of the section that edits a filter. */
export type FilterField = {
  /** The webhook it is of; absent: of one that is yet to be made. */
  webhookId?: string | undefined;
  /** The events that it is to choose from. */
  eventTypes: string[];
  value: FilterDraft;
  onChange: (part: Partial<FilterDraft>) => void;
  /** What was refused of it, and where. */
  errors: { pointer: string; message: string }[];
};

type FilterSectionProps = FilterField &
  Omit<QuickFiltersProps, "eventTypes" | "filters" | "onChange"> & {
    isOpen: boolean;
    onToggle: (isOpen: boolean) => void;
    /** What stands at its end: which events would have matched. */
    children?: ReactNode;
  };

/** Quick fields and JSON are two views of one filter. Folded, it says how much is set. */
export function FilterSection(props: FilterSectionProps) {
  const { value, onChange } = props;
  const { filters, isBroken } = useReadable(value.filters);
  const [isJsonOpen, setIsJsonOpen] = useState(isBroken || beyondQuick(filters).length > 0);
  const count = Object.keys(filters).length + (value.skip_own ? 1 : 0);
  return (
    <details
      open={props.isOpen}
      onToggle={(event) => props.onToggle(event.currentTarget.open)}
      className="group rounded-lg border border-line"
    >
      <summary className="flex min-h-10 list-none flex-wrap items-center gap-x-1 rounded-lg px-2 text-[13px] font-medium text-ink-muted hover:text-ink">
        <ChevronRight aria-hidden className="size-4 transition-transform group-open:rotate-90" />
        Filters
        <span className={cn("ml-1 font-normal", count ? "text-accent-text" : "text-ink-faint")}>
          {count ? `${count} set` : "None: every event of these types is sent."}
        </span>
      </summary>
      <div className="space-y-5 border-t border-line p-3 sm:p-4">
        <FilterExamples
          text={value.filters}
          onFillIn={(text) => {
            onChange({ filters: text });
            setIsJsonOpen(true);
          }}
        />
        <div inert={isBroken} className={cn("transition-opacity", isBroken && "opacity-40")}>
          <QuickFilters
            {...props}
            filters={filters}
            onChange={(next) => onChange({ filters: writeFilters(next) })}
          />
        </div>
        <FilterJson
          text={value.filters}
          onChange={(text) => onChange({ filters: text })}
          isOpen={isJsonOpen}
          onToggle={setIsJsonOpen}
        />
        <SkipOwn value={value.skip_own} onChange={(skip_own) => onChange({ skip_own })} />
        <FilterErrors errors={props.errors} />
        {props.children}
      </div>
    </details>
  );
}

/** The filter that a text says; while it says none, the last it said. */
function useReadable(text: string) {
  const read = readFilters(text);
  const [last, setLast] = useState({ text: "", filters: {} });
  if ("error" in read) return { filters: last.filters, isBroken: true };
  if (last.text !== text) setLast({ text, filters: read.filters });
  return { filters: read.filters, isBroken: false };
}

function FilterErrors({ errors }: Pick<FilterField, "errors">) {
  if (errors.length === 0) return null;
  return (
    <div tabIndex={-1} data-invalid>
      {errors.map(({ pointer, message }) => (
        <FieldError key={`${pointer} ${message}`}>
          <code className="font-mono text-xs">{pointer}</code> {message}
        </FieldError>
      ))}
    </div>
  );
}
