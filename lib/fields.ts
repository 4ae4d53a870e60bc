import { z } from "zod";

// What the fields of requests and answers are made of.

export const time = z.iso.datetime();
export const uuid = z.uuid();
export const count = z.int().min(0);
export const json = z.record(z.string(), z.unknown());

/** A time as a request gives it, in any time zone; a Date from then on. */
export const givenTime = z
  .string()
  .refine(
    (text) => z.iso.datetime({ offset: true }).safeParse(text).success && Date.parse(text) >= 0,
    "must be a time such as 2026-11-23T08:00:00Z",
  )
  .transform((text) => new Date(text))
  .meta({ format: "date-time" });

/** The id that a request names, in any spelling of a UUID. */
export const givenId = z.guid("must be a UUID");
