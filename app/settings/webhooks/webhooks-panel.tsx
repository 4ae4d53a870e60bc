"use client";

import { ChevronRight, Send } from "lucide-react";
import Link from "next/link";
import { useId, useRef, useState } from "react";
import { Button } from "@/components/ui/button";
import { Card, CardContent, CardHeader, CardTitle } from "@/components/ui/card";
import { ErrorNotice } from "@/components/ui/error-notice";
import { EmptyWebhooks } from "@/components/webhooks/empty-webhooks";
import { LiveMark } from "@/components/webhooks/live-mark";
import { SecretPanel } from "@/components/webhooks/secret-panel";
import { WebhookForm } from "@/components/webhooks/webhook-form";
import { describeStates } from "@/components/webhooks/webhook-states";
import { cn } from "@/lib/cn";
import type { Webhook } from "@/lib/webhooks/schema";
import { DeliveryLog } from "./delivery-log";
import { DeliverySheet } from "./delivery-sheet";
import { useFormChoices } from "./form-choices";
import { useCreateWebhook, useTest, useWebhooks } from "./use-webhooks";
import { WebhookFilters } from "./webhook-filters";
import { ItemTest, WebhookItem } from "./webhook-item";

/** The whole of the settings page: a form, the secrets just made, and every webhook. */
export function WebhooksPanel({ initial, isExposed }: { initial: Webhook[]; isExposed: boolean }) {
  const [created, setCreated] = useState<Webhook[]>([]);
  return (
    <div className="space-y-6">
      <CreateWebhookCard onCreated={(webhook) => setCreated((all) => [webhook, ...all])} />
      {created.map((webhook) => (
        <CreatedWebhook
          key={webhook.id}
          webhook={webhook}
          onStored={() => setCreated((all) => all.filter((one) => one !== webhook))}
        />
      ))}
      <WebhookListCard initial={initial} isExposed={isExposed} />
      <DeliverySheet />
    </div>
  );
}

const emptyDraft = { name: "", url: "", event_types: [], filters: "", skip_own: null };

function CreateWebhookCard({ onCreated }: { onCreated: (webhook: Webhook) => void }) {
  const create = useCreateWebhook();
  const { registered } = useFormChoices();
  const [made, setMade] = useState(0);
  return (
    <Card aria-labelledby="create-webhook">
      <CardHeader
        title={<CardTitle id="create-webhook">Create Webhook</CardTitle>}
        hint="Each event you choose is posted to your URL, signed, and tried again until it arrives."
      />
      <CardContent>
        <WebhookForm
          // A new form for the next webhook.
          key={made}
          initial={emptyDraft}
          registered={registered}
          submitLabel="Create Webhook"
          isPending={create.isPending}
          refusal={create.error}
          withSecret
          FilterSection={WebhookFilters}
          onSubmit={({ secret_token, ...changes }) =>
            create.mutate(
              {
                ...emptyDraft,
                filters: {},
                ...changes,
                ...(secret_token ? { secret_token } : {}),
              },
              {
                onSuccess: (webhook) => {
                  onCreated(webhook);
                  setMade((count) => count + 1);
                },
              },
            )
          }
        />
      </CardContent>
    </Card>
  );
}

function CreatedWebhook({ webhook, onStored }: { webhook: Webhook; onStored: () => void }) {
  const test = useTest(webhook.id);
  return (
    <SecretPanel
      name={webhook.name}
      secret={webhook.secret_token}
      onStored={onStored}
      action={
        <Button
          icon={<Send aria-hidden className="size-3.5" />}
          isPending={test.isSending}
          onClick={() => test.send()}
        >
          Send test
        </Button>
      }
    >
      <ItemTest test={test} />
    </SecretPanel>
  );
}

function WebhookListCard({ initial, isExposed }: { initial: Webhook[]; isExposed: boolean }) {
  const { data: webhooks, error, refetch } = useWebhooks(initial);
  const heading = useRef<HTMLHeadingElement>(null);
  return (
    <Card aria-labelledby="active-webhooks">
      <CardHeader
        title={
          <CardTitle id="active-webhooks" ref={heading} tabIndex={-1}>
            Active Webhooks
          </CardTitle>
        }
        hint={describeStates(webhooks)}
      />
      <CardContent>
        {error && (
          <div className="mb-4">
            <ErrorNotice message={error.message} onRetry={() => void refetch()} />
          </div>
        )}
        {webhooks.length === 0 ? (
          <EmptyWebhooks isExposed={isExposed} />
        ) : (
          <ul className="divide-y divide-line">
            {webhooks.map((webhook) => (
              <li key={webhook.id} className="py-5 first:pt-0 last:pb-0">
                <ListedWebhook webhook={webhook} fallbackFocus={() => heading.current} />
              </li>
            ))}
          </ul>
        )}
      </CardContent>
    </Card>
  );
}

function ListedWebhook(props: { webhook: Webhook; fallbackFocus: () => HTMLElement | null }) {
  const { webhook } = props;
  return (
    <WebhookItem
      {...props}
      title={
        <h3 className="min-w-0 font-semibold tracking-tight wrap-anywhere">
          <Link
            href={`/settings/webhooks/${webhook.id}`}
            prefetch={false}
            className="hover:underline"
          >
            {webhook.name}
          </Link>
        </h3>
      }
    >
      <LastDeliveries webhook={webhook} />
    </WebhookItem>
  );
}

function LastDeliveries({ webhook }: { webhook: Webhook }) {
  const [isOpen, setIsOpen] = useState(false);
  const [isLive, setIsLive] = useState(true);
  const logId = useId();
  return (
    <div>
      <div className="flex flex-wrap items-center gap-x-2">
        <button
          type="button"
          aria-expanded={isOpen}
          aria-controls={logId}
          onClick={() => setIsOpen(!isOpen)}
          className="-ml-1 inline-flex min-h-10 items-center gap-1 rounded-md pr-2 text-[13px] font-medium text-ink-muted hover:text-ink sm:min-h-8"
        >
          <ChevronRight
            aria-hidden
            className={cn("size-4 transition-transform", isOpen && "rotate-90")}
          />
          Deliveries<span className="sr-only"> of {webhook.name}</span>
        </button>
        {isOpen && (
          <>
            <LiveMark isLive={isLive} onTurn={() => setIsLive(!isLive)} />
            <Link
              href={`/settings/webhooks/${webhook.id}`}
              prefetch={false}
              className="ml-auto inline-flex min-h-10 items-center rounded-md text-[13px] font-medium text-accent-text hover:underline sm:min-h-8"
            >
              All deliveries<span className="sr-only"> of {webhook.name}</span>
            </Link>
          </>
        )}
      </div>
      <div id={logId} className={cn(isOpen && "pt-2")}>
        {isOpen && <DeliveryLog webhook={webhook} isLive={isLive} isWhole={false} />}
      </div>
    </div>
  );
}
