"use client";

import { useId, useState } from "react";
import { Disclosure } from "@/components/ui/disclosure";
import { fieldClasses, FieldError } from "@/components/ui/field";
import { cn } from "@/lib/cn";
import { readFilters } from "./filter-value";

type FilterJsonProps = {
  text: string;
  onChange: (text: string) => void;
  isOpen: boolean;
  onToggle: (isOpen: boolean) => void;
};

/** The whole filter as text: what the quick fields show, and whatever else it says. */
export function FilterJson({ text, onChange, ...disclosure }: FilterJsonProps) {
  const id = useId();
  const [isTyping, setIsTyping] = useState(false);
  const read = readFilters(text);
  const error = "error" in read && !isTyping ? read.error : null;
  return (
    <Disclosure summary="The whole filter, as JSON" {...disclosure}>
      <label htmlFor={id} className="sr-only">
        Filter as JSON
      </label>
      <textarea
        id={id}
        value={text}
        spellCheck={false}
        autoComplete="off"
        rows={Math.min(16, Math.max(4, text.split("\n").length))}
        placeholder='{"priority": "high"}'
        aria-invalid={error ? true : undefined}
        data-invalid={error ? true : undefined}
        aria-describedby={cn(`${id}-hint`, error && `${id}-error`)}
        onChange={(event) => {
          setIsTyping(true);
          onChange(event.target.value);
        }}
        onBlur={() => setIsTyping(false)}
        className={cn(fieldClasses, "w-full px-3 py-2 font-mono sm:text-xs sm:leading-5")}
      />
      {error && <FieldError id={`${id}-error`}>{error}</FieldError>}
      <p id={`${id}-hint`} className="mt-1.5 text-[13px] leading-5 text-ink-faint">
        A key is <Code>project_id</Code>, <Code>milestone_id</Code>, <Code>initiative_id</Code>,{" "}
        <Code>issue_id</Code>, <Code>priority</Code>, <Code>status</Code>, <Code>actor</Code> or a
        path such as <Code>current.title</Code>, <Code>previous.status</Code>, <Code>changes</Code>,{" "}
        <Code>actor.type</Code>. It takes a value, a list of values, or operators,{" "}
        <Code>{'{"gte": 3}'}</Code>: <Code>eq ne in nin gt gte lt lte exists</Code>{" "}
        <Code>starts_with</Code>. All must hold; <Code>and</Code> and <Code>or</Code> take lists of
        filters, <Code>not</Code> takes one.
      </p>
    </Disclosure>
  );
}

function Code({ children }: { children: string }) {
  return <code className="font-mono text-xs text-ink-muted">{children}</code>;
}
