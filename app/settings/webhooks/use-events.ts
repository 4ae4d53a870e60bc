"use client";

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import type { ShownEvent } from "@/components/webhooks/verdict";
import type { Explanation } from "@/lib/webhooks/explanation-schema";
import { callApi } from "./api-client";

const pageSize = 10;
const pollMs = 2_000;

/** The newest events of the installation, page by page. */
export function useEvents() {
  return useInfiniteQuery({
    queryKey: ["events"],
    queryFn: ({ pageParam }) => {
      const query = new URLSearchParams({ limit: String(pageSize) });
      if (pageParam) query.set("cursor", pageParam);
      return callApi<ShownEvent[]>(`/events?${query}`);
    },
    initialPageParam: "",
    getNextPageParam: (page) => page.nextCursor,
    staleTime: 0,
  });
}

/** One event; null asks for none. */
export function useEvent(id: string | null) {
  return useQuery({
    queryKey: ["event", id],
    queryFn: async () => (await callApi<ShownEvent>(`/events/${id}`)).data,
    enabled: id !== null,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** Whether a webhook gets an event and why; followed while its delivery is on its way. */
export function useExplanation(eventId: string, webhookId: string) {
  return useQuery({
    queryKey: ["explanation", eventId, webhookId],
    queryFn: async () =>
      (await callApi<Explanation>(`/events/${eventId}/explain?webhook_id=${webhookId}`)).data,
    refetchInterval: ({ state }) => state.data?.verdict === "waiting" && pollMs,
    staleTime: 0,
  });
}
