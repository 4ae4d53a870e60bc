import { CircleAlert } from "lucide-react";
import { type ComponentProps, type ReactNode, useId } from "react";
import { cn } from "@/lib/cn";

/** The look of whatever is written into; its size is for each to say. */
export const fieldClasses = cn(
  "rounded-lg border border-line-strong bg-surface text-base text-ink shadow-card",
  "transition-colors hover:border-ink-faint aria-invalid:border-bad",
);

export const inputClasses = cn(fieldClasses, "h-10 px-3 sm:text-sm");

/** What is wrong with a field, in words. */
export function FieldError({ id, children }: { id?: string; children: ReactNode }) {
  return (
    <p
      id={id}
      role="alert"
      className="mt-1.5 flex items-start gap-1.5 text-[13px] leading-5 text-bad"
    >
      <CircleAlert aria-hidden className="mt-0.5 size-4 shrink-0" />
      <span className="min-w-0 break-words">{children}</span>
    </p>
  );
}

type Labelled = { label: string; hint?: ReactNode; error?: string | undefined };

/** A label, its field, and the hint and the error, which a screen reader hears with the field. */
function LabelledField({
  label,
  hint,
  error,
  children,
}: Labelled & {
  children: (field: {
    id: string;
    "aria-invalid": true | undefined;
    "aria-describedby": string | undefined;
  }) => ReactNode;
}) {
  const id = useId();
  const describedBy = [error && `${id}-error`, hint && `${id}-hint`].filter(Boolean).join(" ");
  return (
    <div>
      <label htmlFor={id} className="mb-1.5 block text-[13px] font-medium">
        {label}
      </label>
      {children({
        id,
        "aria-invalid": error ? true : undefined,
        "aria-describedby": describedBy || undefined,
      })}
      {error && <FieldError id={`${id}-error`}>{error}</FieldError>}
      {hint && (
        <p id={`${id}-hint`} className="mt-1.5 text-[13px] leading-5 text-ink-faint">
          {hint}
        </p>
      )}
    </div>
  );
}

/** A labelled input of one line. */
export function TextField({
  label,
  hint,
  error,
  className,
  ...input
}: Omit<ComponentProps<"input">, "id"> & Labelled) {
  return (
    <LabelledField label={label} hint={hint} error={error}>
      {(field) => <input {...field} className={cn(inputClasses, "w-full", className)} {...input} />}
    </LabelledField>
  );
}

/** A labelled text of several lines; its hint says how many characters of `most` it has. */
export function TextArea({
  label,
  error,
  most,
  value,
  className,
  ...input
}: Omit<ComponentProps<"textarea">, "id"> &
  Pick<Labelled, "label" | "error"> & { most: number; value: string }) {
  const hint = `Optional; ${Array.from(value).length} of ${most} characters.`;
  return (
    <LabelledField label={label} hint={hint} error={error}>
      {(field) => (
        <textarea
          {...field}
          value={value}
          className={cn(fieldClasses, "block w-full px-3 py-2 sm:text-sm", className)}
          {...input}
        />
      )}
    </LabelledField>
  );
}
