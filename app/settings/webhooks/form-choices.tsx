"use client";

import { createContext, type ReactNode, useContext } from "react";
import type { RegisteredType } from "@/components/webhooks/event-groups";
import type { FilterChoices } from "@/components/webhooks/quick-filters";

/** What the form of a webhook offers, as the server knew it when it made the page. */
export type FormChoices = { registered: RegisteredType[]; filters: FilterChoices };

const Choices = createContext<FormChoices>({ registered: [], filters: {} });

export function FormChoicesProvider({
  choices,
  children,
}: {
  choices: FormChoices;
  children: ReactNode;
}) {
  return <Choices value={choices}>{children}</Choices>;
}

export function useFormChoices(): FormChoices {
  return useContext(Choices);
}
