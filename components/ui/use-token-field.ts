"use client";

import { type KeyboardEvent, useState } from "react";

export type TokenOption = { value: string; label: string };

type TokenFieldState = {
  values: readonly string[];
  onChange: (values: string[]) => void;
  /** The value that a typed text stands for; null: none. */
  accept: (text: string) => string | null;
  options?: readonly TokenOption[];
};

const shownOptions = 50;

/** What is typed into a field of several values, and the list of options that opens under it. */
export function useTokenField({ values, onChange, accept, options = [] }: TokenFieldState) {
  const [text, setText] = useState("");
  const [isOpen, setIsOpen] = useState(false);
  const [isRefused, setIsRefused] = useState(false);
  const [place, setPlace] = useState(-1);
  const found = findOptions(options, values, text);
  const shown = isOpen ? found.slice(0, shownOptions) : [];
  const active = shown[place];

  const write = (typed: string, isNowOpen: boolean) => {
    setText(typed);
    setIsRefused(false);
    setIsOpen(isNowOpen);
    setPlace(typed.trim() === "" ? -1 : 0);
  };
  const add = (value: string) => {
    if (!values.includes(value)) onChange([...values, value]);
    write("", false);
  };
  /** What stands in the field becomes a value, so that nothing typed is lost. */
  const settle = () => {
    setIsOpen(false);
    if (text.trim() === "") return;
    const value = accept(text.trim());
    if (value === null) setIsRefused(true);
    else add(value);
  };
  const move = (step: number) => {
    const count = Math.min(found.length, shownOptions);
    setPlace(isOpen && count > 0 ? (Math.max(place, step < 0 ? 0 : -1) + step + count) % count : 0);
    setIsOpen(true);
  };
  const keys: Record<string, () => void> = {
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    Enter: () => (active ? add(active.value) : settle()),
    Escape: () => setIsOpen(false),
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === "Backspace" && text === "") onChange(values.slice(0, -1));
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  };

  const handlers = {
    value: text,
    onChange: (event: { target: { value: string } }) => write(event.target.value, true),
    onKeyDown,
    onClick: () => setIsOpen(true),
    onBlur: settle,
  };
  return { isOpen, isRefused, found, shown, active, add, setPlace, handlers };
}

function findOptions(options: readonly TokenOption[], values: readonly string[], text: string) {
  const sought = text.trim().toLowerCase();
  return options.filter(
    ({ value, label }) =>
      !values.includes(value) &&
      (label.toLowerCase().includes(sought) || value.toLowerCase().startsWith(sought)),
  );
}
