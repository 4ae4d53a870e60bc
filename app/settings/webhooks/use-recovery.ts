"use client";

import { type QueryClient, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { Recovery, RecoveryCount } from "@/lib/webhooks/recovery-schema";
import { cancelRecovery, startRecovery } from "./actions";
import { callApi, post, unwrap } from "./api-client";

type Asked = Pick<Recovery, "scope" | "since">;

const keys = {
  list: (webhookId: string) => ["recoveries", webhookId],
  count: (webhookId: string, asked: Asked | null) => ["recoverable", webhookId, asked],
};
const pollMs = 1_000;

/** How much there is to recover; null asks for nothing. */
export function useRecoveryCount(webhookId: string, asked: Asked | null) {
  return useQuery({
    queryKey: keys.count(webhookId, asked),
    queryFn: async () => {
      const dryRun = post({ ...asked, dry_run: true });
      return (await callApi<RecoveryCount>(`/webhooks/${webhookId}/recover`, dryRun)).data;
    },
    enabled: asked !== null,
    staleTime: 0,
  });
}

/** The last recoveries of a webhook, newest first, followed while one runs. */
export function useRecoveries(webhookId: string) {
  return useQuery({
    queryKey: keys.list(webhookId),
    queryFn: async () =>
      (await callApi<Recovery[]>(`/webhooks/${webhookId}/recoveries?limit=10`)).data,
    refetchInterval: ({ state }) =>
      (state.data ?? []).some((one) => one.status === "running") && pollMs,
    staleTime: 0,
  });
}

export function useStartRecovery(webhookId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (asked: Asked) => unwrap(startRecovery({ id: webhookId, ...asked })),
    onSuccess: (recovery) => store(client, recovery),
  });
}

export function useCancelRecovery() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ id, webhook_id }: Recovery) =>
      unwrap(cancelRecovery({ id: webhook_id, recovery_id: id })),
    onSuccess: (recovery) => store(client, recovery),
    // It may have ended by itself meanwhile.
    onError: (_error, { webhook_id }) =>
      client.invalidateQueries({ queryKey: keys.list(webhook_id) }),
  });
}

/** Puts a recovery in its place, or in front; an answer still on its way must not undo that. */
async function store(client: QueryClient, recovery: Recovery): Promise<void> {
  const queryKey = keys.list(recovery.webhook_id);
  await client.cancelQueries({ queryKey });
  client.setQueryData<Recovery[]>(queryKey, (all = []) =>
    all.some(({ id }) => id === recovery.id)
      ? all.map((one) => (one.id === recovery.id ? recovery : one))
      : [recovery, ...all],
  );
}
