import { z } from "zod";
import { readForPage } from "@/app/_http/page-caller";
import type { FilterChoices } from "@/components/webhooks/quick-filters";
import { entities } from "@/lib/entities/definitions";
import { AppError } from "@/lib/errors";
import { describeRegistered } from "@/lib/event-types/registered-types";
import type { Webhook } from "@/lib/webhooks/schema";
import { getWebhook, listAllWebhooks } from "@/lib/webhooks/service";
import type { FormChoices } from "./form-choices";

/** The list as the page first shows it. */
export async function loadWebhooks(): Promise<Webhook[]> {
  return readForPage(listAllWebhooks);
}

export async function loadWebhook(id: string): Promise<Webhook | null> {
  try {
    return await readForPage((ctx) => getWebhook(ctx, id));
  } catch (error) {
    if (error instanceof AppError && error.code === "not_found") return null;
    throw error;
  }
}

/** What the form of a webhook offers. */
export async function loadFormChoices(): Promise<FormChoices> {
  return { registered: await readForPage(describeRegistered), filters: choicesOfFilters() };
}

/** The values that the entities' own definitions know. */
function choicesOfFilters(): FilterChoices {
  const optionsOf = (field: unknown) =>
    field instanceof z.ZodEnum ? field.options.map(String) : [];
  const choices = Object.values(entities).map(({ name, fields }) => [
    name,
    { priority: optionsOf(fields.priority), status: optionsOf(fields.status) },
  ]);
  return Object.fromEntries(choices);
}
