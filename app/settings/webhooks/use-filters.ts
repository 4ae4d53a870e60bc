"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { TokenOption } from "@/components/ui/use-token-field";
import type { FilterField } from "@/components/webhooks/filter-section";
import { type Filters, readFilters } from "@/components/webhooks/filter-value";
import type { NameOf } from "@/components/webhooks/filter-words";
import type { DryRun } from "@/lib/webhooks/schema";
import { type Answer, callApi, post } from "./api-client";

const pageSize = 100;
const mostPages = 5;
const settleMs = 600;

type Projects = { options: TokenOption[]; isWhole: boolean };

/** The newest projects by name, at most 500; asked for once somebody needs them. */
export function useProjects(isNeeded: boolean) {
  return useQuery({
    queryKey: ["projects"],
    queryFn: fetchProjects,
    enabled: isNeeded,
  });
}

/** Tells the name of each project that a filter speaks of. */
export function useProjectNames(filters: Filters): NameOf {
  const { data } = useProjects(JSON.stringify(filters).includes("project_id"));
  return (id) => data?.options.find(({ value }) => value === id)?.label;
}

async function fetchProjects(): Promise<Projects> {
  const options: TokenOption[] = [];
  let cursor: string | null = null;
  for (let count = 0; count < mostPages; count += 1) {
    const query = new URLSearchParams({ limit: String(pageSize), ...(cursor ? { cursor } : {}) });
    const page: Answer<{ id: string; name: string }[]> = await callApi(`/projects?${query}`);
    options.push(...page.data.map(({ id, name }) => ({ value: id, label: name })));
    cursor = page.nextCursor;
    if (!cursor) break;
  }
  return { options, isWhole: cursor === null };
}

/**
 * Which events of the last days a draft, of this webhook or of a new one, would have let through: once
 * asked, it follows the draft.
 */
export function useDryRun({ value: { filters, skip_own }, eventTypes, webhookId }: FilterField) {
  const [isWanted, setIsWanted] = useState(false);
  const read = readFilters(filters);
  const obstacle = obstacleOf(read, eventTypes);
  const question = JSON.stringify({
    event_types: eventTypes,
    ...read,
    skip_own,
    webhook_id: webhookId,
  });
  const settled = useSettled(question);
  const run = useQuery({
    queryKey: ["dry-run", settled],
    queryFn: async () =>
      (await callApi<DryRun>("/webhooks/dry-run", post(JSON.parse(settled)))).data,
    enabled: isWanted && obstacle === null && settled === question,
    placeholderData: keepPreviousData,
    staleTime: 0,
  });
  return {
    obstacle,
    answer: run.data ?? null,
    error: run.error,
    isAsking: run.isFetching || (isWanted && obstacle === null && settled !== question),
    ask: () => {
      setIsWanted(true);
      if (isWanted) void run.refetch();
    },
  };
}

function obstacleOf(read: ReturnType<typeof readFilters>, eventTypes: string[]): string | null {
  if ("error" in read) return "Once the JSON is whole.";
  return eventTypes.length === 0 ? "Once an event type is chosen." : null;
}

/** The last text that has stood still for a while. */
function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), settleMs);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}
