"use client";

import { type ComponentType, type FormEvent, useEffect, useRef, useState } from "react";
import { Button } from "@/components/ui/button";
import { Disclosure } from "@/components/ui/disclosure";
import { TextArea, TextField } from "@/components/ui/field";
import { Notice } from "@/components/ui/notice";
import type { CreateWebhook } from "@/lib/webhooks/schema";
import type { RegisteredType } from "./event-groups";
import { EventPicker } from "./event-picker";
import type { FilterDraft, FilterField } from "./filter-section";
import { type Filters, readFilters } from "./filter-value";

/** A webhook as it is being edited; its filter is a text that may be half written. */
export type WebhookDraft = Omit<CreateWebhook, "active" | keyof FilterDraft> & FilterDraft;

/** What was changed of it, as it is handed over: `filters` is an object, whatever is in it. */
export type WebhookChanges = Partial<Omit<WebhookDraft, "filters"> & { filters: Filters }>;

type FieldError = { pointer: string; message: string };

/** Why the server refused: the fields it named, and a sentence for what no field can show. */
export type Refusal = { message: string; fields: FieldError[] };

type WebhookFormProps = {
  initial: WebhookDraft;
  /** The event types that users have registered. */
  registered: readonly RegisteredType[];
  submitLabel: string;
  isPending: boolean;
  refusal: Refusal | null;
  /** A new webhook may bring a secret of its own; later only a rotation changes it. */
  withSecret?: boolean;
  /** The section that edits the filter. */
  FilterSection: ComponentType<FilterField>;
  /** The webhook that is edited; absent: a new one. */
  webhookId?: string;
  /** Gets the fields that were changed. */
  onSubmit: (changes: WebhookChanges) => void;
  onCancel?: () => void;
};

export function WebhookForm(props: WebhookFormProps) {
  const { refusal, isPending, FilterSection } = props;
  const [changes, setChanges] = useState<Partial<WebhookDraft>>({});
  const draft = { ...props.initial, ...changes };
  const form = useRef<HTMLFormElement>(null);
  const change = (part: Partial<WebhookDraft>) => setChanges((now) => ({ ...now, ...part }));

  useEffect(() => {
    if (refusal) goToFirstError(form.current);
  }, [refusal]);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isPending) return;
    const read = readFilters(draft.filters);
    const { filters, ...others } = changes;
    if ("error" in read) goToFirstError(form.current);
    else props.onSubmit(filters === undefined ? others : { ...others, filters: read.filters });
  };

  return (
    <form ref={form} noValidate onSubmit={submit} className="space-y-5">
      <Basics draft={draft} onChange={change} refusal={refusal} />
      <EventPicker
        registered={props.registered}
        selected={draft.event_types}
        onChange={(event_types) => change({ event_types })}
        error={errorAt(refusal, "/event_types")}
      />
      <FilterSection
        webhookId={props.webhookId}
        eventTypes={draft.event_types}
        value={draft}
        onChange={change}
        errors={["/filters", "/skip_own"].flatMap((top) => errorsUnder(refusal, top))}
      />
      {props.withSecret && (
        <OwnSecret
          value={draft.secret_token ?? ""}
          onChange={(secret_token) => change({ secret_token })}
          refusal={refusal}
        />
      )}
      <FormMessage refusal={refusal} withSecret={props.withSecret ?? false} />
      <div className="flex flex-wrap gap-2">
        <Button type="submit" variant="primary" isPending={isPending} className="max-sm:w-full">
          {props.submitLabel}
        </Button>
        {props.onCancel && (
          <Button onClick={props.onCancel} className="max-sm:w-full">
            Cancel
          </Button>
        )}
      </div>
    </form>
  );
}

/** Opens whatever hides the first field that is wrong, and puts the focus there. */
function goToFirstError(form: HTMLFormElement | null) {
  const field = form?.querySelector<HTMLElement>("[data-invalid]");
  for (let fold = field?.closest("details"); fold; fold = fold.parentElement?.closest("details"))
    fold.open = true;
  field?.focus();
}

function Basics({
  draft,
  onChange,
  refusal,
}: {
  draft: WebhookDraft;
  onChange: (part: Partial<WebhookDraft>) => void;
  refusal: Refusal | null;
}) {
  return (
    <>
      <div className="grid gap-5 sm:grid-cols-[2fr_3fr]">
        <TextField
          label="Name"
          name="name"
          placeholder="My Webhook"
          autoComplete="off"
          value={draft.name}
          onChange={(event) => onChange({ name: event.target.value })}
          {...invalidity(refusal, "/name")}
        />
        <TextField
          label="URL"
          name="url"
          type="url"
          inputMode="url"
          placeholder="https://example.com/webhook"
          autoComplete="off"
          spellCheck={false}
          value={draft.url}
          onChange={(event) => onChange({ url: event.target.value })}
          className="font-mono sm:text-[13px]"
          {...invalidity(refusal, "/url")}
        />
      </div>
      <TextArea
        label="Description"
        name="description"
        rows={2}
        most={500}
        value={draft.description ?? ""}
        onChange={(event) => onChange({ description: event.target.value })}
        {...invalidity(refusal, "/description")}
      />
    </>
  );
}

function OwnSecret({
  value,
  onChange,
  refusal,
}: {
  value: string;
  onChange: (value: string) => void;
  refusal: Refusal | null;
}) {
  return (
    <Disclosure summary="Advanced">
      <TextField
        label="Secret of your own"
        name="secret_token"
        autoComplete="off"
        spellCheck={false}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        className="font-mono sm:text-[13px]"
        hint="Leave it empty and one is made. 24 to 255 visible characters, or whsec_ and base64."
        {...invalidity(refusal, "/secret_token")}
      />
    </Disclosure>
  );
}

const shownPointers = ["/name", "/description", "/url", "/event_types", "/filters", "/skip_own"];

/** Says what no field can show; a screen reader hears it at once. */
function FormMessage({ refusal, withSecret }: { refusal: Refusal | null; withSecret: boolean }) {
  const shown = [...shownPointers, ...(withSecret ? ["/secret_token"] : [])];
  const rest = refusal?.fields.filter((field) => !shown.some((top) => isUnder(field, top))) ?? [];
  const isFieldless = refusal?.fields.length === 0;
  return (
    <div aria-live="polite">
      {refusal && (isFieldless || rest.length > 0) && (
        <Notice tone="bad">
          {isFieldless
            ? refusal.message
            : rest.map((field) => `${field.pointer}: ${field.message}`).join(" ")}
        </Notice>
      )}
    </div>
  );
}

function invalidity(refusal: Refusal | null, pointer: string) {
  const error = errorAt(refusal, pointer);
  return { error, "data-invalid": error ? true : undefined };
}

function errorAt(refusal: Refusal | null, pointer: string): string | undefined {
  const errors = errorsUnder(refusal, pointer);
  return errors.length > 0
    ? asSentence(errors.map((field) => field.message).join("; "))
    : undefined;
}

function errorsUnder(refusal: Refusal | null, pointer: string): FieldError[] {
  return refusal?.fields.filter((field) => isUnder(field, pointer)) ?? [];
}

function isUnder(field: FieldError, pointer: string): boolean {
  return field.pointer === pointer || field.pointer.startsWith(`${pointer}/`);
}

function asSentence(text: string): string {
  const [first = "", ...rest] = text;
  return `${first.toUpperCase()}${rest.join("")}${/[.!?]$/.test(text) ? "" : "."}`;
}
