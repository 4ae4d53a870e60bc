"use client";

import { useState } from "react";
import { DryRunView } from "@/components/webhooks/dry-run";
import { type FilterField, FilterSection } from "@/components/webhooks/filter-section";
import { useFormChoices } from "./form-choices";
import { useDryRun, useProjects } from "./use-filters";

/** The section of a webhook's form that edits its filter, and tries it on what has happened. */
export function WebhookFilters(field: FilterField) {
  const [isOpen, setIsOpen] = useState(false);
  const { filters: choices } = useFormChoices();
  const { data: projects, error } = useProjects(isOpen);
  const run = useDryRun(field);
  return (
    <FilterSection
      {...field}
      isOpen={isOpen}
      onToggle={setIsOpen}
      choices={choices}
      projects={projects?.options ?? []}
      projectHint={
        error
          ? `The projects cannot be listed: ${error.message} An id is accepted too.`
          : `By name${projects?.isWhole === false ? ", of the newest 500" : ""}, or by id.`
      }
    >
      <DryRunView
        answer={run.answer}
        error={run.error && describeError(run.error)}
        obstacle={run.obstacle}
        isAsking={run.isAsking}
        onAsk={run.ask}
      />
    </FilterSection>
  );
}

/** With the place in the filter that is wrong, where there is one. */
function describeError({ message, fields }: { message: string; fields: FilterField["errors"] }) {
  if (fields.length === 0) return message;
  return fields.map((field) => `${field.pointer} ${field.message}`).join("; ");
}
