"use client";

import { X } from "lucide-react";
import { type ReactNode, useId, useRef } from "react";
import { cn } from "@/lib/cn";
import { fieldClasses, FieldError } from "./field";
import { type TokenOption, useTokenField } from "./use-token-field";

type TokenFieldProps = {
  label: string;
  /** The chosen values. */
  values: readonly string[];
  onChange: (values: string[]) => void;
  labelOf: (value: string) => string;
  /** The value that a typed text stands for; null: none, and `refusal` says why. */
  accept: (text: string) => string | null;
  refusal?: string;
  /** What may be chosen from a list; without it values are only typed. */
  options?: readonly TokenOption[];
  placeholder?: string;
  hint: ReactNode;
};

/** Several values as badges in a field: typed, or chosen from a list that narrows while one types. */
export function TokenField(props: TokenFieldProps) {
  const { label, values, onChange, options } = props;
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const field = useTokenField(props);
  const errorId = field.isRefused ? `${id}-error` : undefined;
  return (
    <div>
      <label htmlFor={id} className="mb-1.5 block text-[13px] font-medium">
        {label}
      </label>
      <div className="relative">
        <div
          className={cn(
            fieldClasses,
            "flex min-h-10 flex-wrap sm:text-sm items-center gap-1 px-1.5 py-1 has-[input:focus-visible]:outline-2 has-[input:focus-visible]:outline-offset-2 has-[input:focus-visible]:outline-accent-text",
          )}
        >
          {values.map((value) => (
            <Token
              key={value}
              text={props.labelOf(value)}
              title={value}
              onRemove={() => {
                onChange(values.filter((one) => one !== value));
                input.current?.focus();
              }}
            />
          ))}
          <input
            ref={input}
            id={id}
            autoComplete="off"
            spellCheck={false}
            placeholder={values.length === 0 ? props.placeholder : undefined}
            aria-describedby={[errorId, `${id}-hint`].filter(Boolean).join(" ")}
            aria-invalid={field.isRefused || undefined}
            className="h-7 min-w-24 flex-1 bg-transparent px-1.5 outline-none"
            {...(options && comboboxRoles(id, field))}
            {...field.handlers}
          />
        </div>
        {options && field.isOpen && <OptionList id={id} label={label} field={field} />}
      </div>
      {errorId && <FieldError id={errorId}>{props.refusal}</FieldError>}
      <p id={`${id}-hint`} className="mt-1.5 text-[13px] leading-5 text-ink-faint">
        {props.hint}
      </p>
    </div>
  );
}

type Field = ReturnType<typeof useTokenField>;

/** What makes an input the owner of the list under it. */
function comboboxRoles(id: string, { shown, active }: Field) {
  const isExpanded = shown.length > 0;
  return {
    role: "combobox",
    "aria-autocomplete": "list" as const,
    "aria-expanded": isExpanded,
    "aria-controls": isExpanded ? `${id}-list` : undefined,
    "aria-activedescendant": active && optionId(id, active),
  };
}

function OptionList({ id, label, field }: { id: string; label: string; field: Field }) {
  const { found, shown, active } = field;
  return (
    <div className="absolute inset-x-0 z-10 mt-1 max-h-64 overflow-y-auto rounded-lg border border-line bg-surface p-1 shadow-dialog">
      {shown.length > 0 && (
        <div id={`${id}-list`} role="listbox" aria-label={label}>
          {shown.map((option, place) => (
            // The keyboard acts through the input, which keeps the focus.
            // oxlint-disable-next-line jsx-a11y/click-events-have-key-events
            <div
              key={option.value}
              id={optionId(id, option)}
              role="option"
              tabIndex={-1}
              aria-selected={option === active}
              title={option.value}
              ref={option === active ? scrollIntoView : undefined}
              onMouseDown={(event) => event.preventDefault()}
              onMouseMove={() => field.setPlace(place)}
              onClick={() => field.add(option.value)}
              className="flex min-h-10 cursor-pointer items-center rounded-md px-2.5 text-[13px] wrap-anywhere aria-selected:bg-hover sm:min-h-8 pointer-coarse:min-h-10"
            >
              {option.label}
            </div>
          ))}
        </div>
      )}
      <p role="status" className="px-2.5 py-1.5 text-xs text-ink-faint empty:hidden">
        {found.length === 0 && "Nothing to choose."}
        {found.length > shown.length && `${shown.length} of ${found.length}. Type to narrow them.`}
      </p>
    </div>
  );
}

function Token({ text, title, onRemove }: { text: string; title: string; onRemove: () => void }) {
  return (
    <span
      title={title}
      className="inline-flex max-w-full items-center rounded-full border border-accent-line bg-accent-soft pl-2.5 text-xs font-medium text-accent-text"
    >
      <span className="truncate">{text}</span>
      <button
        type="button"
        aria-label={`Remove ${text}`}
        onClick={onRemove}
        className="grid size-10 shrink-0 place-items-center rounded-full sm:size-7 pointer-coarse:size-10"
      >
        <X aria-hidden className="size-3.5" />
      </button>
    </span>
  );
}

function optionId(id: string, { value }: TokenOption): string {
  return `${id}-${value}`;
}

function scrollIntoView(element: HTMLElement | null) {
  element?.scrollIntoView({ block: "nearest" });
}
