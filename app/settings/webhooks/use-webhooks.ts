"use client";

import {
  type QueryClient,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import type { TestState } from "@/components/webhooks/test-outcome";
import type { Delivery, DeliveryDetail } from "@/lib/webhooks/delivery-schema";
import type { CreateWebhook, UpdateWebhook, Webhook } from "@/lib/webhooks/schema";
import {
  createWebhook,
  deleteWebhook,
  listWebhooks,
  pauseWebhook,
  resumeWebhook,
  rotateSecret,
  updateWebhook,
} from "./actions";
import { callApi, post, unwrap } from "./api-client";

const keys = {
  list: ["webhooks"],
  one: (id: string) => ["webhook", id],
  deliveries: (webhookId: string) => ["deliveries", webhookId],
  delivery: (id: string | undefined) => ["delivery", id],
};

const livePollMs = 2_000;
const listPollMs = 15_000;
const testPollMs = 250;

/** Every webhook, newest first; a webhook may be disabled while nobody looks, so it is asked again. */
export function useWebhooks(initial: Webhook[]) {
  return useQuery({
    queryKey: keys.list,
    queryFn: () => unwrap(listWebhooks()),
    initialData: initial,
    refetchInterval: listPollMs,
  });
}

export function useWebhook(initial: Webhook) {
  return useQuery({
    queryKey: keys.one(initial.id),
    queryFn: async () => (await callApi<Webhook>(`/webhooks/${initial.id}`)).data,
    initialData: initial,
    refetchInterval: listPollMs,
  });
}

/** The answer holds the secret in full. */
export function useCreateWebhook() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (draft: CreateWebhook) => unwrap(createWebhook(draft)),
    onSuccess: ({ id }) => refreshWebhook(client, id),
  });
}

export function useUpdateWebhook() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (change: { id: string } & UpdateWebhook) => unwrap(updateWebhook(change)),
    onSuccess: (webhook) => storeWebhook(client, webhook),
  });
}

/** Pauses an active webhook, and resumes one that is not. */
export function useTurnWebhook() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ id, isActive }: { id: string; isActive: boolean }) =>
      unwrap(isActive ? resumeWebhook({ id }) : pauseWebhook({ id })),
    onSuccess: async (webhook) => {
      await storeWebhook(client, webhook);
      void client.invalidateQueries({ queryKey: keys.deliveries(webhook.id) });
    },
  });
}

export function useDeleteWebhook() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => unwrap(deleteWebhook({ id })),
    onSuccess: async ({ id }) => {
      await client.cancelQueries({ queryKey: keys.list });
      client.setQueryData<Webhook[]>(keys.list, (all) => all?.filter((one) => one.id !== id));
      client.removeQueries({ queryKey: keys.deliveries(id) });
    },
  });
}

/** The answer holds the new secret in full. */
export function useRotateSecret() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (choice: { id: string; overlap_hours: number }) => unwrap(rotateSecret(choice)),
    onSuccess: ({ id }) => refreshWebhook(client, id),
  });
}

/** A webhook's deliveries, newest first, page by page; followed while `isLive` and the page is seen. */
export function useDeliveries(
  webhookId: string,
  { limit, isLive }: { limit: number; isLive: boolean },
) {
  return useInfiniteQuery({
    queryKey: [...keys.deliveries(webhookId), limit],
    queryFn: ({ pageParam }) => {
      const query = new URLSearchParams({ limit: String(limit) });
      if (pageParam) query.set("cursor", pageParam);
      return callApi<Delivery[]>(`/webhooks/${webhookId}/deliveries?${query}`);
    },
    initialPageParam: "",
    getNextPageParam: (page) => page.nextCursor,
    // Every page shown is asked for again, so many pages are asked for less often.
    refetchInterval: ({ state }) =>
      isLive && livePollMs * Math.max(1, state.data?.pages.length ?? 1),
    staleTime: 0,
  });
}

/** One delivery with its attempts, followed until it is settled; null asks for none. */
export function useDelivery(id: string | null) {
  return useQuery({
    queryKey: keys.delivery(id ?? undefined),
    queryFn: () => fetchDelivery(id ?? ""),
    enabled: id !== null,
    refetchInterval: ({ state }) => state.data?.status === "pending" && livePollMs / 2,
    staleTime: 0,
  });
}

export function useRetryDelivery() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async ({ id }: Delivery) =>
      (await callApi<Delivery>(`/deliveries/${id}/retry`, post({}))).data,
    onSettled: (_answer, _error, { id, webhook_id }) =>
      Promise.all([
        client.invalidateQueries({ queryKey: keys.deliveries(webhook_id) }),
        client.invalidateQueries({ queryKey: keys.delivery(id) }),
      ]),
  });
}

/** Sends a test and watches it until the receiver has answered or could not. */
export function useTest(webhookId: string) {
  const client = useQueryClient();
  const sending = useMutation({
    mutationFn: async (event_type: string) =>
      (await callApi<Delivery>(`/webhooks/${webhookId}/test`, post({ event_type }))).data,
  });
  const id = sending.data?.id;
  const watched = useQuery({
    queryKey: keys.delivery(id),
    queryFn: async () => {
      const delivery = await fetchDelivery(id ?? "");
      // A receiver's 410 disables its webhook.
      if (delivery.status === "failed") void refreshWebhook(client, webhookId);
      return delivery;
    },
    enabled: id !== undefined,
    refetchInterval: ({ state }) => (isSettled(state.data) ? false : testPollMs),
  });
  return {
    state: describeTest(sending, watched),
    deliveryId: id,
    isSending:
      sending.isPending || (id !== undefined && !watched.error && !isSettled(watched.data)),
    send: (eventType = "webhook.test") => sending.mutate(eventType),
    reset: sending.reset,
  };
}

type Asked<T> = { data: T | undefined; error: Error | null };

function describeTest(
  sending: Asked<Delivery> & { isPending: boolean },
  watched: Asked<DeliveryDetail>,
): TestState | null {
  if (sending.isPending) return { phase: "sending" };
  const error = sending.error ?? (sending.data && watched.error);
  if (error) return { phase: "refused", message: error.message };
  if (!sending.data) return null;
  const attempt = watched.data?.attempt_log.at(-1);
  if (!isSettled(watched.data)) return { phase: "sending" };
  if (attempt) return { phase: "answered", attempt };
  return { phase: "refused", message: "The webhook no longer takes deliveries." };
}

function isSettled(delivery: DeliveryDetail | undefined): boolean {
  return delivery !== undefined && delivery.status !== "pending";
}

async function fetchDelivery(id: string): Promise<DeliveryDetail> {
  return (await callApi<DeliveryDetail>(`/deliveries/${id}`)).data;
}

async function refreshWebhook(client: QueryClient, id: string): Promise<void> {
  await Promise.all([
    client.invalidateQueries({ queryKey: keys.list }),
    client.invalidateQueries({ queryKey: keys.one(id) }),
  ]);
}

/** Puts a webhook in the place of its older self; an answer still on its way must not undo that. */
async function storeWebhook(client: QueryClient, webhook: Webhook): Promise<void> {
  await client.cancelQueries({ queryKey: keys.list });
  await client.cancelQueries({ queryKey: keys.one(webhook.id) });
  client.setQueryData(keys.one(webhook.id), webhook);
  client.setQueryData<Webhook[]>(keys.list, (all) =>
    all?.map((one) => (one.id === webhook.id ? webhook : one)),
  );
}
