import { z } from "zod";
import { longText, plainText, plainTextOrNone } from "@/lib/text";

// What a field takes, and behind the pipe what is stored and shown of it.

/** Required lines of 1..200 characters. */
export const title = plainText(200).describe("What it is about, in a line.");
export const name = plainText(200).describe("For people.");

/** A text that may be empty or absent; absent is null. */
export const text = longText(100_000)
  .transform((given) => given ?? null)
  .pipe(z.string().nullable())
  .describe("Any text, Markdown as you like.");

/** Somebody's name, or null, which an empty text is too. */
export const optionalName = plainTextOrNone(200)
  .nullish()
  .transform((given) => given || null)
  .pipe(z.string().nullable());

/** A day without a time, or null. */
export const day = z.iso
  .date("must be a date such as 2026-11-23")
  // JavaScript and ISO 8601 have a year 0, PostgreSQL has none.
  .refine((given) => !given.startsWith("0000"), "must be a date such as 2026-11-23")
  .nullish()
  .transform((given) => given ?? null)
  .pipe(z.iso.date().nullable())
  .describe("A day, as 2026-11-23.");

/** The id of another entity, in lower case as it is stored. */
export const reference = z
  .uuid("must be a UUID")
  .transform((given) => given.toLowerCase())
  .pipe(z.uuid());

/** The project something belongs to: required, or not. */
export const projectId = reference.describe("The project it belongs to.");
export const optionalProjectId = z
  .uuid("must be a UUID")
  .nullish()
  .transform((given) => given?.toLowerCase() ?? null)
  .pipe(z.uuid().nullable())
  .describe("The project it belongs to.");

export const statusWords = "How far it is.";
export const priorityWords = "How much it matters.";
