"use client";

import { ChevronRight } from "lucide-react";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { Button } from "@/components/ui/button";
import { TextField } from "@/components/ui/field";
import { Notice } from "@/components/ui/notice";
import { EventPicker } from "./event-picker";

export type WebhookDraft = {
  name: string;
  url: string;
  event_types: string[];
  secret_token?: string;
};

type FieldError = { pointer: string; message: string };

/** Why the server refused: the fields it named, and a sentence for what no field can show. */
export type Refusal = { message: string; fields: FieldError[] };

type WebhookFormProps = {
  initial: WebhookDraft;
  submitLabel: string;
  isPending: boolean;
  refusal: Refusal | null;
  /** A new webhook may bring a secret of its own; later only a rotation changes it. */
  withSecret?: boolean;
  onSubmit: (draft: WebhookDraft) => void;
  onCancel?: () => void;
};

export function WebhookForm(props: WebhookFormProps) {
  const { initial, refusal, isPending } = props;
  const [draft, setDraft] = useState(initial);
  const form = useRef<HTMLFormElement>(null);
  const change = (part: Partial<WebhookDraft>) => setDraft((now) => ({ ...now, ...part }));

  useEffect(() => {
    if (refusal) form.current?.querySelector<HTMLElement>("[data-invalid]")?.focus();
  }, [refusal]);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!isPending) props.onSubmit(draft);
  };

  return (
    <form ref={form} noValidate onSubmit={submit} className="space-y-5">
      <NameAndUrl draft={draft} onChange={change} refusal={refusal} />
      <EventPicker
        selected={draft.event_types}
        onChange={(event_types) => change({ event_types })}
        error={errorAt(refusal, "/event_types")}
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

function NameAndUrl({
  draft,
  onChange,
  refusal,
}: {
  draft: WebhookDraft;
  onChange: (part: Partial<WebhookDraft>) => void;
  refusal: Refusal | null;
}) {
  return (
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
  const [isOpen, setIsOpen] = useState(false);
  const invalid = invalidity(refusal, "/secret_token");
  return (
    <details
      open={isOpen || Boolean(invalid.error)}
      onToggle={(event) => setIsOpen(event.currentTarget.open)}
      className="group"
    >
      <summary className="inline-flex min-h-10 list-none items-center gap-1 rounded-md pr-2 text-[13px] font-medium text-ink-muted hover:text-ink sm:min-h-8">
        <ChevronRight aria-hidden className="size-4 transition-transform group-open:rotate-90" />
        Advanced
      </summary>
      <div className="mt-2">
        <TextField
          label="Secret of your own"
          name="secret_token"
          autoComplete="off"
          spellCheck={false}
          value={value}
          onChange={(event) => onChange(event.target.value)}
          className="font-mono sm:text-[13px]"
          hint="Leave it empty and one is made. 24 to 255 visible characters, or whsec_ and base64."
          {...invalid}
        />
      </div>
    </details>
  );
}

/** Says what no field can show; a screen reader hears it at once. */
function FormMessage({ refusal, withSecret }: { refusal: Refusal | null; withSecret: boolean }) {
  const shown = ["/name", "/url", "/event_types", ...(withSecret ? ["/secret_token"] : [])];
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
  const messages = refusal?.fields.filter((field) => isUnder(field, pointer));
  return messages?.length
    ? asSentence(messages.map((field) => field.message).join("; "))
    : undefined;
}

function isUnder(field: FieldError, pointer: string): boolean {
  return field.pointer === pointer || field.pointer.startsWith(`${pointer}/`);
}

function asSentence(text: string): string {
  const [first = "", ...rest] = text;
  return `${first.toUpperCase()}${rest.join("")}${/[.!?]$/.test(text) ? "" : "."}`;
}
