"use client";

import { Dialog } from "@/components/ui/dialog";
import { DeleteDialog } from "@/components/webhooks/delete-dialog";
import { writeFilters } from "@/components/webhooks/filter-value";
import { RotateDialog } from "@/components/webhooks/rotate-dialog";
import { WebhookForm } from "@/components/webhooks/webhook-form";
import type { Webhook } from "@/lib/webhooks/schema";
import { useFormChoices } from "./form-choices";
import { useDeleteWebhook, useRotateSecret, useUpdateWebhook } from "./use-webhooks";
import { WebhookFilters } from "./webhook-filters";

type DialogProps = { webhook: Webhook; isOpen: boolean; onClose: () => void };

export function EditWebhook({ webhook, isOpen, onClose }: DialogProps) {
  const update = useUpdateWebhook();
  const { registered } = useFormChoices();
  const close = () => {
    onClose();
    update.reset();
  };
  return (
    <Dialog isOpen={isOpen} onClose={close} title={`Edit “${webhook.name}”`} isWide>
      <WebhookForm
        initial={{ ...webhook, filters: writeFilters(webhook.filters) }}
        registered={registered}
        submitLabel="Save changes"
        isPending={update.isPending}
        refusal={update.error}
        FilterSection={WebhookFilters}
        webhookId={webhook.id}
        onSubmit={(changes) => update.mutate({ id: webhook.id, ...changes }, { onSuccess: close })}
        onCancel={close}
      />
    </Dialog>
  );
}

export function DeleteWebhook({
  webhook,
  isOpen,
  onClose,
  onDeleted,
  fallbackFocus,
}: DialogProps & { onDeleted?: () => void; fallbackFocus: () => HTMLElement | null }) {
  const remove = useDeleteWebhook();
  return (
    <DeleteDialog
      isOpen={isOpen}
      onClose={() => {
        onClose();
        remove.reset();
      }}
      name={webhook.name}
      isPending={remove.isPending}
      error={remove.error?.message ?? null}
      onDelete={() => remove.mutate(webhook.id, { onSuccess: onDeleted })}
      fallbackFocus={fallbackFocus}
    />
  );
}

export function RotateWebhook({ webhook, isOpen, onClose }: DialogProps) {
  const rotate = useRotateSecret();
  return (
    <RotateDialog
      isOpen={isOpen}
      onClose={() => {
        onClose();
        rotate.reset();
      }}
      name={webhook.name}
      isPending={rotate.isPending}
      error={rotate.error?.message ?? null}
      secret={rotate.data?.secret_token ?? null}
      onRotate={(overlap_hours) => rotate.mutate({ id: webhook.id, overlap_hours })}
    />
  );
}
